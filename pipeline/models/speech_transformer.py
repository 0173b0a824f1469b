"""Frames of audio [T, F] → tokens: convolutions, a Transformer, and beside its loss that of CTC on what it has heard.

The Transformer (Vaswani et al. 2017) reads the steps that strided convolutions make of the frames (Dong et al. 2018).
Its encoder learns two tasks at once: to be attended to, and to say the tokens in their order by itself (Graves et al.
2006; joint CTC and attention: Kim et al. 2017). The second one tells it early which sound is which word, also where
the tokens are another language's: an order that differs here and there is learnt, as its layers see all steps.
"""

from pathlib import Path
from typing import Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import Data
from pipeline.models.frames import convolved, frames_of, strided
from pipeline.models.layers import load_module, save_module
from pipeline.models.transformer import EncoderDecoder, EncoderLayer, Layers, Residual, shifted
from pipeline.problems import Problem
from pipeline.search.ctc import BLANK, steps_needed
from pipeline.sequences import Sequences, read_json
from pipeline.state import State
from pipeline.training import augment

READS, WRITES = "features", "tokens"


class Config(Layers):
    subsampling: Literal[1, 2, 4, 8] = 4  # frames a step of the encoder
    channels: int = Field(128, ge=1)  # of the convolutions that make steps of frames
    kernel: int = Field(5, ge=0)  # steps that a convolution before each encoder layer sees; 0: there is none
    encoder_layers: int = Field(4, ge=1)
    decoder_layers: int = Field(2, ge=1)

    @model_validator(mode="after")
    def _centred(self) -> Self:
        if self.kernel and self.kernel % 2 == 0:
            raise ValueError(f"kernel: {self.kernel} is even: a convolution is centred on its step")
        return self


