"""Tokens → tokens: the Transformer encoder-decoder (Vaswani et al. 2017)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Self, cast

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import BEGIN, END, PAD, Data, Side
from pipeline.models.layers import Attention, Dropout, load_module, save_module, sinusoids, smoothed_cross_entropy
from pipeline.models.power_norm import PowerNorm
from pipeline.models.relative import RelativeAttention
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.state import State
from pipeline.tokens.regularisation import drawing
from pipeline.training import sampling
from pipeline.training.sampling import mixed

READS, WRITES = "tokens", "tokens"


class Layers(Row):
    """What every Transformer's layers are made of."""

    d_model: int = Field(128, ge=2)
    heads: int = Field(4, ge=1)
    ffn: int = Field(256, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)  # of embeddings and of what a sublayer adds
    attention_dropout: float = Field(0.0, ge=0, lt=1)  # of attention weights
    ffn_dropout: float = Field(0.0, ge=0, lt=1)  # inside the feed-forward layer
    norm: Literal["pre", "post"] = "pre"  # where the norm stands (Xiong et al. 2020)
    normaliser: Literal["layer", "power"] = "layer"  # Ba et al. 2016; Shen et al. 2020
    positions: Literal["sinusoidal", "relative"] = "sinusoidal"  # relative: Shaw et al. 2018

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.d_model % self.heads:
            raise ValueError(f"d_model: {self.d_model} is not divided by its {self.heads} heads")
        if self.d_model % 2:
            raise ValueError(f"d_model: {self.d_model} is odd, and positions take a sine and a cosine each")
        return self


class Config(Layers):
    layers: int = Field(4, ge=1)  # in the encoder, and as many in the decoder
    tied: Literal["all", "target", "none"] = "all"  # all: with the source's, a joint vocabulary


class Train(sampling.Options):
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    bpe_dropout: float = Field(0.0, ge=0, lt=1)  # merges left out when training texts are split into pieces


def self_attention(config: Layers) -> Attention:
    make = RelativeAttention if config.positions == "relative" else Attention
    return make(config.d_model, config.heads, config.attention_dropout)


def normaliser(config: Layers) -> nn.Module:
    return (PowerNorm if config.normaliser == "power" else nn.LayerNorm)(config.d_model)


class EncoderLayer(nn.Module):
    def __init__(self, config: Layers):
        super().__init__()
        self.attention = self_attention(config)
        self.feed = FeedForward(config)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(2))

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = self.residuals[0](x, lambda y: self.attention(y, *self.attention.keys_values(y), bias)[0])
        return self.residuals[1](x, self.feed)


