"""Symbols ↔ ids, for codecs whose tokens are a plain list. Ids 0 to 3 are pad, unknown, begin and end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import read_json, write_json

PAD, UNKNOWN, BEGIN, END = range(4)
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")

Values = Mapping[str, Iterable[Any]]  # a field's name → its training values


class TokensConfig(Row):
    """What every kind of tokens knows.

    `with` names other fields of the corpus that share this vocabulary: two rows that differ in `field` and `with` alone
    get the same ids, so that source and target embeddings can be tied.
    """

    others: tuple[str, ...] = Field(default=(), alias="with")


def texts(train: Values) -> Iterator[tuple[str, str]]:
    """(field, text) of all training values, by the names of the fields; a missing value is an empty text.

    Raises Problem if a field holds something else.
    """
    for field in sorted(train):
        for value in train[field]:
            if not isinstance(value, str | None):
                raise Problem(f"the field {field} holds {value!r:.60}, not text: take kind words, or another field")
            yield field, value or ""


class Symbols:
    """A list of symbols without the special ones, in the order of their ids (the first has id 4)."""

    PAD, UNKNOWN, BEGIN, END = PAD, UNKNOWN, BEGIN, END

    def __init__(self, symbols: Iterable[str]):
        self.symbols = [*SPECIAL, *symbols]
        # From the fourth on: a text that holds `<s>` has met an unknown symbol, not the beginning.
        self._ids = {symbol: i for i, symbol in enumerate(self.symbols) if i >= len(SPECIAL)}

    def __len__(self) -> int:
        return len(self.symbols)

    def ids(self, symbols: Iterable[str]) -> np.ndarray:
        """int32 [U]; a symbol never seen is UNKNOWN."""
        return np.fromiter((self._ids.get(symbol, UNKNOWN) for symbol in symbols), dtype=np.int32)

    def tokens(self, ids: Any) -> list[str]:
        """The symbols of ids [U], special ones included: for pictures."""
        return [self.symbols[int(i)] for i in ids]

    def content(self, ids: Any) -> list[str]:
        """The symbols of ids [U] without pad, begin and end."""
        return [self.symbols[int(i)] for i in ids if i not in (PAD, BEGIN, END)]

    def save(self, folder: Path) -> None:
        write_json(folder / "vocabulary.json", self.symbols[len(SPECIAL) :])


def read_symbols(folder: Path) -> list[str]:
    """What `Symbols.save` wrote."""
    symbols: list[str] = read_json(folder / "vocabulary.json")
    return symbols


def by_frequency(symbols: Iterable[str], min_count: int = 1) -> list[str]:
    """The distinct symbols that occur `min_count` times or more, the most frequent first, equals by code point."""
    counts = Counter(symbols)
    return sorted((s for s, count in counts.items() if count >= min_count), key=lambda s: (-counts[s], s))
