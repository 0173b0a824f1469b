import numpy as np
import pytest

from pipeline.metrics.catalogue import find
from pipeline.metrics.labelling import frequent_label
from pipeline.metrics.metric import Output, Training


def scores(references: list[list[str]], hypotheses: list[list[str]]) -> dict[str, float]:
    metric = find("accuracy")
    sums = metric.statistics(Output([""] * len(references), references, hypotheses)).sum(axis=0)
    return {name: float(value) for name, value in metric.scores(sums).items()}


def test_by_hand() -> None:
    found = scores([["yes"], ["yes"], ["yes"], ["no"]], [["yes"], ["yes"], ["no"], ["no"]])
    assert found["accuracy"] == 75.0
    assert found["macro_f1"] == pytest.approx((80 + 200 / 3) / 2)  # 2·2 / (2·2 + 0 + 1); 2·1 / (2·1 + 1 + 0)


def test_who_always_says_the_same_has_a_poor_f1() -> None:
    gold = [["yes"]] * 9 + [["no"]]
    found = scores(gold, frequent_label(Training([], gold), [""] * 10))
    assert found["accuracy"] == 90.0 and found["macro_f1"] == pytest.approx(100 * 18 / 19 / 2)


def test_no_label_or_a_label_that_is_none_is_wrong() -> None:
    assert scores([["yes"], ["no"]], [[], ["maybe"]])["accuracy"] == 0.0
    assert frequent_label(Training([], []), [""]) == [[]]


def test_a_draw_without_a_label_has_scores() -> None:
    metric = find("accuracy")
    statistics = metric.statistics(Output(["", ""], [["yes"], ["no"]], [["yes"], ["yes"]]))
    assert float(metric.scores(2 * statistics[0])["macro_f1"]) == 100.0
    assert np.isnan(metric.scores(0 * statistics[0])["accuracy"])