class DecoderLayer(nn.Module):
    def __init__(self, config: Layers):
        super().__init__()
        self.attention = self_attention(config)
        self.cross = Attention(config.d_model, config.heads, config.attention_dropout)
        self.feed = FeedForward(config)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(3))

    def forward(self, x: Tensor, causal: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        x = self.residuals[0](x, lambda y: self.attention(y, *self.attention.keys_values(y), causal)[0])
        x = self.residuals[1](x, lambda y: self.cross(y, *self.cross.keys_values(memory), bias)[0])
        return self.residuals[2](x, self.feed)


class FeedForward(nn.Module):
    def __init__(self, config: Layers):
        super().__init__()
        self.inner = nn.Linear(config.d_model, config.ffn)
        self.outer = nn.Linear(config.ffn, config.d_model)
        self.dropout = Dropout(config.ffn_dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(self.dropout(F.relu(self.inner(x))))


class Residual(nn.Module):
    """x + f(norm(x)), or norm(x + f(x))."""

    def __init__(self, config: Layers):
        super().__init__()
        self.norm = normaliser(config)
        self.dropout = Dropout(config.dropout)
        self.pre = config.norm == "pre"

    def forward(self, x: Tensor, f: Any) -> Tensor:
        if self.pre:
            return x + self.dropout(f(self.norm(x)))
        return self.norm(x + self.dropout(f(x)))


class EncoderDecoder(nn.Module):
    """The layers of a Transformer, and the writing of tokens. What it reads is its heir's, who says what a row is."""

    def __init__(
        self,
        config: Layers,
        target_size: int,
        *,
        encoder: Iterable[nn.Module],
        decoder_layers: int,
        tied: bool = True,
        label_smoothing: float = 0.0,
    ):
        """`encoder`: layers that take (x [B, S, D], bias) each; `tied`: tokens are read and written by one table."""
        super().__init__()
        self.layers, self.label_smoothing = config, label_smoothing
        self.target_table = nn.Embedding(target_size, config.d_model)
        self.output = nn.Linear(config.d_model, target_size, bias=False)
        if tied:
            self.output.weight = self.target_table.weight
        self.encoder = nn.ModuleList(encoder)
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(decoder_layers))
        self.positions: Tensor
        self.encoder_norm, self.decoder_norm = (
            normaliser(config) if config.norm == "pre" else nn.Identity() for _ in range(2)
        )
        self.dropout = Dropout(config.dropout)
        self.register_buffer("positions", sinusoids(512, config.d_model), persistent=False)

    def reset(self) -> None:
        """Glorot and Bengio 2010 for matrices; embeddings with variance 1/D, so that scaled by sqrt(D) it is 1."""
        for name, parameter in self.named_parameters():
            if "table" in name or name == "output.weight":
                nn.init.normal_(parameter, std=self.layers.d_model**-0.5)
            elif parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            elif "norm" not in name:
                nn.init.zeros_(parameter)

    def placed(self, x: Tensor, at: int = 0) -> Tensor:
        """x [B, T, D] plus the position of each step, counted from `at`: what the first layer reads.

        Where attention knows distances, nothing is added.
        """
        if self.layers.positions == "relative":
            return self.dropout(x)
        end = at + x.shape[1]
        if end > len(self.positions):  # longer than any before: the table grows
            self.positions = sinusoids(2 * end, self.layers.d_model).to(self.positions)
        return self.dropout(x + self.positions[at:end])

    def embed(self, table: nn.Embedding, tokens: Tensor, at: int = 0) -> Tensor:
        """Tokens [B, T] → [B, T, D]: the scaled embedding plus the position."""
        return self.placed(F.embedding(tokens, table.weight) * self.layers.d_model**0.5, at)

    def remembered(self, x: Tensor, bias: Tensor) -> Tensor:
        """What the encoder makes of x [B, S, D]; a bias [B, 1, 1, S] of -inf hides padding."""
        for layer in self.encoder:
            x = layer(x, bias)
        return self.encoder_norm(x)

    def hidden(self, memory: Tensor, bias: Tensor, before: Tensor) -> Tensor:
        """The encoder's memory [B, S, D], the target shifted right [B, T] → what the output layer reads [B, T, D]."""
        length = before.shape[1]
        causal = torch.full((length, length), -torch.inf, device=before.device).triu(1)
        x = self.embed(self.target_table, before)
        for layer in self.decoder:
            x = layer(x, causal, memory, bias)
        return self.decoder_norm(x)

    def written(self, memory: Tensor, bias: Tensor, before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
        """`before` [B, T] (BEGIN first) and `after` [B, T] (END last) → summed loss, count of target tokens."""
        real = (after != PAD).flatten().nonzero()[:, 0]
        hidden = self.hidden(memory, bias, before).flatten(0, 1).index_select(0, real)  # [N, D]
        labels = after.flatten().index_select(0, real)
        smoothing = self.label_smoothing if self.training else 0.0
        loss = smoothed_cross_entropy(hidden, self.output.weight, labels, smoothing)
        return loss, torch.tensor(len(real)).to(after)

    @property
    def _decoder_layers(self) -> list[DecoderLayer]:
        return cast(list[DecoderLayer], list(self.decoder))

    def start(self, memory: Tensor, bias: Tensor, beam_size: int) -> State:
        """What decoding needs: every layer's keys and values of the memory [B, S, D], and empty ones of the prefix."""
        kept = {"bias": bias}
        heads, rows = self.layers.heads, len(memory) * beam_size
        prefix = {}
        for i, layer in enumerate(self._decoder_layers):
            kept[f"keys{i}"], kept[f"values{i}"] = layer.cross.keys_values(memory)
            # Row-major, so that search moves whole rows: a step appends one token's keys and values.
            prefix[f"past{i}"] = memory.new_zeros(rows, 0, 2, heads, self.layers.d_model // heads)
        return State(prefix, kept)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """One token more for N = B * K prefixes: tokens [N] → logits [N, V], the next state, attention [N, S]."""
        source = state.source
        sentences, length = len(source["bias"]), state.prefix["past0"].shape[1]
        x = self.embed(self.target_table, tokens[:, None], at=length)  # [N, 1, D]
        prefix, weights = {}, []
        for i, layer in enumerate(self._decoder_layers):

            def attend(y: Tensor, i: int = i, layer: DecoderLayer = layer) -> Tensor:
                new = layer.attention.key_value(y).view(len(y), 1, 2, self.layers.heads, -1)
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


class Transformer(EncoderDecoder):
    def __init__(self, config: Config, source_size: int, target_size: int, label_smoothing: float = 0.0):
        if config.tied == "all" and source_size != target_size:
            raise Problem(
                f"model.tied: all needs one vocabulary on both sides; the source has {source_size} tokens, the target "
                f"{target_size}: train a joint one (tokens.*.with), or choose tied: target"
            )
        super().__init__(
            config,
            target_size,
            encoder=(EncoderLayer(config) for _ in range(config.layers)),
            decoder_layers=config.layers,
            tied=config.tied != "none",
            label_smoothing=label_smoothing,
        )
        self.config = config
        self.source_table = self.target_table if config.tied == "all" else nn.Embedding(source_size, config.d_model)
        self.reset()

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S] → memory [B, S, D] and the bias [B, 1, 1, S] that hides its padding."""
        bias = torch.zeros(source.shape, device=source.device).masked_fill_(source == PAD, -torch.inf)[:, None, None]
        return self.remembered(self.embed(self.source_table, source), bias), bias

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, S], `before` [B, T] (BEGIN first), `after` [B, T] (END last) → summed loss, target tokens.

        With `sampled` and `draws` [B, T], some inputs are the model's own.
        """
        memory, bias = self.encode(batch["source"])
        before = mixed(self, batch, lambda inputs: self.hidden(memory, bias, inputs), self.output)
        return self.written(memory, bias, before, batch["after"])

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, encoded for beam_size hypotheses each; and their lengths [B], END counted."""
        tokens, lengths = with_end(sequences, rows)
        return self.start(*self.encode(torch.from_numpy(tokens)), beam_size), torch.from_numpy(lengths + 1)


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
    train = batches(data.source["train"], data.target["train"], options)
    dev = batches(data.source["dev"], data.target["dev"], options, learnt=False)
    history = training.fit(model, train=train, dev=dev, options=options, work=work)
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


def batches(source: Side, target: Side, options: Train, *, learnt: bool = True) -> training.Batches:
    """The pairs of a split; `learnt`: in training, where what is read and written may vary from epoch to epoch."""
    bpe_dropout = options.bpe_dropout if learnt else 0.0
    lengths = np.stack([source.sequences.lengths, target.sequences.lengths], axis=1) + 1
    drawings = [drawing(side, bpe_dropout, options.seed + i) for i, side in enumerate((source, target))]

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        (read, in_read), (write, in_write) = (draw(rows, epoch) for draw in drawings)
        made = {"source": torch.from_numpy(with_end(read, in_read)[0]), **shifted(write, in_write)}
        return made | (sampling.drawn(rows, made["before"].shape[1], epoch, options) if learnt else {})

    return training.Batches(lengths, options.batch, collate, options.seed, source.sequences.ids)


def shifted(sequences: Sequences, rows: np.ndarray) -> dict[str, Tensor]:
    """What a decoder has read (`before` [B, T], BEGIN first) and what it is to write then (`after`, END last)."""
    after, _ = with_end(sequences, rows)
    before = np.pad(after, ((0, 0), (1, 0)), constant_values=BEGIN)[:, :-1]
    return {"before": torch.from_numpy(before), "after": torch.from_numpy(after)}
