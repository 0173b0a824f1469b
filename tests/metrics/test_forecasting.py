"""M4's measures by hand."""

from typing import Any

import numpy as np
import pytest

from pipeline.metrics.catalogue import find
from pipeline.metrics.forecasting import baseline, interval_score, scale, smape
from pipeline.metrics.metric import Output, Training
from pipeline.metrics.scoring import scored
from pipeline.outcomes import Interval


def source(values: list[float], period: int = 1) -> dict[str, Any]:
    return {"values": values, "period": period}


def test_smape_by_hand() -> None:
    # 200 · (10/210 + 50/150) / 2
    assert smape(np.array([100.0, 100.0]), np.array([110.0, 50.0])) == pytest.approx(100 * (10 / 210 + 50 / 150))
    assert smape(np.array([0.0, 0.0]), np.array([0.0, 5.0])) == 100.0


def test_scale_is_the_mean_change_over_a_period() -> None:
    assert scale(np.array([1.0, 3.0, 2.0, 6.0]), 1) == pytest.approx((2 + 1 + 4) / 3)
    assert scale(np.array([1.0, 3.0, 2.0, 6.0]), 2) == pytest.approx((1 + 3) / 2)
    assert scale(np.array([1.0, 3.0]), 2) == 0


def test_interval_score_by_hand() -> None:
    truth, lower, upper = np.array([5.0, 1.0, 9.0]), np.array([4.0, 2.0, 4.0]), np.array([7.0, 5.0, 8.0])
    assert interval_score(truth, lower, upper, 0.95) == pytest.approx((3 + (3 + 40 * 1) + (4 + 40 * 1)) / 3)


def test_scores_are_means_over_series() -> None:
    """Two series: Naive2 says 4 and 40, which are off by 1 and 0 of scales 1.5 and 10."""
    output = Output(
        sources=[source([1, 3, 4]), source([20.0, 30.0, 40.0])],
        references=[[5.0], [40.0]],
        hypotheses=[[6.0], [50.0]],
        intervals=[Interval(0.95, [4.0], [7.0]), Interval(0.95, [45.0], [55.0])],
    )
    found = scored(find("forecasting"), "forecasting", output)
    percent = [200 / 11, 200 / 9], [200 / 9, 0]
    assert found["smape"] == pytest.approx(np.mean(percent[0]), abs=1e-3)
    assert found["mase"] == pytest.approx((1 / 1.5 + 10 / 10) / 2, abs=1e-3)
    relative = np.sum(percent[0]) / np.sum(percent[1]), (1 / 1.5 + 1) / (1 / 1.5)
    assert found["owa"] == pytest.approx(np.mean(relative), abs=1e-3)
    assert found["msis"] == pytest.approx((3 / 1.5 + (10 + 40 * 5) / 10) / 2, abs=1e-3)
    assert found["coverage"] == 50.0
    assert found["series_without_scale"] == 0


def test_naive2_is_the_baseline_and_scores_one() -> None:
    sources = [source([1.0, 3, 2, 4, 3, 5, 4, 6, 5.0], 2), source([5.0, 6, 8], 1)]
    references = [[7.0, 6.0], [9.0, 9.0]]
    trivial = Output(sources, references, baseline(Training(sources, references), sources))
    found = scored(find("forecasting"), "forecasting", Output(sources, references, references), trivial)
    assert (found["owa"], found["owa_baseline"], found["mase"]) == (0, 1, 0)
    assert "msis" not in found  # without intervals


def test_a_series_without_scale_counts_in_smape_alone() -> None:
    output = Output([source([2.0, 2.0, 2.0]), source([1.0, 2.0])], [[2.0], [3.0]], [[2.0], [3.0]])
    found = scored(find("forecasting"), "forecasting", output)
    assert (found["series_without_scale"], found["mase"], found["smape"]) == (1, 0, 0)
    assert all(np.isfinite(float(value)) for value in found.values())


def test_what_it_fits() -> None:
    metric = find("forecasting")
    assert metric.fits(source([1.0]), [1.0])
    assert not metric.fits(["a", "word"], ["A", "B"])
