import numpy as np

from pipeline.metrics.bootstrap import intervals, resample
from pipeline.metrics.metric import ratio


def accuracy(sums):
    return {"accuracy": ratio(sums[..., 0], sums[..., 1])}


def test_a_resample_draws_as_many_sentences_as_there_are():
    sums = resample(np.ones((7, 2), dtype=int), resamples=20)
    assert sums.shape == (20, 2)
    assert (sums == 7).all()


def test_blocks_of_resamples_are_joined(monkeypatch):
    monkeypatch.setattr("pipeline.metrics.bootstrap.BLOCK", 14)
    assert resample(np.ones((7, 2)), resamples=5).shape == (5, 2)


def test_the_interval_of_a_proportion_is_the_binomial_one():
    # 400 sentences of one word, 300 right: 75 % ± 1.96 · sqrt(0.75 · 0.25 / 400) = 75 ± 4.24
    right = np.array([1] * 300 + [0] * 100)
    low, high = intervals(np.stack([right, np.ones(400)], axis=1), accuracy)["accuracy"]
    assert abs(low - 70.76) < 0.7
    assert abs(high - 79.24) < 0.7


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    statistics = np.stack([np.arange(50), np.full(50, 50)], axis=1)
    assert intervals(statistics, accuracy) == intervals(statistics, accuracy)
    assert intervals(statistics, accuracy) != intervals(statistics, accuracy, seed=2)


def test_one_sentence_has_an_interval_of_no_width():
    assert intervals(np.array([[3, 4]]), accuracy)["accuracy"] == (75.0, 75.0)


def test_a_score_that_no_resample_defines_has_no_interval():
    low, high = intervals(np.zeros((3, 2)), accuracy)["accuracy"]
    assert np.isnan(low)
    assert np.isnan(high)
