"""Exact match and F1 as SQuAD scores them; where a system looks for its answer."""

import numpy as np
import pytest

from pipeline.metrics.answers import answers, support, word_f1
from pipeline.metrics.metric import Output, Training


@pytest.mark.parametrize(
    ("reference", "hypothesis", "f1"),
    [
        ("the Broncos", "Broncos!", 1.0),
        ("in 2016", "2016", 2 / 3),
        ("in in 2016", "in 2016 in Denver", 6 / 7),
        ("the", "a", 1.0),  # neither has a word that counts
        ("the", "dog", 0.0),
        ("dog", "", 0.0),
        ("科学家", "科学家", 1.0),
    ],
)
def test_f1_over_words(reference: str, hypothesis: str, f1: float) -> None:
    assert word_f1(reference, hypothesis) == pytest.approx(f1)


def test_scores_are_means_over_questions() -> None:
    metric = answers()
    output = Output(["q"] * 3, ["The Broncos", "in 2016", "dog"], ["broncos.", "2016", "cat"])
    found = metric.scores(metric.statistics(output).sum(axis=0))
    assert found["exact_match"] == pytest.approx(100 / 3) and found["f1"] == pytest.approx(100 * (1 + 2 / 3) / 3)


def test_sentences_looked_at_against_those_that_support() -> None:
    metric = support()
    sources = ["Where ? | a | b | c", "Who ? | a"]
    output = Output(sources, [[0, 2], [0]], [[0, 0, 1], [0, 0, 0]])
    statistics = metric.statistics(output)
    assert statistics.tolist() == [[1, 2, 2], [1, 1, 1]]
    found = metric.scores(statistics.sum(axis=0))
    assert {name: round(float(value), 2) for name, value in found.items()} == {
        "support_f1": 66.67,
        "support_precision": 66.67,
        "support_recall": 66.67,
    }
    assert metric.baseline is not None and metric.baseline(Training([], []), sources) == [[2], [0]]


def test_statistics_add_up() -> None:
    metric = answers()
    output = Output(["q"] * 4, ["a b", "b", "c", "d"], ["b", "b", "", "e"])
    assert np.array_equal(metric.statistics(output).sum(axis=0)[2:], [4.0])
