"""Tokens → tokens: LSTM encoder-decoder with attention (Bahdanau et al. 2015, Luong et al. 2015, Vinyals et al. 2015).

With h_i the encoder's output at source position i, and y_0 = BEGIN:

    s_t  = LSTM([y_{t-1}; a_{t-1}], s_{t-1})      the decoder; that a_{t-1} is fed back is Luong's section 3.3
    e_ti = v · tanh(W s_t + U h_i)                additive score; or s_t · (U h_i), multiplicative
    w_t  = softmax(e_t);  c_t = Σ_i w_ti h_i      where it looks, and what it sees there
    a_t  = tanh(C c_t + S s_t + b)                Luong's attentional state, equation 5
    p(y_t | y_<t, x) = softmax(O a_t)

What does not depend on the step is computed for all steps at once: U h_i and C h_i once a sentence, the embeddings'
share of the gates before the loop, the output layer after it. The loop over known inputs is `pipeline.models.unrolled`.
Scheduled sampling (`train.sampling`) makes some of these inputs the model's own: `pipeline.training.sampling`.
"""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import BEGIN, END, PAD, UNKNOWN, Data
from pipeline.models.layers import load_module, save_module, smoothed_cross_entropy
from pipeline.models.unrolled import Unrolled
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.state import State
from pipeline.tokens.regularisation import drawing
from pipeline.training import sampling

READS, WRITES = "tokens", "tokens"


class Config(Row):
    embedding: int = Field(128, ge=1)
    hidden: int = Field(128, ge=2)  # of the decoder, of the encoder's output (half a direction), of the scores
    layers: int = Field(1, ge=1)  # in the encoder, and as many in the decoder; Vinyals et al. have 3
    reads: Literal["both", "forwards", "reversed"] = (
        "both"  # reversed: the last word first (Vinyals et al., section 3.1)
    )
    score: Literal["additive", "multiplicative"] = "additive"
    tied: Literal["all", "target", "none"] = "none"  # one table reads and writes tokens; all: the source's, too
    dropout: float = Field(0.2, ge=0, lt=1)

    @model_validator(mode="after")
    def _fits(self) -> "Config":
        if self.reads == "both" and self.hidden % 2:
            raise ValueError(f"hidden: {self.hidden} is odd, and reads: both gives each direction half of it")
        if self.tied != "none" and self.embedding != self.hidden:
            raise ValueError(
                f"tied: {self.tied} needs an embedding as wide as what the output layer reads: {self.hidden}, not "
                f"{self.embedding}"
            )
        return self


class Train(sampling.Options):
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    word_dropout: float = Field(0.0, ge=0, lt=1)  # source tokens shown as unknown, so that unknown words find a use
    bpe_dropout: float = Field(0.0, ge=0, lt=1)  # merges left out when training texts are split into pieces


class Memory(NamedTuple):
    """An encoded source, as the decoder reads it."""

    keys: Tensor  # [B, T, H]: U h_i
    values: Tensor  # [B, T, H]: C h_i
    bias: Tensor  # [B, T]: 0, and -inf behind the source's end
    first: Tensor  # [B, L, H]: s_0


