import numpy as np
import pytest

from pipeline.metrics.metric import ratio
from pipeline.metrics.pairs import difference, differences, drawn


def accuracy(sums):
    return {"accuracy": ratio(sums[..., 0], sums[..., 1])}


def answers(right):
    return drawn(np.stack([right, np.ones(len(right))], axis=1), accuracy)


def test_a_difference_is_surer_than_the_scores_where_both_find_the_same_sentences_hard():
    # 400 sentences; the second system is right where the first is, and in 20 more.
    before = np.array([1] * 200 + [0] * 200)
    after = np.array([1] * 220 + [0] * 180)
    found = differences(answers(before), answers(after))["accuracy"]
    assert (found.before, found.after, found.change) == (50, 55, pytest.approx(5))
    # The binomial interval of 20 of 400: 5 ± 1.96 · 100 · sqrt(0.05 · 0.95 / 400) = 5 ± 2.14
    assert found.low == pytest.approx(2.86, abs=0.4)
    assert found.high == pytest.approx(7.14, abs=0.4)
    assert found.clear
    # Two systems that are right independently: 1.96 · 100 · sqrt(2 · 0.25 / 400) = 6.9 to either side.
    random = np.random.default_rng(1)
    one, other = (random.permutation(before) for _ in range(2))
    apart = differences(answers(one), answers(other))["accuracy"]
    assert apart.high - apart.low == pytest.approx(13.9, abs=1.5)
    assert not apart.clear


def test_a_system_does_not_differ_from_itself():
    same = answers(np.array([1, 0, 1]))
    found = difference(same["accuracy"], same["accuracy"])
    assert (found.change, found.low, found.high, found.clear) == (0, 0, 0, False)


def test_what_one_of_them_lacks_and_what_nothing_defines_are_left_out():
    none = drawn(np.zeros((3, 2)), accuracy)
    assert none == {}
    assert differences(none, answers(np.ones(3))) == {}
