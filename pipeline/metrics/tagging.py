"""Gold and found tags, a list a sentence → accuracy over all words, over words seen in training and over the others."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, ratio


def count_tags(
    words: Sequence[Sequence[str]],
    references: Sequence[Sequence[str]],
    hypotheses: Sequence[Sequence[str]],
    known: Collection[str],
) -> np.ndarray:
    """int [N, 4]: known words tagged rightly, known words, unknown words tagged rightly, unknown words.

    A word that a hypothesis is too short for is tagged wrongly; tags beyond the last word are not looked at.
    """
    counts = np.zeros((len(references), 4), dtype=np.int64)
    for row, sentence, gold, found in zip(counts, words, references, hypotheses, strict=True):
        for i, (word, tag) in enumerate(zip(sentence, gold, strict=True)):
            column = 0 if word in known else 2
            row[column] += i < len(found) and found[i] == tag
            row[column + 1] += 1
    return counts


def accuracies(sums: np.ndarray) -> Scores:
    known_right, known, unknown_right, unknown = np.moveaxis(sums, -1, 0)
    return {
        "accuracy": ratio(known_right + unknown_right, known + unknown),
        "accuracy_known": ratio(known_right, known),
        "accuracy_unknown": ratio(unknown_right, unknown),
    }


def tagging() -> Metric:
    def statistics(output: Output) -> np.ndarray:
        return count_tags(output.sources, output.references, output.hypotheses, output.known)

    def fits(words: Any, tags: Any) -> bool:
        return isinstance(words, list) and isinstance(tags, list) and len(words) == len(tags)

    return Metric(statistics, accuracies, baselines.frequent_tags, counts={"unknown_words": 3}, fits=fits)
