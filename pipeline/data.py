"""What a model is given: one side of a corpus as numbers, with its codec and, where it needs them, the raw records."""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipeline import paths
from pipeline.records import read_field
from pipeline.sequences import Sequences, read_json

PAD, UNKNOWN, BEGIN, END = range(4)  # the ids that every vocabulary begins with


class Codec(Protocol):
    """Features: a fixed transformation. Tokens: a vocabulary with both ways.

    A codec is `pipeline.features.<kind>.Codec` or `pipeline.tokens.<kind>.Codec`, made by `Codec.load(folder)`.
    """

    def encode(self, value: Any) -> np.ndarray:
        """A field's value → float [T, F] or int [U]."""


class Vocabulary(Protocol):
    """A discrete codec; its ids begin with PAD, UNKNOWN, BEGIN, END, and `encode` adds neither of the last two."""

    def __len__(self) -> int: ...

    def encode(self, value: Any) -> np.ndarray:
        """Text, or a list of words → int32 [U]."""

    def decode(self, ids: Any) -> Any:
        """int [U] → what was encoded (text, or a list of words)."""

    def tokens(self, ids: Any) -> list[str]:
        """The tokens themselves, for pictures."""


@dataclass(frozen=True)
class Side:
    """One split of one side: numbers, and the values they stand for."""

    codec: Any  # a features codec (`.dim` numbers a frame) or a Vocabulary
    sequences: Sequences
    manifest: Path | None = None
    field: str = ""
    typed: tuple[Any, ...] = ()  # values that come from no manifest

    @cached_property
    def values(self) -> list[Any]:
        """The field as the manifest has it: text, or a list of words, a record. Empty for audio."""
        if self.manifest is None:
            return list(self.typed)
        return read_field(self.manifest, self.field)


@dataclass(frozen=True)
class Data:
    """What `fit` may see: train and dev, never test."""

    source: dict[str, Side]  # by split
    target: dict[str, Side]


def load_codec(place: str) -> Any:
    """The codec of `features/<name>` or `tokens/<name>`."""
    room, _ = place.split("/", 1)
    folder = paths.encoding(place) / "codec"
    kind = read_json(folder / "codec.json")["kind"]
    return import_module(f"pipeline.{room}.{kind}").Codec.load(folder)


def load_side(place: str, corpus: str, split: str) -> Side:
    """One split of `features/<name>` or `tokens/<name>`."""
    return Side(
        codec=load_codec(place),
        sequences=Sequences.open(paths.encoding(place) / split),
        manifest=paths.manifest(corpus, split),
        field=read_json(paths.encoding(place) / "codec" / "codec.json")["field"],
    )


def typed_side(place: str, values: list[Any]) -> Side:
    """What a person typed (texts, lists of words, or waveforms), encoded as `place` encodes its corpus."""
    codec = load_codec(place)
    return Side(codec=codec, sequences=Sequences.of([codec.encode(v) for v in values]), typed=tuple(values))
