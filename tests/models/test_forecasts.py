"""What forecasters share: quantiles, weights that follow OWA, logarithms."""

import numpy as np
import pytest
import torch

from pipeline.models.forecasts import (
    TAILS,
    Series,
    change,
    logarithms,
    normal,
    ordered,
    pinball,
    quantile_loss,
    weights,
)


def test_pinball_is_least_at_its_quantile() -> None:
    truth = torch.arange(1000.0)
    costs = [float(pinball(truth, torch.tensor(q), 0.9).mean()) for q in (850.0, 900.0, 950.0)]
    assert costs[1] == min(costs)
    assert pinball(torch.tensor([3.0, 1.0]), torch.tensor([1.0, 2.0]), 0.25).tolist() == [0.5, 0.75]


def test_the_value_counts_as_much_as_both_ends() -> None:
    truth, forecast = torch.tensor([1.0]), torch.tensor([[0.0, 2.0, 3.0]])
    ends = (1 - TAILS[0]) * 1 + (1 - TAILS[1]) * 2
    torch.testing.assert_close(quantile_loss(truth, forecast, 0.5), torch.tensor([2 * 0.5 + ends]))


def test_ends_keep_their_order_and_teach_the_value_nothing() -> None:
    point = torch.randn(50, requires_grad=True)
    found = ordered(point, 10 * torch.randn(50, 2))
    assert (found[:, 1] <= found[:, 0]).all() and (found[:, 0] <= found[:, 2]).all()
    found[:, 1:].sum().backward()
    assert point.grad is not None and not point.grad.any()


def test_noughts_have_logarithms() -> None:
    np.testing.assert_allclose(logarithms(np.array([1.0, np.e, 0.0]))[:2], [0, 1])
    assert np.isfinite(logarithms(np.array([1.0, np.e, 0.0]))).all()
    np.testing.assert_array_equal(logarithms(np.zeros(3)), np.zeros(3))


def test_a_constant_series_changes_a_little() -> None:
    assert change(np.array([1.0, 2.0, 4.0]), 1) == 1.5
    assert change(np.array([1.0, 2.0, 4.0]), 7) == 3.0
    assert change(np.zeros(5), 1) > 0


def test_weights_are_what_an_error_adds_to_owa() -> None:
    """Series 0 is ten times as high as series 1 and changes as much: its errors cost ten times as much in MASE."""
    values = [np.array([100.0, 101, 100, 101, 102]), np.array([10.0, 11, 10, 11, 12])]
    found = weights(Series(["a", "b"], [1, 1], values), steps=1)
    smape = [200 / 203, 200 / 23]
    for value, weight in zip(values, found, strict=True):
        expected = 100 / np.mean(smape) + value / 1.0 / 1.0
        np.testing.assert_allclose(weight / weight[0], expected / expected[0])
    assert np.mean([weight.mean() for weight in found]) == pytest.approx(1)


def test_a_normal_interval() -> None:
    found = normal(np.array([10.0]), np.array([2.0]))
    assert (found.values[0], found.level) == (10, 0.95)
    assert (found.lower[0], found.upper[0]) == pytest.approx((10 - 1.96 * 2, 10 + 1.96 * 2), abs=1e-3)
