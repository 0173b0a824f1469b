import numpy as np
import pytest

from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Output


def scores(*texts: str) -> dict[str, float]:
    metric = find("diversity")
    statistics = metric.statistics(Output([""] * len(texts), [""] * len(texts), list(texts)))
    return {name: float(value) for name, value in metric.scores(statistics.sum(axis=0)).items()}


def test_by_hand() -> None:
    found = scores("I know.", "I know nothing", "Yes")
    assert found["distinct_1"] == pytest.approx(100 * 4 / 6)  # i, know, nothing, yes
    assert found["distinct_2"] == pytest.approx(100 * 2 / 3)  # i know, know nothing


def test_an_answer_to_everything_has_next_to_none() -> None:
    assert scores(*["I don't know."] * 50) == {"distinct_1": pytest.approx(2.0), "distinct_2": pytest.approx(2.0)}


def test_texts_of_no_word_have_none() -> None:
    found = scores("", "?")
    assert np.isnan(found["distinct_1"]) and np.isnan(found["distinct_2"])
