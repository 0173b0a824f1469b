"""Theta: smoothing by least squares against a plain loop; lines; the season comes back."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.data import Side
from pipeline.features.series import Codec, Config
from pipeline.models import theta
from pipeline.models.theta import Decode, Theta, smoothed
from pipeline.sequences import Sequences


def squares(values: np.ndarray, alpha: float, level: float) -> float:
    total = 0.0
    for value in values:
        total += (value - level) ** 2
        level += alpha * (value - level)
    return total


def test_no_other_smoothing_has_smaller_errors() -> None:
    values = np.cumsum(np.random.default_rng(3).normal(0, 1, 60)) + np.random.default_rng(4).normal(0, 2, 60)
    found = smoothed(values)
    least = found.deviation**2 * len(values)
    levels = np.linspace(values.min(), values.max(), 60)
    assert least <= min(squares(values, a, level) for a in np.linspace(0.01, 0.99, 60) for level in levels) + 1e-9
    assert least == pytest.approx(min(squares(values, found.alpha, level) for level in levels), rel=1e-2)


def test_a_line_goes_on_at_half_its_slope() -> None:
    """The curved line of a straight one is itself: its smoothing stays where it ends."""
    values = 3.0 + 2 * np.arange(40)
    points, deviations = theta.theta(values, 1, 3)
    np.testing.assert_allclose(points, 81 + np.array([1, 2, 3]), atol=0.01)
    assert (np.diff(deviations) > 0).all()


def test_the_season_comes_back() -> None:
    season = np.array([0.5, 1.5, 1.2, 0.8])
    points, _ = theta.theta(100 * np.resize(season, 41), 4, 4)
    np.testing.assert_allclose(points, 100 * np.roll(season, -1), rtol=1e-6)


def test_nothing_falls_below_nought_and_short_series_pass(tmp_path: Path) -> None:
    theta.save(Theta(6), tmp_path)
    codec = Codec(Config())
    given = [[50.0, 40.0, 30.0, 20.0, 10.0, 1.0], [5.0, 5.0], [0.0, 0.0, 0.0]]
    values = [{"values": each, "period": 7} for each in given]
    source = Side(codec, Sequences.of([codec.encode(value) for value in values]), typed=tuple(values))
    found = [each for [each] in theta.decode(model=theta.load(tmp_path), source=source, target=None, options=Decode())]
    assert [len(each.values) for each in found] == [6, 6, 6]
    assert all((each.values >= 0).all() and np.isfinite(each.upper).all() for each in found)
