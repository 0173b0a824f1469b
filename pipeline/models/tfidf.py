"""Tokens of texts → their terms with weights: what counts is which words a text holds, and how rare they are elsewhere.

    w(v, d) = (1 + log count of v in d) · (1 + log (1 + N) / (1 + texts with v)),  each text's weights of length 1

(Salton and Buckley 1988; the second factor as scikit-learn smooths it). Unknown tokens weigh nothing.
"""

from typing import NamedTuple

import numpy as np

from pipeline.data import END
from pipeline.sequences import Sequences


class Weighed(NamedTuple):
    """Rows of texts, end to end: a sparse matrix [B, V]."""

    terms: np.ndarray  # [Z] int64: each text's tokens, each once, in their order by number
    weights: np.ndarray  # [Z] float32
    counts: np.ndarray  # [B] int64: how many of them are a text's


def rarity(texts: Sequences, size: int) -> np.ndarray:
    """The second factor of each of V tokens, float32 [V]; 0 of those that are no terms."""
    terms, _, _ = _counted(texts, np.arange(len(texts)))
    factor = 1 + np.log((1 + len(texts)) / (1 + np.bincount(terms, minlength=size)))
    factor[: END + 1] = 0
    return factor.astype(np.float32)


def weighed(texts: Sequences, rows: np.ndarray, rarity: np.ndarray) -> Weighed:
    """Some rows [B] of the texts."""
    terms, rows_of, times = _counted(texts, rows)
    weights = (1 + np.log(times)) * rarity[terms]
    norms = np.sqrt(np.bincount(rows_of, weights**2, minlength=len(rows)))
    norms[norms == 0] = 1
    counts = np.bincount(rows_of, minlength=len(rows))
    return Weighed(terms, (weights / norms[rows_of]).astype(np.float32), counts)


def _counted(texts: Sequences, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each known token of each row once: tokens, their rows, how often they occur there; [Z] each."""
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    tokens, lengths = texts.flat(rows)
    known = tokens > END
    pairs = np.stack([np.repeat(np.arange(len(rows)), lengths)[known], tokens[known]]).astype(np.int64)
    (rows_of, terms), times = np.unique(pairs, axis=1, return_counts=True)
    return terms, rows_of, times
