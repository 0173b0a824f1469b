"""A classifier a label: what each word tells, how thresholds are tuned, one label a text as the special case."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data import Data
from pipeline.models import binary_relevance
from pipeline.models.binary_relevance import Config, Decode, Relevance, Train, best_threshold, chosen, tuned
from pipeline.models.labels import FIRST
from pipeline.problems import Problem
from tests.models.sides import side

TOPICS = 3


def drawn(count: int, seed: int, several: bool) -> tuple[list[list[int]], list[list[int]]]:
    """Each topic has two words of its own, one of which stands in its texts, among words of no topic."""
    rng = np.random.default_rng(seed)
    texts, found = [], []
    for _ in range(count):
        topics = np.flatnonzero(rng.random(TOPICS) < 0.4) if several else rng.integers(TOPICS, size=1)
        words = [4 + 2 * topic + rng.integers(2) for topic in topics]
        texts.append([*words, *rng.integers(10, 20, 4)])
        found.append([FIRST + int(topic) for topic in topics])
    return texts, found


def data(several: bool) -> Data:
    train, dev = drawn(300, 1, several), drawn(80, 2, several)
    return Data(
        source={"train": side(train[0], 20), "dev": side(dev[0], 20)},
        target={"train": side(train[1], TOPICS + FIRST), "dev": side(dev[1], TOPICS + FIRST)},
    )


def learnt(given: Data, **config: Any) -> Relevance:
    model, history = binary_relevance.fit(
        data=given, config=Config.model_validate(config), options=Train.model_validate({}), needs=(), work=Path("none")
    )
    assert history == []
    return model


def found(model: Relevance, rows: Any, n_best: int = 1) -> list[list[Any]]:
    options = Decode.model_validate({"n_best": n_best})
    return list(binary_relevance.decode(model=model, source=side(rows, 20), target=None, options=options))


def test_the_right_labels_are_found_and_a_saved_model_is_the_same(tmp_path: Path) -> None:
    given = data(several=True)
    model = learnt(given, empty=True)
    texts, truth = drawn(100, 3, several=True)
    answers = found(model, texts)
    assert np.mean([best.tokens == right for [best], right in zip(answers, truth, strict=True)]) > 0.97
    binary_relevance.save(model, tmp_path)
    again = found(binary_relevance.load(tmp_path), texts)
    assert [(best.tokens, best.score) for [best] in answers] == [(best.tokens, best.score) for [best] in again]
    [[first, second]] = found(model, [[4, 6, 10]], n_best=2)
    assert first.tokens == [FIRST, FIRST + 1] and first.score > second.score
    assert first.marginals.shape == (1, TOPICS + FIRST) and (first.marginals[0, FIRST : FIRST + 2] > 0.5).all()


def test_one_label_a_text() -> None:
    model = learnt(data(several=False), classes="single")
    texts, truth = drawn(100, 3, several=False)
    answers = found(model, texts, n_best=5)
    assert np.mean([n_best[0].tokens == right for n_best, right in zip(answers, truth, strict=True)]) > 0.97
    assert all(len(n_best) == TOPICS for n_best in answers)
    assert np.exp([one.score for one in answers[0]]).sum() == pytest.approx(1)
    assert answers[0][0].marginals.sum() == pytest.approx(1)


def test_two_classes_are_two() -> None:
    texts = [[4, 10], [6, 11]] * 30
    target = side([[FIRST], [FIRST + 1]] * 30, FIRST + 2)
    source = side(texts, 20)
    model = learnt(Data({"train": source, "dev": source}, {"train": target, "dev": target}), classes="single")
    assert [best.tokens for [best] in found(model, texts[:2])] == [[FIRST], [FIRST + 1]]


def test_a_text_without_a_label_gets_the_nearest_one_unless_it_may_have_none() -> None:
    given = data(several=True)
    nothing = [[10, 11], [], [1] * 5000]
    assert all(len(best.tokens) == 1 for [best] in found(learnt(given), nothing))
    assert all(best.tokens == [] for [best] in found(learnt(given, empty=True), nothing))
    assert all(one.tokens for n_best in found(learnt(given), nothing, n_best=4) for one in n_best)
    assert chosen(np.array([[-2.0, -1.0], [1.0, 2.0]]), empty=False).tolist() == [[False, True], [True, True]]


def test_a_label_that_every_text_has_or_none() -> None:
    train, truth = drawn(60, 1, several=True)
    rows = [[FIRST, *(label + 1 for label in labels)] for labels in truth]
    source, target = side(train, 20), side(rows, FIRST + TOPICS + 2)  # the last one stands in no text
    model = learnt(Data({"train": source, "dev": source}, {"train": target, "dev": target}))
    [[best]] = found(model, [[4]])
    assert FIRST in best.tokens and FIRST + TOPICS + 1 not in best.tokens


def test_thresholds_by_hand() -> None:
    odds, right = np.array([3.0, 1.0, 0.0, -1.0]), np.array([True, True, False, True])
    assert best_threshold(odds, right) == -1.5  # all four: 2·3 / (4 + 3); the best two: 2·2 / (2 + 3)
    assert best_threshold(odds, np.array([True, True, False, False])) == 0.5
    both = np.stack([odds, odds], axis=1)
    truth = np.stack([right & False, np.array([True, True, False, False])], axis=1)
    own, shared = tuned(both, truth, 0.0, True), tuned(both, truth, 1e9, True)
    assert own[1] == 0.5 and own[0] == pytest.approx(shared[0]) and shared[0] == pytest.approx(shared[1], abs=1e-5)


def test_nothing_to_learn_is_told() -> None:
    given = data(several=True)
    with pytest.raises(Problem, match="train has 1 label"):
        one = {split: side([[FIRST]] * len(s.sequences), FIRST + 1) for split, s in given.source.items()}
        learnt(Data(given.source, one))
    with pytest.raises(Problem, match="split is empty"):
        learnt(Data({**given.source, "dev": side([], 20)}, given.target))
    with pytest.raises(Problem, match=r"has [023] labels"):
        learnt(given, classes="single")
