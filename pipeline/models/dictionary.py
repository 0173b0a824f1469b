"""Words → tags: each word its most frequent tag, whatever stands around it. What taggers are held against.

A word that training lacks gets the tag that is most frequent among the words that training has once: they are like it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data import Data, Side
from pipeline.models import tags
from pipeline.models.tags import Decode as Decode
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.sequences import read_json, write_json

READS, WRITES = "tokens", "tokens"


class Config(Row):
    """There is nothing to choose."""


class Train(Row):
    """Counting has no options."""


@dataclass(frozen=True)
class Dictionary:
    words: dict[str, np.ndarray]  # P(tag | word), float [C]
    unknown: np.ndarray  # P(tag) of a word that occurs once, float [C]

    def find(self, word: str) -> np.ndarray:
        return self.words.get(word, self.unknown)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Dictionary, list[dict[str, float]]]:
    """Count the training sentences. There are no epochs, and so no history."""
    source, target = data.source["train"], data.target["train"]
    count = tags.count(target.codec)
    counts: dict[str, np.ndarray] = {}
    for row in tags.usable(source, target):
        for word, tag in zip(source.values[row], target.sequences[row] - tags.TAGS, strict=True):
            counts.setdefault(word, np.zeros(count))[tag] += 1
    once: np.ndarray = sum((found for found in counts.values() if found.sum() == 1), np.zeros(count))
    if not once.any():
        once = sum(counts.values(), np.zeros(count))
    print(f"{len(counts)} words, {count} tags")
    return Dictionary({word: found / found.sum() for word, found in counts.items()}, once / once.sum()), []


def decode(*, model: Dictionary, source: Side, target: object, options: Decode) -> Iterator[list[Hypothesis]]:
    """The most frequent tag of each word, the first of several, scored by Σ log P(tag | word)."""
    for words in source.values:
        found = np.array([model.find(word) for word in words]).reshape(-1, len(model.unknown))  # [L, C]
        score = float(np.log(found.max(axis=1)).sum())
        yield [tags.hypothesis(found.argmax(axis=1), score, found if options.marginals else None)]


def save(model: Dictionary, folder: Path) -> None:
    words = {word: found.tolist() for word, found in model.words.items()}
    write_json(folder / "dictionary.json", {"unknown": model.unknown.tolist(), "words": words})


def load(folder: Path) -> Dictionary:
    content = read_json(folder / "dictionary.json")
    words = {word: np.array(found) for word, found in content["words"].items()}
    return Dictionary(words, np.array(content["unknown"]))
