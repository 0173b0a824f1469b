"""Gold and found tags, a list a sentence → accuracy over all words, over words seen in training and over the others,
and over those that were seen with several tags.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, Training, ratio


def count_tags(
    words: Sequence[Sequence[str]],
    references: Sequence[Sequence[str]],
    hypotheses: Sequence[Sequence[str]],
    known: Collection[str],
    ambiguous: Collection[str] = frozenset(),
) -> np.ndarray:
    """int [N, 6]: known words tagged rightly, known words, unknown words tagged rightly, unknown words, and of the
    known ones those that are `ambiguous` tagged rightly, ambiguous words.

    A word that a hypothesis is too short for is tagged wrongly; tags beyond the last word are not looked at.
    """
    counts = np.zeros((len(references), 6), dtype=np.int64)
    for row, sentence, gold, found in zip(counts, words, references, hypotheses, strict=True):
        for i, (word, tag) in enumerate(zip(sentence, gold, strict=True)):
            right = i < len(found) and found[i] == tag
            for column in (0 if word in known else 2, *([4] if word in ambiguous else [])):
                row[column] += right
                row[column + 1] += 1
    return counts


def accuracies(sums: np.ndarray) -> Scores:
    known_right, known, unknown_right, unknown, ambiguous_right, ambiguous = np.moveaxis(sums, -1, 0)
    return {
        "accuracy": ratio(known_right + unknown_right, known + unknown),
        "accuracy_known": ratio(known_right, known),
        "accuracy_unknown": ratio(unknown_right, unknown),
        "accuracy_ambiguous": ratio(ambiguous_right, ambiguous),
    }


def ambiguous_words(training: Training) -> frozenset[str]:
    """The words that have several tags in training."""
    tags: dict[str, str] = {}
    found: set[str] = set()
    for words, labels in zip(training.sources, training.targets, strict=True):
        found.update(word for word, tag in zip(words, labels, strict=True) if tags.setdefault(word, tag) != tag)
    return frozenset(found)


def tagging() -> Metric:
    def statistics(output: Output) -> np.ndarray:
        ambiguous = ambiguous_words(output.training) if output.training is not None else frozenset()
        return count_tags(output.sources, output.references, output.hypotheses, output.known, ambiguous)

    def fits(words: Any, tags: Any) -> bool:
        return isinstance(words, list) and isinstance(tags, list) and len(words) == len(tags)

    return Metric(
        statistics, accuracies, baselines.frequent_tags, counts={"unknown_words": 3, "ambiguous_words": 5}, fits=fits
    )
