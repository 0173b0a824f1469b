import numpy as np
import pytest

from pipeline.metrics.catalogue import find
from pipeline.metrics.labels import frequent_set
from pipeline.metrics.metric import Output, Training

RIGHT = [["grain", "wheat"], ["earn"], ["grain"], ["trade", "grain"]]
FOUND = [["wheat", "grain"], ["earn", "acq"], ["trade"], ["grain"]]


def scores(references: list[list[str]], hypotheses: list[list[str]]) -> dict[str, float]:
    metric = find("labels")
    sums = metric.statistics(Output([""] * len(references), references, hypotheses)).sum(axis=0)
    return {name: float(value) for name, value in metric.scores(sums).items()}


def test_by_hand() -> None:
    found = scores(RIGHT, FOUND)  # right: grain, wheat, earn, grain; wrong: acq, trade; missed: grain, trade
    assert found["micro_precision"] == pytest.approx(100 * 4 / 6)
    assert found["micro_recall"] == pytest.approx(100 * 4 / 6)
    assert found["micro_f1"] == pytest.approx(100 * 4 / 6)
    # grain 2/3 of 3, earn and wheat all, trade none; acq occurs nowhere
    assert found["macro_precision"] == pytest.approx(100 * (1 + 1 + 1 + 0) / 4)
    assert found["macro_recall"] == pytest.approx(100 * (2 / 3 + 1 + 1 + 0) / 4)
    assert found["macro_f1"] == pytest.approx(100 * (4 / 5 + 1 + 1 + 0) / 4)
    assert found["subset_accuracy"] == 25.0


def test_as_scikit_learn_has_it() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    rng = np.random.default_rng(1)
    right, found = rng.random((2, 200, 6)) < 0.3
    right[:, 5] = True  # so that every label occurs
    names = np.array(list("abcdef"))
    got = scores([names[row].tolist() for row in right], [names[row].tolist() for row in found])
    for average in ("micro", "macro"):
        expected = precision_recall_fscore_support(right, found, average=average, zero_division=0)
        for name, value in zip(("precision", "recall", "f1"), expected, strict=False):
            assert got[f"{average}_{name}"] == pytest.approx(100 * value)


def test_no_labels_at_all() -> None:
    found = scores([[], []], [[], []])
    assert found["subset_accuracy"] == 100.0 and np.isnan(found["micro_f1"]) and np.isnan(found["macro_f1"])
    assert scores([["a"]], [[]])["micro_recall"] == 0.0


def test_the_trivial_system_says_the_most_frequent_set() -> None:
    training = Training([], [["b", "a"], ["a", "b"], ["a"]])
    assert frequent_set(training, ["", ""]) == [["a", "b"], ["a", "b"]]
    assert frequent_set(Training([], []), [""]) == [[]]


def test_a_draw_without_a_label_has_scores() -> None:
    metric = find("labels")
    statistics = metric.statistics(Output([""] * 4, RIGHT, FOUND))
    drawn = metric.scores(np.stack([4 * statistics[1], statistics.sum(axis=0)]))
    assert drawn["macro_recall"][0] == 100.0 and drawn["micro_precision"][0] == 50.0
    assert np.isnan(metric.scores(0 * statistics[0])["subset_accuracy"])
