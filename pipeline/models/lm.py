"""Text → how probable it is, token by token: a language model, over the tokens of one side of a corpus.

P(Y) = ∏ P(y_t | y_<t), with END as the last of Y. The body is an LSTM (Mikolov et al. 2010; tied tables as Press and
Wolf 2017) or the Transformer's encoder under a causal mask (Vaswani et al. 2017, sections 3.1 and 3.2.3). Both sides of
the system's row name the same tokens. Decoding gives every text back with its log-probability as the score; search
reads the model through `start` and `step`, which keep what is known of each prefix.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import BEGIN, END, PAD, Data, Side, Vocabulary
from pipeline.models import transformer
from pipeline.models.layers import Dropout, load_module, save_module, sinusoids, smoothed_cross_entropy
from pipeline.params import Row, configure
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.sequences import Sequences, batches_of
from pipeline.state import State

READS = WRITES = "tokens"
ROUND = 8  # tokens: batches are as wide as a multiple of it, since a CPU's LSTM is compiled anew for each width


class Config(Row):
    body: Literal["lstm", "transformer"] = "lstm"
    hidden: int = Field(192, ge=2)  # of the embeddings, too: the output layer is their table
    layers: int = Field(1, ge=1)
    heads: int = Field(4, ge=1)  # of the transformer
    dropout: float = Field(0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _divides(self) -> "Config":
        if self.body == "transformer" and (self.hidden % self.heads or self.hidden % 2):
            raise ValueError(f"hidden: {self.hidden} must be even, and a multiple of the {self.heads} heads")
        return self


class Train(training.Options):
    label_smoothing: float = Field(0.0, ge=0, lt=1)


class Decode(Row):
    batch: int = Field(8192, ge=1)  # padded tokens scored at once


class LanguageModel(nn.Module):
    def __init__(self, config: Config, size: int, label_smoothing: float = 0.0):
        """`size`: of the vocabulary."""
        super().__init__()
        self.config, self.size, self.label_smoothing = config, size, label_smoothing
        self.table = nn.Embedding(size, config.hidden)
        self.body: LSTM | Causal = LSTM(config) if config.body == "lstm" else Causal(config)
        self.dropout = Dropout(config.dropout)
        nn.init.normal_(self.table.weight, std=config.hidden**-0.5)

    def hidden(self, before: Tensor) -> Tensor:
        """Tokens shifted right [B, T], BEGIN first → what the output layer reads [B, T, H]."""
        return self.dropout(self.body(self.dropout(self._embed(before))))

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`before` [B, T] (BEGIN first), `after` [B, T] (END last), padded with PAD → summed loss, count of tokens."""
        real = (batch["after"] != PAD).flatten().nonzero()[:, 0]
        hidden = self.hidden(batch["before"]).flatten(0, 1).index_select(0, real)  # [N, H]
        after = batch["after"].flatten().index_select(0, real)
        smoothing = self.label_smoothing if self.training else 0.0
        return smoothed_cross_entropy(hidden, self.table.weight, after, smoothing), torch.tensor(len(real)).to(after)

    def log_probs(self, tokens: Tensor) -> Tensor:
        """Texts [B, T], END last, padded with PAD → log P of each [B]."""
        before = F.pad(tokens, (1, 0), value=BEGIN)[:, :-1]
        logits = F.linear(self.hidden(before), self.table.weight).float()
        each = -F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none").view(tokens.shape)
        return (each.double() * (tokens != PAD)).sum(dim=1)

    def start(self, rows: int) -> State:
        """The state before BEGIN is read, for so many prefixes."""
        return State(prefix=self.body.start(rows), source={})

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """One token more: tokens [N], BEGIN first → logits [N, V] of the next and the next state."""
        hidden, prefix = self.body.step(self._embed(tokens), state.prefix)
        return F.linear(hidden, self.table.weight), State(prefix, {})

    def _embed(self, tokens: Tensor) -> Tensor:
        return self.table(tokens) * self.config.hidden**0.5


