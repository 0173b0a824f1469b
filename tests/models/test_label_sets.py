from itertools import islice

import numpy as np
import pytest

from pipeline.models.label_sets import answer, best_sets, micro_f1


@pytest.mark.parametrize("seed", range(5))
def test_sets_come_likeliest_first_as_by_trying_all(seed: int) -> None:
    odds = np.random.default_rng(seed).normal(size=5)
    every = []
    for number in range(2**5):
        member = np.array([number >> label & 1 for label in range(5)], dtype=bool)
        log_p = -np.logaddexp(0, np.where(member, -odds, odds)).sum()
        every.append((log_p, np.flatnonzero(member).tolist()))
    every.sort(reverse=True)
    found = list(best_sets(odds))
    assert [classes for classes, _ in found] == [classes for _, classes in every]
    assert [score for _, score in found] == pytest.approx([log_p for log_p, _ in every])


def test_many_labels_cost_little() -> None:
    assert len(list(islice(best_sets(np.linspace(-3, 2, 500)), 20))) == 20
    assert list(best_sets(np.zeros(0))) == [([], 0.0)]


def test_an_answer_holds_the_whole_vocabulary() -> None:
    found = answer([2, 0], -1.5, np.array([0.5, 0.25, 1.0]))
    assert found.tokens == [4, 6] and found.score == -1.5
    assert found.marginals.tolist() == [[0, 0, 0, 0, 0.5, 0.25, 1.0]]


def test_micro_f1_by_hand() -> None:
    right, found = np.array([[1, 1], [0, 1]], bool), np.array([[1, 0], [1, 1]], bool)
    assert micro_f1(right, found) == pytest.approx(4 / 6)
    assert micro_f1(right & False, found & False) == 1.0
