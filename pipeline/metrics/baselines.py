"""Systems that have learnt next to nothing: what a score must beat to mean anything.

Training values and test sources in, a hypothesis a test sentence out.
"""

import re
from collections import Counter
from typing import Any

from pipeline.metrics.metric import Training


def most_frequent(training: Training, sources: list[Any]) -> list[Any]:
    """The most frequent training sentence (the first of several), whatever was said."""
    [(sentence, _)] = Counter(training.targets).most_common(1) or [("", 0)]
    return [sentence] * len(sources)


def copy(training: Training, sources: list[Any]) -> list[Any]:
    """The source itself, untranslated. Audio cannot be copied into text: there, the most frequent sentence."""
    if any(not isinstance(source, str) for source in sources):
        return most_frequent(training, sources)
    return list(sources)


def lead(training: Training, sources: list[str]) -> list[str]:
    """The first sentence: what a news text would be summed up by."""
    return [re.split(r"(?<=[.!?])\s", source.strip(), maxsplit=1)[0] for source in sources]


def frequent_tags(training: Training, sources: list[list[str]]) -> list[list[str]]:
    """Each word's most frequent training tag; for an unknown word the most frequent tag of all."""
    by_word: dict[str, Counter[str]] = {}
    every: Counter[str] = Counter()
    for words, tags in zip(training.sources, training.targets, strict=True):
        for word, tag in zip(words, tags, strict=True):
            by_word.setdefault(word, Counter())[tag] += 1
            every[tag] += 1
    best = {word: tags.most_common(1)[0][0] for word, tags in by_word.items()}
    [(default, _)] = every.most_common(1) or [("", 0)]
    return [[best.get(word, default) for word in words] for words in sources]
