"""Frames of audio [T, F] → one token: the word that is said, or another label of the whole.

Convolutions over time and frequency with batch normalisation (Ioffe and Szegedy 2015): the first takes every second
step and band, the others are followed by a maximum over two and two, so that a voice a little higher or a word a little
later looks alike; then the mean and the maximum over time. Padding is silent before each layer.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import END, Data, Side, Vocabulary
from pipeline.models.layers import Dropout, load_module, save_module
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.sequences import batches_of
from pipeline.training import augment

READS, WRITES = "features", "tokens"
FIRST, KERNEL = 5, 3  # steps and bands that the first convolution sees, and each other one
ROUND = 16  # frames: batches are as wide as a multiple of it


class Config(Row):
    channels: tuple[Annotated[int, Field(ge=1)], ...] = Field((24, 48, 96), min_length=1, max_length=5)
    dropout: float = Field(0.3, ge=0, lt=1)


class Train(augment.Options):
    batch: int = Field(2_000, ge=1)  # padded frames a batch
    lr: float = Field(3e-3, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "cosine"
    warmup: int = Field(100, ge=0)  # steps
    label_smoothing: float = Field(0.1, ge=0, lt=1)


class Decode(Row):
    n_best: int = Field(1, ge=1)
    batch: int = Field(60_000, ge=1)  # padded frames at once


class Network(nn.Module):
    def __init__(self, config: Config, inputs: int, outputs: int, smoothing: float = 0.0):
        """`inputs`: bands a frame; `outputs`: the size of the vocabulary."""
        super().__init__()
        self.config, self.inputs, self.outputs, self.smoothing = config, inputs, outputs, smoothing
        sizes = [1, *config.channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(narrow, wide, FIRST, stride=2, padding=FIRST // 2, bias=False)
            if narrow == 1
            else nn.Conv2d(narrow, wide, KERNEL, padding=KERNEL // 2, bias=False)
            for narrow, wide in pairwise(sizes)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(wide) for wide in config.channels)
        for norm in self.norms:
            norm.register_buffer("num_batches_tracked", None)  # unused; of averaged models it would be no count
        bands = (inputs + 1) // 2 >> len(config.channels) - 1
        self.output = nn.Linear(2 * bands * sizes[-1], outputs)
        self.dropout = Dropout(config.dropout)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # half the time on a CPU

    def logits(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Frames [B, T, F], zero in the padding, and their counts [B] → [B, V]."""
        x = frames[:, None].contiguous(memory_format=torch.channels_last)  # [B, 1, T, F]
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = F.relu(norm(convolution(x)))
            if i == 0:
                lengths = (lengths + 1) // 2
            else:
                x = F.max_pool2d(x, 2)
                lengths = lengths // 2
            x = _silenced(x, lengths)  # nowhere negative
        x = x.float()
        mean = x.sum(dim=2) / lengths[:, None, None]
        both = torch.cat([mean, x.amax(dim=2)], dim=1).flatten(1)  # [B, 2 * C * F']
        return self.output(self.dropout(both))

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`frames` [B, T, F], `lengths` [B], `tokens` [B] → summed loss, count of utterances."""
        logits = self.logits(batch["frames"], batch["lengths"]).float()
        smoothing = self.smoothing if self.training else 0.0
        loss = F.cross_entropy(logits, batch["tokens"], label_smoothing=smoothing, reduction="sum")
        return loss, logits.new_tensor(len(logits))


def _silenced(x: Tensor, lengths: Tensor) -> Tensor:
    """[B, C, T, F] with zeros in the padding."""
    return x * (torch.arange(x.shape[2], device=x.device) < lengths[:, None])[:, None, :, None]


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    inputs, outputs = data.source["train"].codec.dim, len(data.target["train"].codec)
    if inputs < _shortest(config):
        raise Problem(f"model.channels: so many layers halve {inputs} bands to nothing: take fewer, or more bands")
    model = Network(config, inputs, outputs, options.label_smoothing)
    batches = {split: _batches(data, split, config, options) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def _shortest(config: Config) -> int:
    """The fewest frames, and bands, of which something is left after all layers."""
    return 2 ** len(config.channels) - 1


def save(model: Network, folder: Path) -> None:
    save_module(model, model.config, {"inputs": model.inputs, "outputs": model.outputs}, folder)


def load(folder: Path) -> Network:
    model: Network = load_module(Network, Config, folder)
    return model


@torch.inference_mode()
def decode(*, model: Network, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """The likeliest tokens of each utterance, in the order of the source."""
    sequences = source.sequences
    order = np.argsort(sequences.lengths, kind="stable")
    found: list[list[Hypothesis]] = [[] for _ in range(len(sequences))]
    for rows in batches_of(sequences.lengths, order.tolist(), options.batch):
        frames, lengths = _frames(*sequences.padded(rows), _shortest(model.config))
        logits = model.logits(frames, lengths)
        logits[:, : END + 1] = -torch.inf  # no word is any of these
        scores, tokens = logits.log_softmax(dim=1).topk(min(options.n_best, logits.shape[1] - END - 1))
        for row, best, ids in zip(rows, scores.tolist(), tokens.tolist(), strict=True):
            found[row] = [Hypothesis([token], score) for token, score in zip(ids, best, strict=True)]
    yield from found


def _batches(data: Data, split: str, config: Config, options: Train) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    several = np.flatnonzero(target.lengths != 1)
    if len(several):
        raise Problem(
            f"{split}: {target.ids[several[0]]} has {target.lengths[several[0]]} tokens, and {len(several) - 1} others "
            "have not one either, which is what this kind of model writes: take texts of one word each and tokens of "
            "kind words, or another kind of model"
        )
    shortest = _shortest(config)
    augmented = augment.Augment(options, data.source["train"])

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        frames, lengths = source.padded(rows)
        if split == "train":
            frames, lengths = augmented(frames, lengths, np.full(len(rows), shortest), rows, epoch)
        tokens, _ = target.padded(rows)
        frames_tensor, lengths_tensor = _frames(frames, lengths, shortest)
        return {"frames": frames_tensor, "lengths": lengths_tensor, "tokens": torch.from_numpy(tokens[:, 0]).long()}

    return training.Batches(source.lengths, options.batch, collate, options.seed, source.ids)


def _frames(frames: np.ndarray, lengths: np.ndarray, shortest: int) -> tuple[Tensor, Tensor]:
    """Frames [B, T, F] as a tensor whose width is a multiple of ROUND; the shortest last as long as one step needs."""
    width = max(-(-max(frames.shape[1], shortest) // ROUND), 1) * ROUND
    wide = np.zeros((len(frames), width, frames.shape[2]), np.float32)
    wide[:, : frames.shape[1]] = frames
    return torch.from_numpy(wide), torch.from_numpy(np.maximum(lengths, shortest).astype(np.int64))
