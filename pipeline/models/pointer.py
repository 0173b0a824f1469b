"""Tokens → tokens: an encoder-decoder that may copy its source (the pointer-generator, See et al. 2017).

The body is `pipeline.models.attention`'s LSTM or `pipeline.models.transformer`; `pipeline.models.copying` stands on its
states. `copying: false` is the same body without it, to compare with. One vocabulary serves both sides, and what is
copied is a token of it: a piece of a word, where words are cut into pieces, so that any spelling can be copied.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from pipeline import training
from pipeline.data import PAD, Data
from pipeline.models import attention, transformer
from pipeline.models.attention import locked_dropout
from pipeline.models.copying import Copying, Past, Pointed, log_likelihood, mixture
from pipeline.models.layers import load_module, save_module, smoothed_cross_entropy
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.state import State

READS, WRITES = "tokens", "tokens"
ROUND = 16  # tokens: sources are as wide as a multiple of it, since a CPU's LSTM is compiled anew for each width


class Config(Row):
    body: Literal["lstm", "transformer"] = "lstm"
    hidden: int = Field(128, ge=2)  # of states and embeddings alike: the output layer is the embeddings' table
    layers: int = Field(1, ge=1)  # in the encoder, and as many in the decoder
    heads: int = Field(4, ge=1)  # of the transformer
    ffn: int = Field(256, ge=1)  # of the transformer
    score: Literal["additive", "multiplicative"] = "multiplicative"  # of the LSTM's own attention
    dropout: float = Field(0.2, ge=0, lt=1)
    copying: bool = True
    coverage: bool = False  # what has been pointed at is known, and pointing there again is paid for
    location: bool = False  # the place behind the one pointed at last is known

    @model_validator(mode="after")
    def _fits(self) -> "Config":
        if self.hidden % 2 or (self.body == "transformer" and self.hidden % self.heads):
            raise ValueError(
                f"hidden: {self.hidden} must be even, and a multiple of a transformer's {self.heads} heads"
            )
        if (self.coverage or self.location) and not self.copying:
            raise ValueError("coverage and location are of what the pointer points at: set copying, or leave them out")
        return self


class Train(training.Options):
    coverage_loss: float = Field(1.0, ge=0)  # λ of See et al., equation 13


class Pointer(nn.Module):
    def __init__(self, config: Config, size: int, coverage_loss: float = 1.0):
        """`size`: of the vocabulary."""
        super().__init__()
        self.config, self.coverage_loss = config, coverage_loss
        self.body: attention.Network | transformer.Transformer = _body(config, size)
        # The output layer is taken out of the body, which then gives states: words are said here, or copied.
        self.output = self.body.output
        self.body.output = nn.Identity()  # type: ignore[assignment]
        self.copying: Copying | None = None
        if config.copying:
            widths = config.hidden, config.hidden
            self.copying = Copying(*widths, coverage=config.coverage, location=config.location)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, S] (END last), `before` [B, T] (BEGIN first), `after` [B, T] (END last), padded with PAD →
        summed loss, target tokens."""
        source, before, after = batch["source"], batch["before"], batch["after"]
        real = after != PAD
        count = real.sum()
        if isinstance(self.body, attention.Network):
            encoded = self.body.encode(source, _lengths(source))
            memory = encoded.values
            states = self.body.unroll(before, encoded)[0]
            states = locked_dropout(states, self.config.dropout, self.training).transpose(0, 1)  # [B, T, H]
        else:
            memory, bias = self.body.encode(source)
            states = self.body.hidden(memory, bias, before)
        if self.copying is None:
            rows = real.flatten().nonzero()[:, 0]
            said = states.flatten(0, 1).index_select(0, rows), self.output.weight, after.flatten().index_select(0, rows)
            return smoothed_cross_entropy(*said, 0.0), count
        nothing = torch.zeros(source.shape, device=source.device)
        pointed = self.copying(states, self.copying.key(memory), source == PAD, Past(nothing, nothing), real)
        loss = -(log_likelihood(self.output(states), pointed, source, after) * real).sum()
        return loss + self.coverage_loss * pointed.again if self.training else loss, count

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, encoded for beam_size hypotheses each; and their lengths [B], END counted."""
        tokens = _read(sequences, rows)
        lengths = _lengths(tokens)
        if isinstance(self.body, attention.Network):
            encoded = self.body.encode(tokens, lengths)
            memory, state = encoded.values, self.body.start(encoded, beam_size)
        else:
            memory, bias = self.body.encode(tokens)
            state = self.body.start(memory, bias, beam_size)
        if self.copying is not None:
            state.source |= {"tokens": tokens, "places": self.copying.key(memory)}
            nothing = memory.new_zeros(len(tokens) * beam_size, tokens.shape[1])
            state.prefix |= Past(nothing, nothing)._asdict()
        return state, lengths

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """One token more for N = B * K prefixes: tokens [N] → log-probabilities [N, V] up to a constant, the next
        state, and where it points [N, S] (where it looks, if it does not copy)."""
        states, after, looked = self.body.step(tokens, state)  # [N, D]
        if self.copying is None:
            return self.output(states), after, looked
        source = state.source["tokens"]
        # The K prefixes of a sentence are K rows of it: its keys, [B, S, D], are seen by all of them.
        width = len(states) // len(source)
        source, keys = (x.repeat_interleave(width, dim=0) for x in (source, state.source["places"]))
        pointed: Pointed = self.copying(
            states[:, None],
            keys,
            source == PAD,
            Past(state.prefix["covered"], state.prefix["last"]),
            states.new_zeros(len(states), 1),
        )
        after.prefix |= pointed.past._asdict()
        return mixture(self.output(states)[:, None], pointed, source)[:, 0], after, pointed.attention[:, 0]


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Pointer, list[dict[str, float]]]:
    source, target = data.source["train"].codec, data.target["train"].codec
    if not _alike(source, target):
        raise Problem(
            f"model.kind: pointer copies tokens, and a token of the source ({len(source)} in all) must be the same one "
            f"of the target ({len(target)}): train one vocabulary on both fields (tokens.*.with)"
        )
    training.prepare_device(options.seed)
    model = Pointer(config, len(source), options.coverage_loss)
    made = {split: _batches(data, split, options) for split in ("train", "dev")}
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def save(model: Pointer, folder: Path) -> None:
    save_module(model, model.config, {"size": model.output.out_features}, folder)


def load(folder: Path) -> Pointer:
    model: Pointer = load_module(Pointer, Config, folder)
    return model


def _body(config: Config, size: int) -> attention.Network | transformer.Transformer:
    shared: dict[str, Any] = {"layers": config.layers, "dropout": config.dropout, "tied": "all"}
    own: dict[str, Any]
    if config.body == "lstm":
        own = {"embedding": config.hidden, "hidden": config.hidden, "score": config.score}
        return attention.Network(attention.Config.model_validate(shared | own), size, size)
    own = {"d_model": config.hidden, "heads": config.heads, "ffn": config.ffn}
    return transformer.Transformer(transformer.Config.model_validate(shared | own), size, size)


def _alike(source: Any, target: Any) -> bool:
    return len(source) == len(target) and source.tokens(range(len(source))) == target.tokens(range(len(target)))


def _batches(data: Data, split: str, options: Train) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        return {"source": _read(source, rows), **transformer.shifted(target, rows)}

    lengths = np.stack([source.lengths, target.lengths], axis=1) + 1
    return training.Batches(lengths, options.batch, collate, options.seed, source.ids)


def _read(sequences: Sequences, rows: np.ndarray) -> Tensor:
    """Source rows [B, S], END last, filled up with PAD to a multiple of ROUND."""
    tokens = torch.from_numpy(transformer.with_end(sequences, rows)[0])
    return nn.functional.pad(tokens, (0, -tokens.shape[1] % ROUND), value=PAD)


def _lengths(tokens: Tensor) -> Tensor:
    return (tokens != PAD).sum(dim=1)
