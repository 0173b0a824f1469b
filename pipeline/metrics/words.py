"""Pairs of sentences that translate each other → which word translates which: IBM Model 1 (Brown et al. 1993).

Every target word is translated from one source word, or from none (NONE), any as likely: p(t | S) = 1/|S| Σ_s p(t | s).
Expectation maximisation finds p(t | s) from pairs alone, from whatever start. Where a target word is looked for in a
sentence, places that are about as far in it are likelier (Dyer et al. 2013, equation 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROUNDS = 5  # of expectation maximisation
CELLS = 20_000_000  # pairs of words that are looked at: bounds time and memory on long corpora
NONE = ""  # what a target word without a source word is translated from
TENSION = 4.0  # how much places count (Dyer et al. 2013, section 4: λ, which they leave at 4)

Texts = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Translations:
    """p(target word | source word)."""

    sources: dict[str, int]
    targets: dict[str, int]
    keys: np.ndarray  # int64 [K], sorted: source * len(targets) + target
    shares: np.ndarray  # float [K]

    @classmethod
    def learn(cls, sources: Texts, targets: Texts, rounds: int = ROUNDS) -> "Translations":
        """From pairs of sentences, each a list of words; those beyond the first CELLS are left out."""
        sizes = np.cumsum([(len(source) + 1) * len(target) for source, target in zip(sources, targets, strict=True)])
        pairs = list(zip(sources, targets, strict=True))[: int(np.searchsorted(sizes, CELLS, side="right"))]
        left = _numbers([[NONE], *(source for source, _ in pairs)])
        right = _numbers([target for _, target in pairs])
        cells, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        words = 0
        for source, target in pairs:
            ids = np.array([left[NONE], *(left[word] for word in source)])
            others = np.array([right[word] for word in target], np.int64)
            cells.append((ids[None, :] * len(right) + others[:, None]).ravel())  # [T * (S + 1)]
            places.append(np.repeat(np.arange(words, words + len(target)), len(ids)))
            words += len(target)
        keys, cell = np.unique(np.concatenate(cells), return_inverse=True)
        place = np.concatenate(places)
        source_of = keys // max(1, len(right))
        shares = np.ones(len(keys))
        for _ in range(rounds):
            expected = shares[cell]
            expected /= np.bincount(place, expected, words)[place]
            counts = np.bincount(cell, expected, len(keys))
            shares = counts / np.bincount(source_of, counts, len(left))[source_of]
        return cls(left, right, keys, shares)

    def __call__(self, source: str, target: str) -> float:
        """p(target | source); 0 of words that were not seen together."""
        if source not in self.sources or target not in self.targets:
            return 0.0
        key = self.sources[source] * len(self.targets) + self.targets[target]
        place = int(np.searchsorted(self.keys, key))
        return float(self.shares[place]) if place < len(self.keys) and self.keys[place] == key else 0.0

    def place(self, source: Sequence[str], index: int, target: Sequence[str]) -> int | None:
        """The place in `target` of the word that translates word `index` of `source`; None if nothing may do so."""
        if not target:
            return None
        near = np.abs(np.subtract.outer((np.arange(len(target)) + 0.5) / len(target), _middles(len(source))))
        weights = np.exp(-TENSION * near)  # [T, S]
        scores = weights * np.array([[self(word, other) for word in source] for other in target])
        column = scores[:, index]
        # Of the words that are likelier from here than from any other word of the source, the likeliest.
        own = np.where(scores.argmax(axis=1) == index, column, 0.0)
        chosen = own if own.any() else column
        return int(chosen.argmax()) if chosen.any() else None


def _numbers(texts: Texts) -> dict[str, int]:
    return {word: i for i, word in enumerate(dict.fromkeys(word for text in texts for word in text))}


def _middles(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count
