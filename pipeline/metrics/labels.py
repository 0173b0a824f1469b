"""Several labels a text, right and found → precision, recall and F1 over all labels and as a mean of labels.

Micro: every label of every text weighs alike, so that frequent labels decide. Macro: the mean over the labels that
occur, each of which weighs alike (Manning et al. 2008, section 13.6). The order of labels tells nothing.
"""

from collections import Counter
from typing import Any

import numpy as np

from pipeline.metrics.metric import Metric, Output, Scores, Training, ratio


def labels() -> Metric:
    return Metric(_statistics, _scores, frequent_set, fits=lambda source, reference: isinstance(reference, list))


def frequent_set(training: Training, sources: list[Any]) -> list[list[str]]:
    """The most frequent set of training labels (the first of several), whatever the text."""
    [(found, _)] = Counter(tuple(sorted(set(target))) for target in training.targets).most_common(1) or [((), 0)]
    return [list(found)] * len(sources)


def _statistics(output: Output) -> np.ndarray:
    """int [N, 3 C + 2]: of each label whether it is found rightly, found wrongly, missed; whether all are right; 1."""
    both = [(set(right), set(found)) for right, found in zip(output.references, output.hypotheses, strict=True)]
    names = {label: i for i, label in enumerate(sorted(set().union(*(right | found for right, found in both))))}
    counts = np.zeros((len(both), len(names), 3), dtype=np.int64)
    for row, (right, found) in zip(counts, both, strict=True):
        for column, part in enumerate((right & found, found - right, right - found)):
            row[[names[label] for label in part], column] = 1
    whole = np.array([(right == found, 1) for right, found in both], dtype=np.int64).reshape(-1, 2)
    return np.concatenate([counts.reshape(len(both), -1), whole], axis=1)


def _scores(sums: np.ndarray) -> Scores:
    right, wrong, missed = np.moveaxis(sums[..., :-2].reshape(*sums.shape[:-1], -1, 3), -1, 0)  # [..., C]
    occurs = right + missed > 0  # a draw may be without a label
    found = {
        "f1": (2 * right, 2 * right + wrong + missed),  # first: systems are told apart by it
        "precision": (right, right + wrong),
        "recall": (right, right + missed),
    }
    micro = {f"micro_{name}": ratio(part.sum(axis=-1), whole.sum(axis=-1)) for name, (part, whole) in found.items()}
    macro = {f"macro_{name}": _mean(part, whole, occurs) for name, (part, whole) in found.items()}
    return {**micro, **macro, "subset_accuracy": ratio(sums[..., -2], sums[..., -1])}


def _mean(part: np.ndarray, whole: np.ndarray, occurs: np.ndarray) -> np.ndarray:
    """Over the labels that occur; one that is never found has a precision of nothing."""
    rates = np.nan_to_num(ratio(part, whole))
    return ratio(np.where(occurs, rates, 0.0).sum(axis=-1), 100.0 * occurs.sum(axis=-1))