class LSTM(nn.Module):
    """Layers of LSTMs over padded rows: padding comes after a text and changes nothing in it."""

    def __init__(self, config: Config):
        super().__init__()
        self.layers = nn.ModuleList(nn.LSTM(config.hidden, config.hidden) for _ in range(config.layers))
        self.dropout = Dropout(config.dropout)
        for name, parameter in self.named_parameters():
            if "bias_ih" in name:
                nn.init.ones_(parameter.data[config.hidden : 2 * config.hidden])  # Jozefowicz et al. 2015

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, H] → [B, T, H]."""
        x = x.transpose(0, 1)
        for i, layer in enumerate(self.layers):
            x, _ = layer(self.dropout(x) if i else x)
        return x.transpose(0, 1)

    def start(self, rows: int) -> dict[str, Tensor]:
        zeros = self._weights[0].weight_hh_l0.new_zeros(rows, len(self.layers), self._weights[0].hidden_size)
        return {"output": zeros, "cell": zeros.clone()}

    def step(self, x: Tensor, prefix: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """x [N, H] → the output [N, H] and the next state. The equations of torch.nn.LSTM."""
        outputs, cells = [], []
        for i, layer in enumerate(self._weights):
            gates = F.linear(x, layer.weight_ih_l0, layer.bias_ih_l0)
            gates = gates + F.linear(prefix["output"][:, i], layer.weight_hh_l0, layer.bias_hh_l0)
            enters, stays, new, shown = gates.chunk(4, dim=1)
            cells.append(stays.sigmoid() * prefix["cell"][:, i] + enters.sigmoid() * new.tanh())
            x = shown.sigmoid() * cells[-1].tanh()
            outputs.append(x)
        return x, {"output": torch.stack(outputs, dim=1), "cell": torch.stack(cells, dim=1)}

    @property
    def _weights(self) -> list[Any]:
        return list(self.layers)


class Causal(nn.Module):
    """The Transformer's encoder, where no position sees a later one."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        layer = configure(
            transformer.Config,
            {"d_model": config.hidden, "heads": config.heads, "ffn": 4 * config.hidden, "dropout": config.dropout},
            "model",
        )
        self.layers = nn.ModuleList(transformer.EncoderLayer(layer) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.hidden)
        self.positions: Tensor
        self.register_buffer("positions", sinusoids(512, config.hidden), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, H] → [B, T, H]."""
        length = x.shape[1]
        mask = torch.full((length, length), -torch.inf, device=x.device).triu(1)
        x = x + self._positions(length)[:length]
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)

    def start(self, rows: int) -> dict[str, Tensor]:
        """`past` holds every layer's keys and values, row-major so that search moves whole rows, and room for more.

        Each row has a length of its own: search over CTC lengthens some prefixes and leaves others as they are.
        """
        heads, hidden = self.config.heads, self.config.hidden
        past = self.norm.weight.new_zeros(rows, 0, self.config.layers, 2, heads, hidden // heads)
        return {"past": past, "length": torch.zeros(rows, dtype=torch.long, device=past.device)}

    def step(self, x: Tensor, prefix: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """x [N, H] → the output [N, H] and the next state."""
        length = prefix["length"]  # [N]
        rows = torch.arange(len(x), device=x.device)
        needed = int(length.max()) + 1 if len(length) else 0
        past = F.pad(prefix["past"], (0, 0) * 4 + (0, max(0, needed - prefix["past"].shape[1])))
        hidden_from = torch.arange(past.shape[1], device=x.device) > length[:, None]  # [N, T]
        bias = torch.zeros(hidden_from.shape, device=x.device).masked_fill_(hidden_from, -torch.inf)[:, None, None]
        x = (x + self._positions(needed)[length])[:, None]  # [N, 1, H]
        for i, layer in enumerate(cast(list[transformer.EncoderLayer], list(self.layers))):

            def attend(y: Tensor, i: int = i, layer: transformer.EncoderLayer = layer) -> Tensor:
                past[rows, length, i] = layer.attention.key_value(y).view(len(y), 2, self.config.heads, -1)
                keys, values = past[:, :, i, 0].permute(0, 2, 3, 1), past[:, :, i, 1].transpose(1, 2)
                return layer.attention(y, keys, values, bias)[0]

            x = layer.residuals[0](x, attend)
            x = layer.residuals[1](x, layer.feed)
        return self.norm(x)[:, 0], {"past": past, "length": length + 1}

    def _positions(self, length: int) -> Tensor:
        if length > len(self.positions):  # longer than any before: the table grows
            self.positions = sinusoids(2 * length, self.config.hidden).to(self.positions)
        return self.positions


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[LanguageModel, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    if data.source["train"].field != data.target["train"].field:
        raise Problem(
            f"a language model reads one text: its source is {data.source['train'].field} and its target "
            f"{data.target['train'].field}: name the same tokens as both"
        )
    model = LanguageModel(config, len(data.target["train"].codec), label_smoothing=options.label_smoothing)
    batches = {split: _batches(data.target[split].sequences, options) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def save(model: LanguageModel, folder: Path) -> None:
    save_module(model, model.config, {"size": model.size}, folder)


def load(folder: Path) -> LanguageModel:
    model: LanguageModel = load_module(LanguageModel, Config, folder)
    return model


def decode(*, model: LanguageModel, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """Every text of the source as its own and only hypothesis, scored with its log-probability, END counted."""
    scores = score(model, source.sequences, options.batch)
    for i, log_probability in enumerate(scores):
        yield [Hypothesis(tokens=source.sequences[i].tolist(), score=float(log_probability))]


@torch.inference_mode()
def score(model: LanguageModel, texts: Sequences, batch: int) -> np.ndarray:
    """log P of each text, float64 [N]; `batch` padded tokens are computed at once."""
    found = np.zeros(len(texts))
    order = np.argsort(texts.lengths, kind="stable")
    for rows in batches_of(texts.lengths + 1, order.tolist(), batch):
        found[rows] = model.log_probs(torch.from_numpy(_ended(texts, rows))).numpy()
    return found


def _ended(texts: Sequences, rows: np.ndarray) -> np.ndarray:
    """Tokens [B, T] int64 with END after each row's last, filled up with PAD; T is a multiple of ROUND."""
    tokens, lengths = texts.padded(rows, fill=PAD)
    width = -(-(tokens.shape[1] + 1) // ROUND) * ROUND
    wide = np.full((len(rows), width), PAD, dtype=np.int64)
    wide[:, : tokens.shape[1]] = tokens
    wide[np.arange(len(rows)), lengths] = END
    return wide


def _batches(texts: Sequences, options: Train) -> training.Batches:
    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        after = torch.from_numpy(_ended(texts, rows))
        return {"before": F.pad(after, (1, 0), value=BEGIN)[:, :-1], "after": after}

    return training.Batches(texts.lengths + 1, options.batch, collate, options.seed, texts.ids)