class Train(augment.Options):
    batch: int = Field(5_000, ge=1)  # padded frames a batch
    lr: float = Field(2e-3, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "linear"
    warmup: int = Field(200, ge=0)  # steps
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    ctc: float = Field(0.3, ge=0, le=1)  # the share of the CTC loss; the rest is the decoder's


class SpeechLayer(nn.Module):
    """A convolution over neighbouring steps, and the Transformer's encoder layer after it."""

    def __init__(self, config: Config):
        super().__init__()
        width = config.d_model
        self.convolution = nn.Conv1d(width, width, config.kernel, padding=config.kernel // 2) if config.kernel else None
        self.residual = Residual(config) if config.kernel else None
        self.layer = EncoderLayer(config)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        if self.convolution is not None and self.residual is not None:
            x = self.residual(x, lambda y: self._neighbours(y, bias))
        return self.layer(x, bias)

    def _neighbours(self, x: Tensor, bias: Tensor) -> Tensor:
        assert self.convolution is not None
        audible = bias[:, 0] == 0  # [B, 1, S]: padding is silent
        return F.relu(self.convolution(x.transpose(1, 2) * audible)).transpose(1, 2)


class SpeechTransformer(EncoderDecoder):
    def __init__(self, config: Config, inputs: int, outputs: int, label_smoothing: float = 0.0, ctc: float = 0.0):
        """`inputs`: numbers a frame; `outputs`: the size of the vocabulary, whose id 0 is CTC's blank."""
        super().__init__(
            config,
            outputs,
            encoder=(SpeechLayer(config) for _ in range(config.encoder_layers)),
            decoder_layers=config.decoder_layers,
            label_smoothing=label_smoothing,
        )
        self.config, self.inputs, self.outputs, self.ctc = config, inputs, outputs, ctc
        self.convolutions = strided(inputs, config.channels, config.subsampling)
        self.norm = nn.LayerNorm(config.channels)
        self.enter = nn.Linear(config.channels, config.d_model)
        self.heard = nn.Linear(config.d_model, outputs) if ctc else None
        self.reset()

    def encode(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Frames [B, T, F], their counts [B] → memory [B, S, D], the bias that hides padding, counts of steps [B]."""
        x, steps = convolved(frames, lengths, self.convolutions)  # [B, C, S]
        padding = torch.arange(x.shape[2], device=x.device) >= steps[:, None]
        # An utterance without a frame sees its padding, which is silence: attention to nothing is no number.
        padding &= steps[:, None] > 0
        bias = torch.zeros(padding.shape, device=x.device).masked_fill_(padding, -torch.inf)[:, None, None]
        return self.remembered(self.placed(self.enter(self.norm(x.transpose(1, 2)))), bias), bias, steps

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`frames` [B, T, F], `lengths` [B], `before` and `after` [B, U] → summed loss, count of target tokens.

        A text that is too long for the steps of its utterance has no alignment, and no CTC loss.
        """
        memory, bias, steps = self.encode(batch["frames"], batch["lengths"])
        loss, count = self.written(memory, bias, batch["before"], batch["after"])
        if self.heard is not None:
            tokens = batch["before"][:, 1:]  # without END; padded with the blank
            log_probs = self.heard(memory).float().log_softmax(dim=2).transpose(0, 1)  # [S, B, V]
            heard = F.ctc_loss(
                log_probs, tokens, steps, batch["texts"], blank=BLANK, reduction="sum", zero_infinity=True
            )
            loss = (1 - self.ctc) * loss + self.ctc * heard
        return loss, count

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, encoded for beam_size hypotheses each; and their lengths [B] in steps of the encoder.

        Where CTC has been learnt, what it says stands in the state as `heard` [B, S, V].
        """
        memory, bias, steps = self.encode(*frames_of(*sequences.padded(rows)))
        state = self.start(memory, bias, beam_size)
        if self.heard is not None:
            state.source["heard"] = self.heard(memory).log_softmax(dim=2)
        return state, steps


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[SpeechTransformer, list[dict[str, float]]]:
    """`needs`: nothing, or a recogniser of this architecture whose encoder this one begins with."""
    training.prepare_device(options.seed)
    inputs, outputs = data.source["train"].codec.dim, len(data.target["train"].codec)
    model = SpeechTransformer(config, inputs, outputs, options.label_smoothing, options.ctc)
    if needs:
        take_encoder(model, needs[0])
    batches = {split: _batches(data, split, config, options) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def save(model: SpeechTransformer, folder: Path) -> None:
    save_module(model, model.config, {"inputs": model.inputs, "outputs": model.outputs, "ctc": model.ctc}, folder)


def load(folder: Path) -> SpeechTransformer:
    model: SpeechTransformer = load_module(SpeechTransformer, Config, folder)
    return model


def take_encoder(model: SpeechTransformer, folder: Path) -> None:
    """Give `model` the encoder of the recogniser in `folder`. Raises Problem where it is none of this make and size."""
    kind = read_json(folder / "system.json")["kind"]
    if kind != "speech_transformer":
        raise Problem(f"needs: {folder.name} is a {kind}: an encoder comes from a speech_transformer, or from none")
    other = load(folder)
    free = {"decoder_layers", "dropout", "attention_dropout", "ffn_dropout"}
    theirs, mine = ({**m.config.model_dump(exclude=free), "inputs": m.inputs} for m in (other, model))
    for name, value in theirs.items():
        if value != mine[name]:
            raise Problem(f"needs: {folder.name} has {name} {value}, this model {mine[name]}: an encoder fits its like")
    for part in ("convolutions", "norm", "enter", "encoder", "encoder_norm"):
        getattr(model, part).load_state_dict(getattr(other, part).state_dict())


def _batches(data: Data, split: str, config: Config, options: Train) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    augmented = augment.Augment(options, data.source["train"]) if split == "train" else None
    shortest = np.array([steps_needed(target[i]) for i in range(len(target))], dtype=np.int64) * config.subsampling

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        frames, lengths = source.padded(rows)
        if augmented is not None:
            frames, lengths = augmented(frames, lengths, shortest[rows], rows, epoch)
        read, counts = frames_of(frames, lengths)
        texts = torch.from_numpy(target.lengths[rows].astype(np.int64))
        return {"frames": read, "lengths": counts, "texts": texts, **shifted(target, rows)}

    return training.Batches(source.lengths, options.batch, collate, options.seed, source.ids)
