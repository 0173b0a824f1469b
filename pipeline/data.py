"""What a model is given: one side of a corpus as numbers, with its codec and, where it needs them, the raw records."""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipeline import paths
from pipeline.problems import Problem
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
    return codec_in(paths.encoding(place) / "codec", place.split("/", 1)[0])


def codec_in(folder: Path, room: str) -> Any:
    """The codec that a folder holds; `room`: features or tokens."""
    kind = read_json(folder / "codec.json")["kind"]
    return import_module(f"pipeline.{room}.{kind}").Codec.load(folder)


def load_side(place: str, corpus: str, split: str) -> Side:
    """One split of `features/<name>` or `tokens/<name>`.

    Raises Problem if its ids are not those of the corpus's records, which it is matched with by their order.
    """
    sequences, manifest = Sequences.open(paths.encoding(place) / split), paths.manifest(corpus, split)
    if sequences.ids != read_field(manifest, "id"):
        raise Problem(
            f"{paths.encoding(place) / split} was made from other records than {manifest}: run `dvc repro`, "
            f"or make the row of {place} name the corpus {corpus}"
        )
    field = read_json(paths.encoding(place) / "codec" / "codec.json")["field"]
    return Side(load_codec(place), sequences, manifest, field)


def typed_side(codec: Any, values: list[Any]) -> Side:
    """What a person typed (texts, lists of words, or waveforms), encoded by a codec."""
    return Side(codec=codec, sequences=Sequences.of([codec.encode(v) for v in values]), typed=tuple(values))
