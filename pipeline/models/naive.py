"""Series → the forecasts that learn nothing: the last value, the last season, and Naive2, M4's yardstick.

Intervals suppose that the one-step errors of the past are normal and independent (Hyndman and Athanasopoulos 2021,
"Forecasting: Principles and Practice", section 5.5): their deviation grows by the root of the steps, or of the seasons.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline.data import Data, Side
from pipeline.models.forecasts import horizon, normal, past
from pipeline.outcomes import Forecast
from pipeline.params import Row
from pipeline.seasons import deseasonalised, seasonal_naive
from pipeline.sequences import read_json, write_json

READS, WRITES = "features", "features"
Foreseen = tuple[np.ndarray, np.ndarray]  # values and their standard deviations [H]


class Config(Row):
    # naive: the last value; seasonal: the last period; naive2: the last value without its season, in season again
    method: Literal["naive", "seasonal", "naive2"] = "naive2"


class Train(Row):
    """There is nothing to learn but the horizon."""


class Decode(Row):
    """There is nothing to choose."""


@dataclass(frozen=True)
class Naive:
    config: Config
    horizon: int


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Naive, list[dict[str, float]]]:
    return Naive(config, horizon(data)), []


def decode(*, model: Naive, source: Side, target: Any, options: Decode) -> Iterator[list[Forecast]]:
    method: Callable[[np.ndarray, int, int], Foreseen] = METHODS[model.config.method]
    series = past(source)
    for values, period in zip(series.values, series.periods, strict=True):
        yield [normal(*method(values, period, model.horizon))]


def naive(values: np.ndarray, period: int, steps: int) -> Foreseen:
    return np.full(steps, values[-1]), deviation(values, 1) * np.sqrt(np.arange(1, steps + 1))


def seasonal(values: np.ndarray, period: int, steps: int) -> Foreseen:
    seasons = 1 + np.arange(steps) // period
    return seasonal_naive(values, period, steps), deviation(values, period) * np.sqrt(seasons)


def naive2(values: np.ndarray, period: int, steps: int) -> Foreseen:
    rest, season = deseasonalised(values, period, steps)
    points, deviations = naive(rest, 1, steps)
    return points * season, deviations * season


METHODS = {"naive": naive, "seasonal": seasonal, "naive2": naive2}


def deviation(values: np.ndarray, lag: int) -> float:
    """The root mean square of the changes over `lag` values; nought for a series that is no longer."""
    changes = values[lag:] - values[:-lag]
    return math.sqrt(float(changes @ changes) / len(changes)) if len(changes) else 0.0


def save(model: Naive, folder: Path) -> None:
    write_json(folder / "model.json", {"config": model.config.model_dump(), "horizon": model.horizon})


def load(folder: Path) -> Naive:
    described = read_json(folder / "model.json")
    return Naive(Config.model_validate(described["config"]), described["horizon"])
