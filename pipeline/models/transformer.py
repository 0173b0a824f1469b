"""Tokens → tokens: the Transformer encoder-decoder (Vaswani et al. 2017)."""

from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import BEGIN, END, PAD, Data, Side
from pipeline.models.layers import Attention, Dropout, load_module, save_module, sinusoids, smoothed_cross_entropy
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.state import State

READS, WRITES = "tokens", "tokens"


class Config(Row):
    d_model: int = Field(128, ge=2)
    heads: int = Field(4, ge=1)
    layers: int = Field(4, ge=1)  # in the encoder, and as many in the decoder
    ffn: int = Field(256, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)  # of embeddings and of what a sublayer adds
    attention_dropout: float = Field(0.0, ge=0, lt=1)  # of attention weights
    ffn_dropout: float = Field(0.0, ge=0, lt=1)  # inside the feed-forward layer
    norm: Literal["pre", "post"] = "pre"  # where the layer norm stands (Xiong et al. 2020)
    tied: Literal["all", "target", "none"] = "all"  # all: with the source's, a joint vocabulary

    @model_validator(mode="after")
    def _divides(self) -> "Config":
        if self.d_model % self.heads:
            raise ValueError(f"d_model: {self.d_model} is not divided by its {self.heads} heads")
        if self.d_model % 2:
            raise ValueError(f"d_model: {self.d_model} is odd, and positions take a sine and a cosine each")
        return self


class Train(training.Options):
    label_smoothing: float = Field(0.1, ge=0, lt=1)


class EncoderLayer(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.attention = Attention(config.d_model, config.heads, config.attention_dropout)
        self.feed = FeedForward(config)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(2))

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = self.residuals[0](x, lambda y: self.attention(y, *self.attention.keys_values(y), bias)[0])
        return self.residuals[1](x, self.feed)


