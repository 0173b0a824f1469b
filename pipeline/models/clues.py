"""Sentences → a sparse matrix: what each place shows of its word and of the words around it, a column a clue.

The clues are those that tagging by weighed features is known for (Ratnaparkhi 1996, table 1; Toutanova et al. 2003,
section 3): the word, its shape, its beginnings and endings; two words to either side; the neighbours' shapes and
endings; pairs of the word with a neighbour, and of their endings, which unknown words have as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.models.spelling import parts_of, shape

EDGE = ""  # stands for the two words before a sentence, and behind it


class Clues:
    """Clue → column. Columns are numbered as the clues are met in training."""

    def __init__(self, names: Iterable[str] = ()):
        self.columns = {name: i for i, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.columns)

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]]) -> "Clues":
        """Every clue of the training sentences."""
        return cls(dict.fromkeys(clue for place in _places(sentences) for clue in place))

    def matrix(self, sentences: Iterable[Sequence[str]]) -> Any:
        """scipy CSR float64 [words of all sentences, clues], 1 where a place shows a clue."""
        from scipy.sparse import csr_array

        known = self.columns.get
        rows = [[column for column in map(known, place) if column is not None] for place in _places(sentences)]
        ends = np.cumsum([0, *map(len, rows)])
        columns = np.fromiter((column for row in rows for column in row), dtype=np.int32)
        return csr_array((np.ones(len(columns)), columns, ends), shape=(len(rows), len(self)))


class _Word:
    """What is looked at in a word, made once."""

    def __init__(self, word: str):
        self.word, self.lower = word, word.lower()
        self.two, self.three = self.lower[-2:], self.lower[-3:]
        self.shape = shape(word)

    @cached_property
    def own(self) -> list[str]:
        """The clues of a word by itself."""
        return ["0", f"0 {self.lower}", f"0 as {self.word}", *(f"0 in {part}" for part in parts_of(self.word) if part)]


def _places(sentences: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """The clues of every word of all sentences."""
    known: dict[str, _Word] = {}
    edge = _Word(EDGE)
    for sentence in sentences:
        words = [edge, edge, *(known.get(word) or known.setdefault(word, _Word(word)) for word in sentence), edge, edge]
        for i in range(len(sentence)):
            yield _clues(words[i : i + 5])


def _clues(around: list[_Word]) -> list[str]:
    """Of the word in the middle of five."""
    second, before, word, after, next_but_one = around
    return [
        *word.own,
        f"-2 {second.lower}",
        f"-1 {before.lower}",
        f"+1 {after.lower}",
        f"+2 {next_but_one.lower}",
        f"-1 = {before.shape}",
        f"+1 = {after.shape}",
        f"-1 -{before.three}",
        f"+1 -{after.three}",
        f"-1 0 {before.lower} {word.lower}",
        f"0 +1 {word.lower} {after.lower}",
        f"-1 0 -{before.two} -{word.three}",
        f"0 +1 -{word.three} -{after.two}",
    ]