class Network(nn.Module):
    def __init__(self, config: Config, source_size: int, target_size: int, label_smoothing: float = 0.0):
        super().__init__()
        if config.tied == "all" and source_size != target_size:
            raise Problem(
                f"model.tied: all needs one vocabulary on both sides; the source has {source_size} tokens, the target "
                f"{target_size}: train a joint one (tokens.*.with), or choose tied: target"
            )
        self.config = config
        self.label_smoothing = label_smoothing
        hidden, layers = config.hidden, config.layers
        self.encoder = Encoder(config, source_size)
        self.bridge = nn.Linear(hidden, layers * hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.table = nn.Embedding(target_size, config.embedding)
        self.input = nn.Linear(config.embedding, 4 * hidden)  # the embedding's share of the first layer's gates
        # A layer's gates (input, forget, output, candidate) from [what comes from below; its own state].
        self.recurrent = nn.ParameterList(nn.Parameter(torch.empty(4 * hidden, 2 * hidden)) for _ in range(layers))
        self.gate_bias = nn.ParameterList(nn.Parameter(torch.zeros(4 * hidden)) for _ in range(layers - 1))
        additive = config.score == "additive"
        self.query = nn.Parameter(torch.empty((2 if additive else 1) * hidden, hidden))  # W above S: one product
        self.score = nn.Parameter(torch.empty(hidden)) if additive else None
        self.output = nn.Linear(hidden, target_size, bias=False)
        self.scale = 1.0  # of what is read from the table
        if config.tied != "none":
            self.output.weight = self.table.weight
            self.scale = config.embedding**0.5
        if config.tied == "all":
            self.encoder.table, self.encoder.scale = self.table, self.scale
        self.reset()

    def reset(self) -> None:
        """Uniform within 1/sqrt(H), as torch's LSTM; and forget gates that are open (Jozefowicz et al. 2015).

        A tied table has the variance 1/E that suits the output; scaled by sqrt(E), it is 1 for those who read it.
        """
        hidden = self.config.hidden
        if self.config.tied != "none":
            nn.init.normal_(self.table.weight, std=1 / self.scale)
        for weight in (*self.recurrent, self.query, *([] if self.score is None else [self.score])):
            nn.init.uniform_(weight, -(hidden**-0.5), hidden**-0.5)
        with torch.no_grad():
            for bias in (self.input.bias, *self.gate_bias):
                bias[hidden : 2 * hidden] += 1

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, S], `lengths` [B], `before` [B, T] (BEGIN first), `after` [B, T] (END last), padded with PAD →
        summed loss, target tokens. With `sampled` and `draws` [B, T], some inputs are the model's own."""
        memory = self.encode(batch["source"], batch["lengths"])
        before = sampling.mixed(self, batch, lambda inputs: self.unroll(inputs, memory)[0].transpose(0, 1), self.output)
        states, _ = self.unroll(before, memory)  # [T, B, H]
        after = batch["after"].T.flatten()
        real = (after != PAD).nonzero()[:, 0]
        hidden = locked_dropout(states, self.config.dropout, self.training).flatten(0, 1).index_select(0, real)
        smoothing = self.label_smoothing if self.training else 0.0
        loss = smoothed_cross_entropy(hidden, self.output.weight, after.index_select(0, real), smoothing)
        return loss, torch.tensor(len(real)).to(after)

    def encode(self, source: Tensor, lengths: Tensor) -> Memory:
        """[B, S] and its lengths [B] → what the decoder reads."""
        states, last = self.encoder(source, lengths)
        # A source of no tokens shows its first padding: softmax needs something to see.
        behind = torch.arange(source.shape[1], device=source.device) >= lengths.clamp(min=1)[:, None]
        bias = torch.zeros(source.shape, device=source.device).masked_fill_(behind, -torch.inf)
        first = self.bridge(last).tanh().unflatten(1, (self.config.layers, self.config.hidden))
        return Memory(self.key(states), self.value(states), bias, first)

    def unroll(self, before: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """All steps over known inputs [B, T] → attentional states [T, B, H] and attention [T, B, S]."""
        rate = self.config.dropout
        embedded = locked_dropout(self.table(before.T) * self.scale, rate, self.training)
        masks = None
        if self.training and rate:
            shape = (self.config.layers, len(before), 2 * self.config.hidden)
            masks = F.dropout(torch.ones(shape, device=before.device), rate)
        return Unrolled.apply(  # type: ignore[no-any-return, no-untyped-call]
            self.input(embedded).float(),
            memory.first.transpose(0, 1).float(),
            memory.keys.float(),
            memory.values.float(),
            memory.bias,
            masks,
            self.query,
            self.score,
            *self.recurrent,
            *self.gate_bias,
        )

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, encoded for beam_size hypotheses each; and their lengths [B]."""
        tokens, lengths = (torch.from_numpy(array) for array in _padded(sequences, rows))
        return self.start(self.encode(tokens, lengths), beam_size), lengths

    def start(self, memory: Memory, beam_size: int) -> State:
        """The state before the first step, for beam_size hypotheses a sentence."""
        s = memory.first.repeat_interleave(beam_size, dim=0)
        return State(
            prefix={"s": s, "c": torch.zeros_like(s), "a": torch.zeros_like(s[:, 0])},
            source={"keys": memory.keys, "values": memory.values, "bias": memory.bias},
        )

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """One token more for N = B * K prefixes: tokens [N] → logits [N, V], the next state, attention [N, S]."""
        hidden = self.config.hidden
        keys, values = state.source["keys"], state.source["values"]
        old_s, old_c, below = state.prefix["s"], state.prefix["c"], state.prefix["a"]
        s, c = [], []
        gates = self.input(self.table(tokens) * self.scale)
        for layer, weight in enumerate(self.recurrent):
            both = torch.cat([below, old_s[:, layer]], dim=1)
            gates = gates + F.linear(both, weight) if layer == 0 else F.linear(both, weight, self.gate_bias[layer - 1])
            i, f, o = gates[:, : 3 * hidden].sigmoid().chunk(3, dim=1)
            c.append(f * old_c[:, layer] + i * gates[:, 3 * hidden :].tanh())
            below = o * c[-1].tanh()
            s.append(below)
        projected = below @ self.query.T
        # The K prefixes of a sentence stand beside one another: its keys are not copied K times.
        if self.score is None:
            scores = below.view(len(keys), -1, hidden) @ keys.transpose(1, 2)  # [B, K, S]
        else:
            query = projected[:, :hidden].view(len(keys), -1, 1, hidden)
            # tanh(x) = 2 σ(2x) - 1, and softmax does not see the constant: torch's sigmoid is the faster by far.
            scores = (query + keys[:, None]).mul_(2).sigmoid_() @ (2 * self.score)
        attention = (scores + state.source["bias"][:, None]).softmax(dim=2)
        seen = (attention @ values).flatten(0, 1)
        a = (seen + projected[:, -hidden:]).tanh()
        prefix = {"s": torch.stack(s, dim=1), "c": torch.stack(c, dim=1), "a": a}
        return self.output(a), State(prefix, state.source), attention.flatten(0, 1)


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
        self.scale = 1.0  # of what is read from it
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
        x = self.table(source.T) * self.scale  # [S, B, E]
        for first in range(0, len(self.lstms), len(self.turned)):
            x = locked_dropout(x, self.dropout, self.training)
            states, last = [], []
            for i, turned in enumerate(self.turned):
                y, _ = self.lstms[first + i](x[mirror, rows] if turned else x)
                last.append(y[ends, rows])
                states.append(y[mirror, rows] if turned else y)
            x = torch.cat(states, dim=2)
        return x.transpose(0, 1), torch.cat(last, dim=1)


def locked_dropout(x: Tensor, rate: float, training: bool) -> Tensor:
    """Dropout of [T, B, F] with one mask for all steps (Gal and Ghahramani 2016)."""
    if not training or not rate:
        return x
    return x * F.dropout(torch.ones_like(x[:1]), rate)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    sizes = len(data.source["train"].codec), len(data.target["train"].codec)
    model = Network(config, *sizes, label_smoothing=options.label_smoothing)
    made = {split: batches(data, split, options) for split in ("train", "dev")}
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def save(model: Network, folder: Path) -> None:
    sizes = {"source_size": model.encoder.table.num_embeddings, "target_size": model.table.num_embeddings}
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


def batches(data: Data, split: str, options: Train) -> training.Batches:
    """The pairs of a split as `Network.forward` takes them, and on train what the options do to them."""
    source, target = data.source[split], data.target[split]
    training_split = split == "train"
    word_dropout, bpe_dropout = (options.word_dropout, options.bpe_dropout) if training_split else (0.0, 0.0)
    read, write = (drawing(side, bpe_dropout, options.seed + i) for i, side in enumerate((source, target)))

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        tokens, lengths = _padded(*read(rows, epoch))
        if word_dropout:
            hidden = _draws(rows, tokens.shape[1], (options.seed, epoch)) < word_dropout
            tokens[hidden & (tokens != PAD)] = UNKNOWN
        sequences, places = write(rows, epoch)
        values, counts = sequences.padded(places, fill=PAD)
        before = np.pad(values.astype(np.int64), ((0, 0), (1, 0)), constant_values=BEGIN)
        after = np.pad(values.astype(np.int64), ((0, 0), (0, 1)), constant_values=PAD)
        after[np.arange(len(rows)), counts] = END
        return {
            "source": torch.from_numpy(tokens),
            "lengths": torch.from_numpy(lengths),
            "before": torch.from_numpy(before),
            "after": torch.from_numpy(after),
            **(sampling.drawn(rows, before.shape[1], epoch, options) if training_split else {}),
        }

    lengths = np.stack([source.sequences.lengths, target.sequences.lengths + 1], axis=1)
    return training.Batches(lengths, options.batch, collate, options.seed, source.sequences.ids)


def _draws(rows: np.ndarray, width: int, seed: tuple[int, int]) -> np.ndarray:
    """Numbers in [0, 1), [B, width]; a row's depend on (seed, epoch, row) alone."""
    return np.stack([np.random.default_rng((*seed, int(row))).random(width) for row in rows])
