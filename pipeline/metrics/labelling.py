"""One label a text, right and found → accuracy, and the F1 of the labels, each of which weighs alike."""

from collections import Counter
from typing import Any

import numpy as np

from pipeline.metrics.metric import Metric, Output, Scores, Training, ratio


def accuracy() -> Metric:
    """`macro_f1` is the mean of the labels' F1: who always says the most frequent label does badly there."""
    return Metric(_statistics, _scores, frequent_label, fits=lambda source, label: _single(label))


def frequent_label(training: Training, sources: list[Any]) -> list[list[str]]:
    """The most frequent training label (the first of several), whatever was said."""
    [(label, _)] = Counter(map(tuple, training.targets)).most_common(1) or [((), 0)]
    return [list(label)] * len(sources)


def _single(label: Any) -> bool:
    return isinstance(label, list) and len(label) == 1


def _statistics(output: Output) -> np.ndarray:
    """int [N, 3 C]: of each label whether it was found rightly, found wrongly, missed."""
    names = {label: i for i, label in enumerate(sorted({reference[0] for reference in output.references}))}
    counts = np.zeros((len(output.references), len(names), 3), dtype=np.int64)
    for row, [reference], found in zip(counts, output.references, output.hypotheses, strict=True):
        if found == [reference]:
            row[names[reference], 0] = 1
            continue
        row[names[reference], 2] = 1
        for label in set(found) & set(names):
            row[names[label], 1] = 1
    return counts.reshape(len(counts), -1)


def _scores(sums: np.ndarray) -> Scores:
    right, wrong, missed = np.moveaxis(sums.reshape(*sums.shape[:-1], -1, 3), -1, 0)  # [..., C]
    f1 = ratio(2 * right, 2 * right + wrong + missed)
    occurs = ~np.isnan(f1)  # a draw may be without a label
    return {
        "accuracy": ratio(right.sum(axis=-1), (right + missed).sum(axis=-1)),
        "macro_f1": ratio(np.where(occurs, f1, 0.0).sum(axis=-1), 100.0 * occurs.sum(axis=-1)),
    }
