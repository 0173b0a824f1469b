"""A pointer-generator copies what it has never seen said; its steps say what its whole pass says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.data import BEGIN, END, PAD, Data, Side
from pipeline.models import pointer
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.search.steps import Decode, decode
from pipeline.sequences import Sequences

VOCABULARY = 240  # ids 4 to 7 are marks, the others words
MARK, COMMON = 4, 200  # words up to COMMON occur in training, the others in test alone
BODIES = ("lstm", "transformer")


class Vocabulary:
    def __init__(self, size: int = VOCABULARY):
        self.size = size

    def __len__(self) -> int:
        return self.size

    def tokens(self, ids: range) -> list[str]:
        return [str(i) for i in ids]


def stories(count: int, seed: int, words: range) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Five words with a mark in front of two of them; what is told are those two, after a word of its own."""
    rng = np.random.default_rng(seed)
    told, summaries = [], []
    for _ in range(count):
        drawn = rng.choice(np.array(words), size=5, replace=False)
        first, second = sorted(rng.choice(5, size=2, replace=False))
        story = [t for i, word in enumerate(drawn) for t in ([MARK, word] if i in (first, second) else [word])]
        told.append(np.array(story, dtype=np.int32))
        summaries.append(np.array([5, drawn[first], drawn[second]], dtype=np.int32))
    return told, summaries


def side(texts: list[np.ndarray], size: int = VOCABULARY) -> Side:
    return Side(Vocabulary(size), Sequences.of(texts))


def given(target_size: int = VOCABULARY) -> Data:
    train, dev = stories(600, 1, range(8, COMMON)), stories(60, 2, range(8, COMMON))
    return Data(
        {"train": side(train[0]), "dev": side(dev[0])},
        {"train": side(train[1], target_size), "dev": side(dev[1], target_size)},
    )


def trained(work: Path, **chosen: object) -> pointer.Pointer:
    config = configure(pointer.Config, {"hidden": 32, "ffn": 64, "dropout": 0.1, **chosen}, "model")
    options = {"epochs": 14, "batch": 300, "lr": 1e-2, "warmup": 20, "precision": "float32", "schedule": "linear"}
    found, _ = pointer.fit(
        data=given(), config=config, options=configure(pointer.Train, options, "t"), needs=(), work=work / "work"
    )
    return found


@pytest.fixture(scope="module", params=BODIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pointer.Pointer:
    return trained(tmp_path_factory.mktemp("pointer"), body=request.param, coverage=request.param == "lstm")


def right(model: pointer.Pointer, words: range) -> float:
    told, summaries = stories(50, 3, words)
    found = decode(model=model, source=side(told), target=Vocabulary(), options=Decode(beam_size=3))  # type: ignore[arg-type]
    return float(np.mean([one.tokens == list(summary) for [one], summary in zip(found, summaries, strict=True)]))


def test_words_never_said_in_training_are_copied(model: pointer.Pointer) -> None:
    assert right(model, range(8, COMMON)) > 0.9
    assert right(model, range(COMMON, VOCABULARY)) > 0.6
