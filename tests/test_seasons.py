"""Seasons: the test for one, indices by hand, Naive2."""

import numpy as np
import pytest

from pipeline.seasons import deseasonalised, indices, is_seasonal, naive2, seasonal_naive

WEEK = np.array([1.0, 1.0, 1.2, 1.1, 0.9, 0.9, 0.9])


def test_a_season_is_found_where_there_is_one() -> None:
    assert is_seasonal(100 * np.resize(WEEK, 60), 7)
    assert not is_seasonal(np.random.default_rng(1).normal(100, 1, 200), 7)
    assert not is_seasonal(100 * np.resize(WEEK, 20), 7)  # less than three periods
    assert not is_seasonal(np.arange(100.0), 1)
    assert not is_seasonal(np.full(100, 3.0), 7)


def test_the_limit_is_bartletts() -> None:
    """At lag 2 of +1, -1 ...: r_1 = -(T - 1)/T, r_2 = (T - 2)/T, the limit 1.645 · sqrt((1 + 2 r_1²) / T)."""
    for count in (6, 7, 8):
        values = np.resize([1.0, -1.0], count) - (count % 2) / count
        deviations = values - values.mean()
        r = [deviations[k:] @ deviations[: count - k] / (deviations @ deviations) for k in (1, 2)]
        assert is_seasonal(values, 2) == (abs(r[1]) > 1.645 * np.sqrt((1 + 2 * r[0] ** 2) / count))


def test_indices_are_means_of_value_by_trend() -> None:
    found = indices(np.array([1.0, 2.0, 6.0, 2.0, 3.0, 7.0, 2.0]), 3)
    ratios = np.array([2.0, 6.0, 2.0, 3.0, 7.0]) / np.array([9, 10, 11, 12, 12]) * 3  # of the phases 1, 2, 0, 1, 2
    figure = np.array([ratios[2], (ratios[0] + ratios[3]) / 2, (ratios[1] + ratios[4]) / 2])
    np.testing.assert_allclose(found, np.resize(figure / figure.mean(), 7))


@pytest.mark.parametrize("period", [4, 7])
def test_indices_of_a_pure_season_are_that_season(period: int) -> None:
    season = np.random.default_rng(1).uniform(0.5, 2, period)
    season /= season.mean()
    np.testing.assert_allclose(
        indices(50 * np.resize(season, 5 * period + 2), period), np.resize(season, 5 * period + 2)
    )


def test_naive2_is_the_last_value_in_the_season_to_come() -> None:
    values = 100 * np.resize(WEEK / WEEK.mean(), 61)
    np.testing.assert_allclose(naive2(values, 7, 9), 100 * np.resize(np.roll(WEEK / WEEK.mean(), -(61 % 7)), 9))
    np.testing.assert_array_equal(naive2(np.array([3.0, 5.0, 4.0]), 1, 2), [4.0, 4.0])


def test_a_season_that_touches_nought_stays_in() -> None:
    values = np.resize([0.0, 0.0, 3.0], 60)
    rest, season = deseasonalised(values, 3, 4)
    np.testing.assert_array_equal(rest, values)
    np.testing.assert_array_equal(season, np.ones(4))
    assert np.isfinite(indices(np.zeros(20), 3)).all()


def test_the_last_period_comes_again() -> None:
    np.testing.assert_array_equal(seasonal_naive(np.arange(5.0), 2, 3), [3, 4, 3])
    np.testing.assert_array_equal(seasonal_naive(np.arange(2.0), 7, 3), [0, 1, 0])
