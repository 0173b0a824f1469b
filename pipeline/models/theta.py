"""Series → forecasts by the Theta method (Assimakopoulos and Nikolopoulos 2000, "The theta model"), as M4 has it.

A series without its season is the mean of two lines: its linear regression over time (theta = 0), which is drawn
further, and a line twice as curved (theta = 2), which simple exponential smoothing carries on. The season is that of
Naive2, and comes back at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import Data, Side
from pipeline.models.forecasts import horizon, normal, past
from pipeline.outcomes import Forecast
from pipeline.params import Row
from pipeline.seasons import deseasonalised
from pipeline.sequences import read_json, write_json

READS, WRITES = "features", "features"
ALPHAS = (1e-4, 0.9999)  # what smoothing may be


class Config(Row):
    """The method has nothing to choose."""


class Train(Row):
    """Each series is fitted when it is asked for: there is nothing to learn but the horizon."""


class Decode(Row):
    """There is nothing to choose."""


@dataclass(frozen=True)
class Theta:
    horizon: int


@dataclass(frozen=True)
class Smoothed:
    alpha: float
    level: float  # after the last value
    deviation: float  # of the one-step errors


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Theta, list[dict[str, float]]]:
    return Theta(horizon(data)), []


def decode(*, model: Theta, source: Side, target: Any, options: Decode) -> Iterator[list[Forecast]]:
    series = past(source)
    for values, period in zip(series.values, series.periods, strict=True):
        yield [normal(*theta(values, period, model.horizon))]


def theta(values: np.ndarray, period: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """The next values and their standard deviations [H]; none is below nought."""
    rest, season = deseasonalised(values, period, steps)
    slope, start = np.polyfit(np.arange(len(rest)), rest, 1)
    line = start + slope * np.arange(len(rest) + steps)
    curved = smoothed(2 * rest - line[: len(rest)])
    points = np.maximum((line[len(rest) :] + curved.level) / 2, 0)
    # Of the curved line; its half is the error of the mean, as the other line is certain.
    growth = np.sqrt(1 + curved.alpha**2 * np.arange(steps))
    return points * season, curved.deviation / 2 * growth * season


def smoothed(values: np.ndarray) -> Smoothed:
    """Simple exponential smoothing l_t = α y_t + (1 - α) l_{t-1} with the α and l_0 of least squares."""
    from scipy.optimize import minimize_scalar

    grid = np.linspace(*ALPHAS, 21)
    best = int(np.argmin([_least(values, alpha)[0] for alpha in grid]))
    around = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    alpha = float(minimize_scalar(lambda a: _least(values, a)[0], bounds=around, method="bounded").x)
    squares, level = _least(values, alpha)
    return Smoothed(alpha, level, float(np.sqrt(squares / len(values))))


def _least(values: np.ndarray, alpha: float) -> tuple[float, float]:
    """The least sum of squared one-step errors over all l_0, and the level it leads to.

    Levels are linear in l_0: those from nought, and l_0 times the powers of 1 - α.
    """
    from scipy.signal import lfilter

    from_nought = lfilter([alpha], [1, alpha - 1], values)
    powers = (1 - alpha) ** np.arange(len(values) + 1)
    errors = values - np.r_[0.0, from_nought[:-1]]
    first = float(errors @ powers[:-1] / (powers[:-1] @ powers[:-1]))
    errors = errors - first * powers[:-1]
    return float(errors @ errors), float(from_nought[-1] + first * powers[-1])


def save(model: Theta, folder: Path) -> None:
    write_json(folder / "model.json", {"horizon": model.horizon})


def load(folder: Path) -> Theta:
    return Theta(read_json(folder / "model.json")["horizon"])
