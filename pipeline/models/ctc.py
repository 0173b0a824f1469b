"""Frames of audio [T, F] → tokens, without an alignment: convolutions, a bidirectional LSTM, and CTC.

Connectionist temporal classification (Graves et al. 2006): the network says at each step which token is heard there, or
none (the blank), and the loss adds up every alignment of the tokens with the steps. Convolutions of stride 2 come
first, so that the LSTM takes one step for several frames. Features come in with mean 0 a band.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import Data, Side, Vocabulary
from pipeline.models.frames import convolved, frames_of, strided
from pipeline.models.layers import Dropout, load_module, save_module
from pipeline.models.recurrent import Bidirectional, mirror_of
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search.ctc import BLANK, greedy, prefix_beam, steps_needed
from pipeline.sequences import Sequences, batches_of
from pipeline.training import augment

READS, WRITES = "features", "tokens"


class Config(Row):
    subsampling: Literal[1, 2, 4, 8] = 4  # frames a step of the LSTM
    channels: int = Field(192, ge=1)  # of the convolutions
    hidden: int = Field(160, ge=1)  # of the LSTM, in each direction
    layers: int = Field(2, ge=1)  # of the LSTM
    dropout: float = Field(0.1, ge=0, lt=1)


class Train(augment.Options):
    batch: int = Field(5_000, ge=1)  # padded frames a batch
    lr: float = Field(3e-3, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "cosine"
    warmup: int = Field(100, ge=0)  # steps


class Decode(Row):
    beam_size: int = Field(8, ge=1)  # prefixes kept; 1: the best alignment, collapsed
    candidates: int = Field(20, ge=0)  # the most probable tokens of a step that may lengthen a prefix; 0: all
    n_best: int = Field(1, ge=1)
    batch: int = Field(60_000, ge=1)  # padded frames searched at once

    @model_validator(mode="after")
    def _enough_prefixes(self) -> "Decode":
        if self.n_best > self.beam_size:
            raise ValueError(f"n_best: {self.n_best} needs a beam_size of at least {self.n_best}")
        return self


class Recogniser(nn.Module):
    def __init__(self, config: Config, inputs: int, outputs: int):
        """`inputs`: numbers a frame; `outputs`: the size of the vocabulary, whose id 0 is the blank."""
        super().__init__()
        self.config, self.inputs, self.outputs = config, inputs, outputs
        wide, both = config.channels, 2 * config.hidden
        self.convolutions = strided(inputs, wide, config.subsampling)
        self.norm = nn.LayerNorm(wide)
        self.layers = nn.ModuleList(
            Bidirectional(wide if i == 0 else both, config.hidden) for i in range(config.layers)
        )
        self.output = nn.Linear(both, outputs)
        self.dropout = Dropout(config.dropout)

    def log_probs(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Frames [B, T, F] and their counts [B] → log-probabilities [S, B, V] and the counts of steps [B]."""
        x, lengths = convolved(frames, lengths, self.convolutions)  # [B, C, S]
        x = self.dropout(self.norm(x.permute(2, 0, 1)))  # [S, B, C]
        mirror = mirror_of(lengths, x.shape[0])
        for layer in self.layers:
            x = self.dropout(layer(x, mirror))
        return self.output(x).float().log_softmax(dim=2), lengths

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`frames` [B, T, F], `lengths` [B], `tokens` [B, U] padded with the blank → summed loss, count of tokens."""
        log_probs, lengths = self.log_probs(batch["frames"], batch["lengths"])
        tokens = batch["tokens"]
        counts = (tokens != BLANK).sum(dim=1)
        loss = F.ctc_loss(log_probs, tokens, lengths, counts, blank=BLANK, reduction="sum")
        return loss, counts.sum()


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Recogniser, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    inputs, outputs = data.source["train"].codec.dim, len(data.target["train"].codec)
    model = Recogniser(config, inputs, outputs)
    batches = {split: _batches(data, split, config, options) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def save(model: Recogniser, folder: Path) -> None:
    save_module(model, model.config, {"inputs": model.inputs, "outputs": model.outputs}, folder)


def load(folder: Path) -> Recogniser:
    model: Recogniser = load_module(Recogniser, Config, folder)
    return model


def decode(*, model: Recogniser, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the source. Utterances of about one length are searched together."""
    found: list[list[Hypothesis]] = [[] for _ in range(len(source.sequences))]
    for rows, log_probs, steps in emissions(model, source.sequences, options.batch):
        for row, n_best in zip(rows, search(log_probs, steps, options), strict=True):
            found[row] = n_best
    yield from found


@torch.inference_mode()
def emissions(
    model: Recogniser, sequences: Sequences, batch: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Utterances of about one length, `batch` padded frames of them at a time.

    Yields which rows of the sequences they are [B], their log-probabilities [B, S, V] and their counts of steps [B].
    """
    order = np.argsort(sequences.lengths, kind="stable")
    for rows in batches_of(sequences.lengths, order.tolist(), batch):
        frames, lengths = frames_of(*sequences.padded(rows))
        log_probs, steps = model.log_probs(frames, lengths)
        yield rows, log_probs.transpose(0, 1).cpu().numpy(), steps.cpu().numpy()


def search(values: np.ndarray, lengths: np.ndarray, options: Decode) -> list[list[Hypothesis]]:
    """Log-probabilities [B, S, V], counts of steps [B] → n-best lists."""
    if options.beam_size == 1:
        return greedy(values, lengths)
    return prefix_beam(
        values, lengths, beam_size=options.beam_size, candidates=options.candidates, n_best=options.n_best
    )


def _batches(data: Data, split: str, config: Config, options: Train) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    needed = np.array([steps_needed(target[i]) for i in range(len(target))], dtype=np.int64)
    usable = np.flatnonzero(-(-source.lengths // config.subsampling) >= needed)
    left_out = np.setdiff1d(np.arange(len(target)), usable)
    if len(left_out):
        print(
            f"{split}: {len(left_out)} of {len(target)} utterances are left out, too short for their text at "
            f"{config.subsampling} frames a step: {', '.join(source.ids[i] for i in left_out[:5])}"
            f"{', ...' if len(left_out) > 5 else ''}",
            flush=True,
        )
        if not len(usable):
            raise Problem(
                f"{split}: every utterance is too short for its text, {source.ids[left_out[0]]} among them: "
                "set model.subsampling lower, or look at the times of the corpus"
            )

    augmented = augment.Augment(options, data.source["train"])

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        rows = usable[rows]
        frames, lengths = source.padded(rows)
        if split == "train":
            frames, lengths = augmented(frames, lengths, needed[rows] * config.subsampling, rows, epoch)
        tokens, _ = target.padded(rows, fill=BLANK)
        frames_tensor, lengths_tensor = frames_of(frames, lengths)
        return {"frames": frames_tensor, "lengths": lengths_tensor, "tokens": torch.from_numpy(tokens).long()}

    ids = [source.ids[i] for i in usable]
    return training.Batches(source.lengths[usable], options.batch, collate, options.seed, ids)
