"""Words as a tagger reads them: the word in lower case, its letters, its beginnings and endings, how it is written.

A word that training lacks still has letters, endings and a shape; what is counted here is counted on the training
words. Ids of every table begin with NONE (padding, or nothing there) and RARE (not in the table).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

NONE, RARE = range(2)
FIRST = 2  # the id of a table's first entry
AFFIX = 4  # letters of the longest beginning and ending
LETTERS = 24  # of a longer word those in the middle are left out


class Types(NamedTuple):
    """N different words."""

    letters: np.ndarray  # [N, K] int64, NONE behind a word's last
    counts: np.ndarray  # [N] int64: letters of each, one at least
    parts: np.ndarray  # [N, P] int64: shape, then beginnings and endings; NONE where the word is shorter


@dataclass(frozen=True)
class Spelling:
    """The tables, each by its ids without NONE and RARE. Plain lists: they are saved as JSON."""

    words: list[str]  # in lower case, the most frequent first
    frequency: list[int]  # of each in training
    letters: list[str]
    parts: list[str]

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]], rare: int = 2) -> "Spelling":
        """From training sentences. A part that fewer than `rare` different words have tells nothing of another word."""
        counts = Counter(word for sentence in sentences for word in sentence)
        lower: Counter[str] = Counter()
        letters: Counter[str] = Counter()
        parts: Counter[str] = Counter()
        for word in sorted(counts):
            lower[word.lower()] += counts[word]
            letters.update(set(word))
            parts.update(part for part in parts_of(word) if part)
        words = sorted(lower, key=lambda word: (-lower[word], word))
        return cls(
            words=words,
            frequency=[lower[word] for word in words],
            letters=sorted(letter for letter, count in letters.items() if count >= rare),
            parts=sorted(part for part, count in parts.items() if count >= rare),
        )

    @classmethod
    def read(cls, content: dict[str, Any]) -> "Spelling":
        return cls(**content)

    def written(self) -> dict[str, Any]:
        return asdict(self)

    @cached_property
    def seen(self) -> np.ndarray:
        """How often each word was seen in training, by its id; 1 of those that are none."""
        return np.array([*[1] * FIRST, *self.frequency])

    @cached_property
    def _word_ids(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words, start=FIRST)}

    @cached_property
    def _letter_ids(self) -> dict[str, int]:
        return {letter: i for i, letter in enumerate(self.letters, start=FIRST)}

    @cached_property
    def _part_ids(self) -> dict[str, int]:
        return {part: i for i, part in enumerate(self.parts, start=FIRST)} | {"": NONE}

    def word(self, word: str) -> int:
        return self._word_ids.get(word.lower(), RARE)

    def types(self, words: Sequence[str]) -> Types:
        """What the letters of these words tell."""
        spelt = [[self._letter_ids.get(letter, RARE) for letter in shortened(word)] or [RARE] for word in words]
        counts = np.array([len(ids) for ids in spelt], dtype=np.int64)
        letters = np.full((len(words), int(counts.max(initial=1))), NONE, dtype=np.int64)
        letters[np.arange(letters.shape[1]) < counts[:, None]] = [letter for ids in spelt for letter in ids]
        parts = [[self._part_ids.get(part, RARE) for part in parts_of(word)] for word in words]
        return Types(letters, counts, np.array(parts, dtype=np.int64).reshape(len(words), PARTS))


PARTS = 1 + 2 * AFFIX


def shortened(word: str) -> str:
    """Its first and its last letters, where it is too long: an address, a line of dashes."""
    return word if len(word) <= LETTERS else word[: LETTERS // 2] + word[-LETTERS // 2 :]


def parts_of(word: str) -> list[str]:
    """[P]: the shape; the first 1, 2, ... letters and the last 1, 2, ..., in lower case, digits all one.

    Each tells what it is, so that none is taken for another; an empty text where the word is shorter.
    """
    plain = "".join("0" if letter.isdigit() else letter for letter in word.lower())
    lengths = range(1, AFFIX + 1)
    beginnings = [f"{plain[:n]}-" if len(plain) >= n else "" for n in lengths]
    endings = [f"-{plain[-n:]}" if len(plain) >= n else "" for n in lengths]
    return [f"= {shape(word)}", *beginnings, *endings]


def shape(word: str) -> str:
    """A for capitals, a for small letters, 0 for digits, others as they are; runs of one are written once or twice."""
    kinds = (
        "0" if letter.isdigit() else "A" if letter.isupper() else "a" if letter.isalpha() else letter
        for letter in shortened(word)
    )
    return "".join(kind + "+" * (len(list(run)) > 1) for kind, run in groupby(kinds))
