"""Tokens → tokens: LSTM encoder-decoder with attention (Bahdanau et al. 2015, Luong et al. 2015, Vinyals et al. 2015).

An encoder of LSTMs reads the source; the decoder, `pipeline.models.speller`, writes the target and looks back at it.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from pipeline import training
from pipeline.data import BEGIN, END, PAD, UNKNOWN, Data
from pipeline.models.layers import load_module, save_module
from pipeline.models.recurrent import locked_dropout
from pipeline.models.speller import Memory, Speller
from pipeline.params import Row
from pipeline.sequences import Sequences
from pipeline.state import State

READS, WRITES = "tokens", "tokens"


class Config(Row):
    embedding: int = Field(128, ge=1)
    hidden: int = Field(128, ge=2)  # of the decoder, of the encoder's output (half a direction), of the scores
    layers: int = Field(1, ge=1)  # in the encoder, and as many in the decoder; Vinyals et al. have 3
    reads: Literal["both", "forwards", "reversed"] = (
        "both"  # reversed: the last word first (Vinyals et al., section 3.1)
    )
    score: Literal["additive", "multiplicative"] = "additive"
    dropout: float = Field(0.2, ge=0, lt=1)

    @model_validator(mode="after")
    def _halves(self) -> "Config":
        if self.reads == "both" and self.hidden % 2:
            raise ValueError(f"hidden: {self.hidden} is odd, and reads: both gives each direction half of it")
        return self


class Train(training.Options):
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    word_dropout: float = Field(0.0, ge=0, lt=1)  # source tokens shown as unknown, so that unknown words find a use


class Network(nn.Module):
    def __init__(self, config: Config, source_size: int, target_size: int, label_smoothing: float = 0.0):
        super().__init__()
        self.config = config
        self.label_smoothing = label_smoothing
        hidden, layers = config.hidden, config.layers
        self.encoder = Encoder(config, source_size)
        self.bridge = nn.Linear(hidden, layers * hidden)
        self.speller = Speller(
            inputs=hidden,
            outputs=target_size,
            embedding=config.embedding,
            hidden=hidden,
            layers=layers,
            additive=config.score == "additive",
            dropout=config.dropout,
        )

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, S], `lengths` [B], `before` [B, T] (BEGIN first), `after` [B, T] (END last), padded with PAD →
        summed loss, target tokens."""
        memory = self.encode(batch["source"], batch["lengths"])
        smoothing = self.label_smoothing if self.training else 0.0
        return self.speller.loss(batch["before"], batch["after"], memory, smoothing)

    def encode(self, source: Tensor, lengths: Tensor) -> Memory:
        """[B, S] and its lengths [B] → what the decoder reads."""
        states, last = self.encoder(source, lengths)
        first = self.bridge(last).tanh().unflatten(1, (self.config.layers, self.config.hidden))
        return self.speller.read(states, lengths, first)

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, encoded for beam_size hypotheses each; and their lengths [B]."""
        tokens, lengths = (torch.from_numpy(array) for array in _padded(sequences, rows))
        return self.speller.start(self.encode(tokens, lengths), beam_size), lengths

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """One token more for N prefixes: tokens [N] → logits [N, V], the next state, attention [N, S]."""
        return self.speller.step(tokens, state)


class Encoder(nn.Module):
    """Layers of LSTMs that read forwards, backwards or (Schuster and Paliwal 1997) both.

    A direction is an LSTM over padded rows. The backward one reads every row turned round within its own length:
    padding comes last and changes nothing, and no packed sequences are needed, which a CPU computes at half the speed.
    """

    def __init__(self, config: Config, size: int):
        super().__init__()
        self.dropout = config.dropout
        self.turned = {"both": (False, True), "forwards": (False,), "reversed": (True,)}[config.reads]
        self.table = nn.Embedding(size, config.embedding)
        width = config.hidden // len(self.turned)
        self.lstms = nn.ModuleList(
            nn.LSTM(config.hidden if layer else config.embedding, width)
            for layer in range(config.layers)
            for _ in self.turned
        )

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S], [B] → states [B, S, H] in the source's order, and each row's state after all of it is read [B, H]."""
        step = torch.arange(source.shape[1], device=source.device)[:, None]
        mirror = torch.where(step < lengths, lengths - 1 - step, step)  # [S, B], its own inverse
        rows = torch.arange(len(source), device=source.device)
        ends = lengths.clamp(min=1) - 1
        x = self.table(source.T)  # [S, B, E]
        for first in range(0, len(self.lstms), len(self.turned)):
            x = locked_dropout(x, self.dropout, self.training)
            states, last = [], []
            for i, turned in enumerate(self.turned):
                y, _ = self.lstms[first + i](x[mirror, rows] if turned else x)
                last.append(y[ends, rows])
                states.append(y[mirror, rows] if turned else y)
            x = torch.cat(states, dim=2)
        return x.transpose(0, 1), torch.cat(last, dim=1)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    sizes = len(data.source["train"].codec), len(data.target["train"].codec)
    model = Network(config, *sizes, label_smoothing=options.label_smoothing)
    batches = {split: _batches(data, split, options) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def save(model: Network, folder: Path) -> None:
    sizes = {"source_size": model.encoder.table.num_embeddings, "target_size": model.speller.table.num_embeddings}
    save_module(model, model.config, sizes, folder)


def load(folder: Path) -> Network:
    model: Network = load_module(Network, Config, folder)
    return model


def _padded(sequences: Sequences, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tokens [B, T] int64 filled up with PAD, and lengths [B]; T is at least 1."""
    tokens, lengths = sequences.padded(rows, fill=PAD)
    width = max(1, tokens.shape[1])
    wide = np.full((len(rows), width), PAD, dtype=np.int64)
    wide[:, : tokens.shape[1]] = tokens
    return wide, lengths.astype(np.int64)


def _batches(data: Data, split: str, options: Train) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    rate = options.word_dropout if split == "train" else 0.0

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        tokens, lengths = _padded(source, rows)
        if rate:
            tokens[(_draws(rows, tokens.shape[1], (options.seed, epoch)) < rate) & (tokens != PAD)] = UNKNOWN
        values, counts = target.padded(rows, fill=PAD)
        before = np.pad(values.astype(np.int64), ((0, 0), (1, 0)), constant_values=BEGIN)
        after = np.pad(values.astype(np.int64), ((0, 0), (0, 1)), constant_values=PAD)
        after[np.arange(len(rows)), counts] = END
        return {
            "source": torch.from_numpy(tokens),
            "lengths": torch.from_numpy(lengths),
            "before": torch.from_numpy(before),
            "after": torch.from_numpy(after),
        }

    lengths = np.stack([source.lengths, target.lengths + 1], axis=1)
    return training.Batches(lengths, options.batch, collate, options.seed, source.ids)


def _draws(rows: np.ndarray, width: int, seed: tuple[int, int]) -> np.ndarray:
    """Numbers in [0, 1), [B, width]; a row's depend on (seed, epoch, row) alone."""
    return np.stack([np.random.default_rng((*seed, int(row))).random(width) for row in rows])