class DecoderLayer(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.attention = Attention(config.d_model, config.heads, config.attention_dropout)
        self.cross = Attention(config.d_model, config.heads, config.attention_dropout)
        self.feed = FeedForward(config)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(3))

    def forward(self, x: Tensor, causal: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        x = self.residuals[0](x, lambda y: self.attention(y, *self.attention.keys_values(y), causal)[0])
        x = self.residuals[1](x, lambda y: self.cross(y, *self.cross.keys_values(memory), bias)[0])
        return self.residuals[2](x, self.feed)


class FeedForward(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.inner = nn.Linear(config.d_model, config.ffn)
        self.outer = nn.Linear(config.ffn, config.d_model)
        self.dropout = Dropout(config.ffn_dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(self.dropout(F.relu(self.inner(x))))


class Residual(nn.Module):
    """x + f(norm(x)), or norm(x + f(x))."""

    def __init__(self, config: Config):
        super().__init__()
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = Dropout(config.dropout)
        self.pre = config.norm == "pre"

    def forward(self, x: Tensor, f: Any) -> Tensor:
        if self.pre:
            return x + self.dropout(f(self.norm(x)))
        return self.norm(x + self.dropout(f(x)))


class Transformer(nn.Module):
    def __init__(self, config: Config, source_size: int, target_size: int, label_smoothing: float = 0.0):
        super().__init__()
        self.config = config
        self.label_smoothing = label_smoothing
        if config.tied == "all" and source_size != target_size:
            raise Problem(
                f"model.tied: all needs one vocabulary on both sides; the source has {source_size} tokens, the target "
                f"{target_size}: train a joint one (tokens.*.with), or choose tied: target"
            )
        self.target_table = nn.Embedding(target_size, config.d_model)
        self.source_table = self.target_table if config.tied == "all" else nn.Embedding(source_size, config.d_model)
        self.output = nn.Linear(config.d_model, target_size, bias=False)
        if config.tied != "none":
            self.output.weight = self.target_table.weight
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.layers))
        self.positions: Tensor
        final = nn.LayerNorm if config.norm == "pre" else nn.Identity
        self.encoder_norm, self.decoder_norm = final(config.d_model), final(config.d_model)
        self.dropout = Dropout(config.dropout)
        self.register_buffer("positions", sinusoids(512, config.d_model), persistent=False)
        self.reset()

    def reset(self) -> None:
        """Glorot and Bengio 2010 for matrices; embeddings with variance 1/D, so that scaled by sqrt(D) it is 1."""
        for name, parameter in self.named_parameters():
            if "table" in name or name == "output.weight":
                nn.init.normal_(parameter, std=self.config.d_model**-0.5)
            elif parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter)
            elif "norm" not in name:
                nn.init.zeros_(parameter)

    def embed(self, table: nn.Embedding, tokens: Tensor, at: int = 0) -> Tensor:
        """[B, T] → [B, T, D]: the scaled embedding plus the position, counted from `at`."""
        end = at + tokens.shape[1]
        if end > len(self.positions):  # longer than any before: the table grows
            self.positions = sinusoids(2 * end, self.config.d_model).to(self.positions)
        return self.dropout(F.embedding(tokens, table.weight) * self.config.d_model**0.5 + self.positions[at:end])

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S] → memory [B, S, D] and the bias [B, 1, 1, S] that hides its padding."""
        bias = torch.zeros(source.shape, device=source.device).masked_fill_(source == PAD, -torch.inf)[:, None, None]
        x = self.embed(self.source_table, source)
        for layer in self.encoder:
            x = layer(x, bias)
        return self.encoder_norm(x), bias

    def hidden(self, source: Tensor, before: Tensor) -> Tensor:
        """Source [B, S] and the target shifted right [B, T] → what the output layer reads [B, T, D]."""
        memory, bias = self.encode(source)
        length = before.shape[1]
        causal = torch.full((length, length), -torch.inf, device=source.device).triu(1)
        x = self.embed(self.target_table, before)
        for layer in self.decoder:
            x = layer(x, causal, memory, bias)
        return self.decoder_norm(x)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, S], `before` [B, T] (BEGIN first), `after` [B, T] (END last) → summed loss, target tokens."""
        real = (batch["after"] != PAD).flatten().nonzero()[:, 0]
        hidden = self.hidden(batch["source"], batch["before"]).flatten(0, 1).index_select(0, real)  # [N, D]
        after = batch["after"].flatten().index_select(0, real)
        smoothing = self.label_smoothing if self.training else 0.0
        return smoothed_cross_entropy(hidden, self.output.weight, after, smoothing), torch.tensor(len(real)).to(after)

    @property
    def _decoder_layers(self) -> list[DecoderLayer]:
        return cast(list[DecoderLayer], list(self.decoder))

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, encoded for beam_size hypotheses each; and their lengths [B], END counted."""
        tokens, lengths = with_end(sequences, rows)
        return self.start(torch.from_numpy(tokens), beam_size), torch.from_numpy(lengths + 1)

    def start(self, source: Tensor, beam_size: int) -> State:
        """What decoding needs of [B, S]: every layer's keys and values of the source, and empty ones of the prefix."""
        memory, bias = self.encode(source)
        kept = {"bias": bias}
        heads, rows = self.config.heads, len(source) * beam_size
        prefix = {}
        for i, layer in enumerate(self._decoder_layers):
            kept[f"keys{i}"], kept[f"values{i}"] = layer.cross.keys_values(memory)
            # Row-major, so that search moves whole rows: a step appends one token's keys and values.
            prefix[f"past{i}"] = memory.new_zeros(rows, 0, 2, heads, self.config.d_model // heads)
        return State(prefix, kept)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """One token more for N = B * K prefixes: tokens [N] → logits [N, V], the next state, attention [N, S]."""
        source = state.source
        sentences, length = len(source["bias"]), state.prefix["past0"].shape[1]
        x = self.embed(self.target_table, tokens[:, None], at=length)  # [N, 1, D]
        prefix, weights = {}, []
        for i, layer in enumerate(self._decoder_layers):

            def attend(y: Tensor, i: int = i, layer: DecoderLayer = layer) -> Tensor:
                new = layer.attention.key_value(y).view(len(y), 1, 2, self.config.heads, -1)
                past = prefix[f"past{i}"] = torch.cat([state.prefix[f"past{i}"], new], dim=1)  # [N, t, 2, H, D/H]
                keys, values = past[:, :, 0].permute(0, 2, 3, 1), past[:, :, 1].transpose(1, 2)
                return layer.attention(y, keys, values)[0]

            def cross(y: Tensor, i: int = i, layer: DecoderLayer = layer) -> Tensor:
                # The K prefixes of a sentence stand as K positions of one row: its keys are not copied K times.
                beside = y.view(sentences, -1, y.shape[-1])  # [B, K, D]
                out, seen = layer.cross(beside, source[f"keys{i}"], source[f"values{i}"], source["bias"])
                weights.append(seen)
                return out.reshape(y.shape)

            x = layer.residuals[0](x, attend)
            x = layer.residuals[1](x, cross)
            x = layer.residuals[2](x, layer.feed)
        logits = self.output(self.decoder_norm(x)[:, 0])
        attention = weights[-1].mean(dim=1).flatten(0, 1)  # [B, H, K, S] → [N, S]: the last layer's mean head
        return logits, State(prefix, source), attention


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Transformer, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    model = Transformer(
        config,
        len(data.source["train"].codec),
        len(data.target["train"].codec),
        label_smoothing=options.label_smoothing,
    )
    made = {split: batches(data.source[split], data.target[split], options) for split in ("train", "dev")}
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def save(model: Transformer, folder: Path) -> None:
    sizes = {"source_size": model.source_table.num_embeddings, "target_size": model.target_table.num_embeddings}
    save_module(model, model.config, sizes, folder)


def load(folder: Path) -> Transformer:
    model: Transformer = load_module(Transformer, Config, folder)
    return model


def with_end(sequences: Sequences, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Padded tokens [B, S + 1], END after each row's last; and the lengths without END [B]."""
    tokens, lengths = sequences.padded(rows, fill=PAD)
    tokens = np.pad(tokens.astype(np.int64), ((0, 0), (0, 1)), constant_values=PAD)
    tokens[np.arange(len(rows)), lengths] = END
    return tokens, lengths


def batches(source: Side, target: Side, options: Train) -> training.Batches:
    lengths = np.stack([source.sequences.lengths, target.sequences.lengths], axis=1) + 1

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        after, _ = with_end(target.sequences, rows)
        before = np.pad(after, ((0, 0), (1, 0)), constant_values=BEGIN)[:, :-1]
        return {
            "source": torch.from_numpy(with_end(source.sequences, rows)[0]),
            "before": torch.from_numpy(before),
            "after": torch.from_numpy(after),
        }

    return training.Batches(lengths, options.batch, collate, options.seed, source.sequences.ids)
