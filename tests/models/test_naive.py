"""Naive forecasts: their values and the growth of their intervals."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.data import Data, Side
from pipeline.features.series import Codec
from pipeline.features.series import Config as Features
from pipeline.models import naive
from pipeline.models.forecasts import NORMAL
from pipeline.models.naive import Config, Decode, Naive, Train
from pipeline.outcomes import Forecast
from pipeline.problems import Problem
from pipeline.sequences import Sequences


def side(values: list[list[float]], period: int | None = None) -> Side:
    typed = values if period is None else [{"values": each, "period": period} for each in values]
    codec = Codec(Features())
    return Side(codec, Sequences.of([codec.encode(each) for each in typed]), typed=tuple(typed))


def forecast(method: str, values: list[float], period: int, horizon: int = 3) -> Forecast:
    model = Naive(Config.model_validate({"method": method}), horizon)
    [[found]] = naive.decode(model=model, source=side([values], period), target=None, options=Decode())
    return found


def test_the_last_value_and_a_random_walks_interval() -> None:
    found = forecast("naive", [1.0, 3.0, 2.0], 1)
    np.testing.assert_array_equal(found.values, [2, 2, 2])
    deviation = np.sqrt((4 + 1) / 2)
    np.testing.assert_allclose(found.upper - 2, NORMAL * deviation * np.sqrt([1, 2, 3]))
    np.testing.assert_allclose(2 - found.lower, found.upper - 2)


def test_the_last_season_and_its_interval_grows_by_seasons() -> None:
    found = forecast("seasonal", [1.0, 5.0, 2.0, 7.0], 2)
    np.testing.assert_array_equal(found.values, [2, 7, 2])
    np.testing.assert_allclose(found.upper - found.values, NORMAL * np.sqrt((1 + 4) / 2) * np.sqrt([1, 1, 2]))


def test_naive2_is_in_season() -> None:
    season = np.array([0.5, 1.5, 1.0])
    found = forecast("naive2", (10 * np.resize(season, 30)).tolist(), 3)
    np.testing.assert_allclose(found.values, 10 * season)


@pytest.mark.parametrize("method", ["naive", "seasonal", "naive2"])
def test_two_values_are_enough(method: str) -> None:
    found = forecast(method, [4.0, 4.0], 7)
    assert np.isfinite([found.values, found.lower, found.upper]).all()


def test_the_horizon_is_learnt_and_kept(tmp_path: Path) -> None:
    sides = {"train": side([[1.0, 2.0], [3.0, 4.0]]), "dev": side([[5.0, 6.0]])}
    model, history = naive.fit(
        data=Data(source=sides, target=sides), config=Config(), options=Train(), needs=(), work=tmp_path
    )
    assert (model.horizon, history) == (2, [])
    naive.save(model, tmp_path)
    assert naive.load(tmp_path) == model
    ragged = {"train": side([[1.0, 2.0], [3.0]]), "dev": side([[5.0]])}
    with pytest.raises(Problem, match=r"forecasts of \[1, 2\] values"):
        naive.fit(data=Data(ragged, ragged), config=Config(), options=Train(), needs=(), work=tmp_path)


@pytest.mark.parametrize("values", [[1.0], [1.0, -2.0], [1.0, float("nan")]])
def test_what_is_no_series_is_told(values: list[float]) -> None:
    with pytest.raises(Problem, match="no series to forecast"):
        forecast("naive", values, 1)
