import numpy as np
import pytest

from pipeline.metrics.calibration import BINS, binned
from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Output

VOCABULARY = ["<pad>", "<unk>", "<s>", "</s>", "a", "b"]


def errors(output: Output) -> dict[str, float]:
    metric = find("calibration")
    found = metric.scores(metric.statistics(output).sum(axis=0))
    return {name: float(value) for name, value in found.items()}


def told(references: list[list[str]], likely: list[list[float]]) -> Output:
    marginals = [np.array([[0, 0, 0, 0, *row]], dtype=np.float32) for row in likely]
    return Output([""] * len(references), references, references, marginals=marginals, vocabulary=VOCABULARY)


def test_by_hand() -> None:
    # a: 0.9 twice, once right; b: 0.2 twice, never right. Distances 2 · 0.9 - 1 and 2 · 0.2 over four labels.
    found = errors(told([["a"], []], [[0.9, 0.2], [0.9, 0.2]]))
    assert found["ece"] == pytest.approx(100 * (0.8 + 0.4) / 4)
    assert found["ece_top"] == pytest.approx(100 * 0.8 / 2)


def test_who_is_right_as_often_as_he_says_has_no_error() -> None:
    found = errors(told([["a"], ["b"], ["a"], ["a"]], [[0.75, 0.25]] * 4))
    assert found == pytest.approx({"ece": 0.0, "ece_top": 0.0}, abs=1e-4)


def test_a_system_without_probabilities_is_sure_of_what_it_says() -> None:
    found = errors(Output(["", ""], [["a"], ["b"]], [["a"], ["a"]]))
    assert found == pytest.approx({"ece": 50.0, "ece_top": 50.0})


def test_a_label_that_train_lacks_was_held_impossible() -> None:
    assert errors(told([["new"]], [[0.0, 0.0]]))["ece"] == pytest.approx(100 / 3)


def test_the_ends_of_the_scale_have_a_bin() -> None:
    counts = binned(np.array([[0.0, 1.0, 0.5]]), np.array([[False, True, True]]))
    assert counts[0, 0].tolist() == [1, 0, 0] and counts[0, BINS - 1].tolist() == [1, 1, 1]
    assert counts[0, :, 0].sum() == 3
