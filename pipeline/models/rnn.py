"""Tokens → tokens: the recurrent encoder-decoder (Cho et al. 2014, Sutskever et al. 2014), which sees a sentence once.

With h_S the encoder's last state, of all its layers, and y_0 = BEGIN:

    v   = tanh(V h_S)                                all that the decoder knows of the source
    s_0 = tanh(B v)
    s_t = cell(E y_{t-1} + P v, s_{t-1})             v again at every step, as Cho et al. have it
    p(y_t | y_<t, x) = softmax(O R s_t)

However long the source is, v is as wide: what attention mends. Trained by torch's fast cells, all steps in one call;
decoded by the same weights in `pipeline.models.cells`, one step at a time.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import PAD, Data
from pipeline.models.cells import CELLS, Name
from pipeline.models.layers import Dropout, load_module, save_module, smoothed_cross_entropy
from pipeline.models.transformer import Train as Train
from pipeline.models.transformer import batches, with_end
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.state import State
from pipeline.training.sampling import mixed

READS, WRITES = "tokens", "tokens"


class Config(Row):
    cell: Name = "gru"
    embedding: int = Field(128, ge=1)
    hidden: int = Field(256, ge=1)
    layers: int = Field(1, ge=1)  # in the encoder, and as many in the decoder
    reads: Literal["forwards", "reversed"] = "reversed"  # the last word first (Sutskever et al., section 3.3)
    dropout: float = Field(0.2, ge=0, lt=1)  # of what enters a layer, and of what is read off the last
    tied: Literal["all", "target", "none"] = "all"  # tables; all: with the source's, a joint vocabulary


class Network(nn.Module):
    def __init__(self, config: Config, source_size: int, target_size: int, label_smoothing: float = 0.0):
        super().__init__()
        if config.tied == "all" and source_size != target_size:
            raise Problem(
                f"model.tied: all needs one vocabulary on both sides; the source has {source_size} tokens, the target "
                f"{target_size}: train a joint one (tokens.*.with), or choose tied: target"
            )
        self.config, self.label_smoothing = config, label_smoothing
        embedding, hidden, layers = config.embedding, config.hidden, config.layers
        self.target_table = nn.Embedding(target_size, embedding)
        self.source_table = self.target_table if config.tied == "all" else nn.Embedding(source_size, embedding)
        self.encoder, self.decoder = Stack(config), Stack(config)
        self.sentence = nn.Linear(layers * hidden, hidden)  # V
        self.bridge = nn.Linear(hidden, layers * hidden)  # B
        self.context = nn.Linear(hidden, embedding)  # P
        self.readout = nn.Linear(hidden, embedding)  # R
        self.output = nn.Linear(embedding, target_size, bias=False)
        self.dropout = Dropout(config.dropout)
        for table in (self.source_table, self.target_table, self.output):
            nn.init.normal_(table.weight, std=embedding**-0.5)
        if config.tied != "none":
            self.output.weight = self.target_table.weight

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, S] (END last), `before` [B, T] (BEGIN first), `after` [B, T] (END last), padded with PAD →
        summed loss, target tokens. With `sampled` and `draws` [B, T], some inputs are the model's own."""
        v = self.encode(batch["source"])
        before = mixed(self, batch, lambda inputs: self.hidden(v, inputs), self.output)
        after = batch["after"].flatten()
        real = (after != PAD).nonzero()[:, 0]
        hidden = self.hidden(v, before).flatten(0, 1).index_select(0, real)  # [N, E]
        smoothing = self.label_smoothing if self.training else 0.0
        loss = smoothed_cross_entropy(hidden, self.output.weight, after.index_select(0, real), smoothing)
        return loss, torch.tensor(len(real)).to(after)

    def hidden(self, v: Tensor, before: Tensor) -> Tensor:
        """The sentence [B, H], the target shifted right [B, T] → what the output layer reads [B, T, E]."""
        x = self._embed(self.target_table, before.T) + self.context(v)  # [T, B, E]
        states = self.decoder(x, self._first(v))
        return self.readout(self.dropout(states)).transpose(0, 1)

    def encode(self, source: Tensor) -> Tensor:
        """[B, S], END after each row's last → v [B, H]."""
        lengths = (source != PAD).sum(dim=1)
        rows = torch.arange(len(source), device=source.device)
        tokens = source.T  # [S, B]
        if self.config.reads == "reversed":
            step = torch.arange(len(tokens), device=source.device)[:, None]
            tokens = tokens[torch.where(step < lengths, lengths - 1 - step, step), rows]
        x = self._embed(self.source_table, tokens)
        # Padding comes after a row's last token: the state there is the one before it.
        last = [states[lengths - 1, rows] for states in self.encoder.each(x)]
        return self.sentence(torch.cat(last, dim=1)).tanh()

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, read for beam_size hypotheses each; and their lengths [B], END counted."""
        device = self.output.weight.device
        tokens, lengths = (torch.from_numpy(array).to(device) for array in with_end(sequences, rows))
        v = self.encode(tokens)
        h = self._first(v).transpose(0, 1).repeat_interleave(beam_size, dim=0)  # [N, L, H]
        known = {f"known{i}": h if i == 0 else torch.zeros_like(h) for i in range(CELLS[self.config.cell].known)}
        return State(prefix=known, source={"context": self.context(v)}), lengths + 1

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, None]:
        """One token more for N = B * K prefixes: tokens [N] → logits [N, V], the next state, no attention."""
        context = state.source["context"]  # [B, E]
        embedded = self._embed(self.target_table, tokens).view(len(context), -1, context.shape[1])
        x = (embedded + context[:, None]).flatten(0, 1)  # [N, E]
        x, known = self.decoder.step(x, [state.prefix[name] for name in sorted(state.prefix)])
        prefix = {f"known{i}": tensor for i, tensor in enumerate(known)}
        return self.output(self.readout(x)), State(prefix, state.source), None

    def _embed(self, table: nn.Embedding, tokens: Tensor) -> Tensor:
        return table(tokens) * self.config.embedding**0.5

    def _first(self, v: Tensor) -> Tensor:
        """s_0 [L, B, H] of v [B, H]."""
        return self.bridge(v).tanh().unflatten(1, (self.config.layers, -1)).transpose(0, 1)


class Stack(nn.Module):
    """Layers of one kind of cell, dropout before each."""

    def __init__(self, config: Config):
        super().__init__()
        self.cell = CELLS[config.cell]
        self.dropout = Dropout(config.dropout)
        make: Any = self.cell.fast
        self.layers = nn.ModuleList(
            make(config.hidden if layer else config.embedding, config.hidden) for layer in range(config.layers)
        )
        if config.cell == "lstm":
            for layer in self._weights:
                nn.init.ones_(layer.bias_ih_l0.data[config.hidden : 2 * config.hidden])  # Jozefowicz et al. 2015

    def each(self, x: Tensor, first: Tensor | None = None) -> list[Tensor]:
        """x [T, B, E] from h = `first` [L, B, H] (or zeros) → the states of every layer, [T, B, H] each."""
        found = []
        for i, layer in enumerate(self.layers):
            h = None if first is None else first[i : i + 1].contiguous()
            x, _ = layer(self.dropout(x), h if h is None or self.cell.known == 1 else (h, torch.zeros_like(h)))
            found.append(x)
        return found

    def forward(self, x: Tensor, first: Tensor) -> Tensor:
        """x [T, B, E], first [L, B, H] → the last layer's states [T, B, H]."""
        return self.each(x, first)[-1]

    def step(self, x: Tensor, known: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """x [N, E] and what layers know (h, and the LSTM's c: [N, L, H]) → the last h [N, H]; what they know now."""
        new = []
        for i, layer in enumerate(self._weights):
            now = F.linear(self.dropout(x), layer.weight_ih_l0, layer.bias_ih_l0)
            past = F.linear(known[0][:, i], layer.weight_hh_l0, layer.bias_hh_l0)
            new.append(self.cell.advance(now, past, tuple(part[:, i] for part in known)))
            x = new[-1][0]
        return x, [torch.stack(parts, dim=1) for parts in zip(*new, strict=True)]

    @property
    def _weights(self) -> list[Any]:
        return list(self.layers)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    sizes = len(data.source["train"].codec), len(data.target["train"].codec)
    model = Network(config, *sizes, label_smoothing=options.label_smoothing)
    train = batches(data.source["train"], data.target["train"], options)
    dev = batches(data.source["dev"], data.target["dev"], options, learnt=False)
    history = training.fit(model, train=train, dev=dev, options=options, work=work)
    return model, history


def save(model: Network, folder: Path) -> None:
    sizes = {"source_size": model.source_table.num_embeddings, "target_size": model.target_table.num_embeddings}
    save_module(model, model.config, sizes, folder)


def load(folder: Path) -> Network:
    model: Network = load_module(Network, Config, folder)
    return model
