"""Models that answer by one label a text: which labels there are, and how the likeliest of them are handed on.

A label is a token of the target's vocabulary, class 0 the first one behind its special tokens.
"""

from collections.abc import Iterator

import numpy as np
from pydantic import Field

from pipeline.data import END, Side, Vocabulary
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis

FIRST = END + 1  # the token of class 0


class Decode(Row):
    n_best: int = Field(1, ge=1)  # at most as many as there are labels


def count(codec: Vocabulary) -> int:
    """How many labels a target's vocabulary has. Raises Problem if there is nothing to choose between."""
    labels = len(codec) - FIRST
    if labels < 2:
        raise Problem(f"train has {labels or 'no'} label{'s' * (labels != 1)}: take a corpus with two at least")
    return labels


def classes(target: Side) -> np.ndarray:
    """The class of each record, int64 [N]. Raises Problem naming one that has not just one label, one of train's."""
    found = []
    for row, identifier in enumerate(target.sequences.ids):
        label = target.sequences[row]
        if len(label) != 1 or label[0] < FIRST:
            raise Problem(
                f"{identifier} has {len(label)} labels, or one that train has not: "
                "take a field with one word a record, each of which occurs in train"
            )
        found.append(int(label[0]) - FIRST)
    return np.array(found, dtype=np.int64)


def ranked(log_p: np.ndarray, n_best: int) -> Iterator[list[Hypothesis]]:
    """Log-probabilities [N, C] → the likeliest labels of each record, scored by them."""
    for row, order in zip(log_p, np.argsort(-log_p, axis=1, kind="stable")[:, :n_best], strict=True):
        yield [Hypothesis([int(label) + FIRST], float(row[label])) for label in order]
