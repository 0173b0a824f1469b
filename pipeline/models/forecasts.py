"""What forecasters share: histories read, logarithms, quantiles, the weights of errors, and the forecast itself.

Enters a `Data` or a `Side` of kind series. A network works on logarithms, so that series of any height are alike, and
is taught by quantiles: the middle one is the forecast, the outer ones are the ends of its interval.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from pipeline import training
from pipeline.data import Data, Side
from pipeline.metrics.forecasting import scale, smape
from pipeline.outcomes import Forecast
from pipeline.problems import Problem
from pipeline.seasons import naive2

LEVEL = 0.95  # of the intervals: M4's
TAILS = (0.5 - LEVEL / 2, 0.5 + LEVEL / 2)
NORMAL = NormalDist().inv_cdf(TAILS[1])  # deviations from the middle to an end
FLOOR = 1e-3  # of a series' mean: what is less has no usable logarithm; and the least change of logarithms
UNITS = 3.0  # of a series' usual change, that a network's 1 stands for
CLAMP = 20.0  # of a network's input: what differs more is a broken value


class Train(training.Options):
    tau: float = Field(0.49, gt=0, lt=1)  # the quantile that is the forecast: Smyl 2020 corrects its bias upwards by it
    with_dev: bool = False  # learn from dev's future as well: for the last training, when all options are chosen
    precision: Literal["auto", "float32", "bf16"] = (
        "float32"  # levels are sums of many terms, and the matrices too small to gain by another
    )


@dataclass(frozen=True)
class Series:
    """Many series: a name, a period and values each."""

    ids: list[str]
    periods: list[int]
    values: list[np.ndarray]  # float64 [T]

    def logs(self) -> list[np.ndarray]:
        return [logarithms(values) for values in self.values]


def logarithms(values: np.ndarray) -> np.ndarray:
    """[T] → [T], finite for nought too; noughts alone are like ones."""
    return np.log(np.maximum(values, FLOOR * values.mean() or 1.0))


def past(side: Side) -> Series:
    """What is known of each series. Raises Problem for what is no series: a value too few, negative values."""
    series = Series(
        side.sequences.ids,
        [int(value["period"]) for value in side.values],
        [side.sequences[i][:, 0].astype(np.float64) for i in range(len(side.sequences))],
    )
    for name, values in zip(series.ids, series.values, strict=True):
        if len(values) < 2 or not np.isfinite(values).all() or values.min() < 0:
            raise Problem(f"{name}: no series to forecast: give at least two values, none of them below nought")
    return series


def whole(data: Data, split: str) -> Series:
    """Each series of a split with its future behind it."""
    known, future = past(data.source[split]), data.target[split].sequences
    return Series(known.ids, known.periods, [np.r_[values, future[i][:, 0]] for i, values in enumerate(known.values)])


def horizon(data: Data) -> int:
    """How many values a forecast has. Raises Problem where that differs, or where there is none to learn from."""
    lengths = {int(n) for split in ("train", "dev") for n in data.target[split].sequences.lengths}
    if len(lengths) != 1:
        raise Problem(
            f"forecasts of {sorted(lengths) or 'no'} values: a system has one horizon: set it in the corpus's row"
        )
    return lengths.pop()


def weights(series: Series, steps: int) -> list[np.ndarray]:
    """What an error of a logarithm is worth at each value [T], so that their sum follows the OWA of M4.

    Half of that is the mean sMAPE, which counts all series alike; the other half the mean MASE, an absolute error in
    units of the series' own changes. Both are measured by Naive2's, here on the last `steps` values.
    """
    percent, scaled, scales = [], [], []
    for values, period in zip(series.values, series.periods, strict=True):
        known, truth = values[:-steps], values[-steps:]
        forecast = naive2(known, period, steps)
        scales.append(max(scale(known, period), FLOOR * known.mean(), FLOOR))
        percent.append(smape(truth, forecast))
        scaled.append(float(np.abs(truth - forecast).mean()) / scales[-1])
    worth = 100 / max(float(np.mean(percent)), FLOOR), 1 / max(float(np.mean(scaled)), FLOOR)
    found = [worth[0] + worth[1] * values / s for values, s in zip(series.values, scales, strict=True)]
    mean = np.mean([each.mean() for each in found])
    return [each / mean for each in found]


def change(logs: np.ndarray, period: int) -> float:
    """What logarithms [T] usually change by over a period."""
    lag = min(period, len(logs) - 1)
    return max(float(np.abs(logs[lag:] - logs[:-lag]).mean()), FLOOR)


def magnitude(changes: Tensor) -> Tensor:
    """How much series change, as an input of a network: 0 for 2 %, a step up for seven times as much."""
    return changes.log() / 2 + 2


def pinball(truth: Tensor, forecast: Tensor, tau: float) -> Tensor:
    """What a quantile's forecast costs: tau a unit below the truth, 1 - tau a unit above it."""
    error = truth - forecast
    return torch.maximum(tau * error, (tau - 1) * error)


def quantile_loss(truth: Tensor, forecast: Tensor, tau: float) -> Tensor:
    """truth [...], forecast [..., 3] (value, lower and upper end) → [...]: the value counts as much as both ends."""
    ends = sum(pinball(truth, forecast[..., i], t) for i, t in enumerate(TAILS, start=1))
    return 2 * pinball(truth, forecast[..., 0], tau) + ends


def ordered(point: Tensor, spread: Tensor) -> Tensor:
    """point [...], spread [..., 2] of any sign → [..., 3]: value, lower and upper end, in their order.

    The ends teach nothing about the value.
    """
    widths = torch.nn.functional.softplus(spread)
    fixed = point.detach()
    return torch.stack([point, fixed - widths[..., 0], fixed + widths[..., 1]], dim=-1)


def normal(points: np.ndarray, deviations: np.ndarray) -> Forecast:
    """Values and the standard deviations of their errors [H] → the forecast, as if errors were normal."""
    return forecast(points[:, None] + NORMAL * deviations[:, None] * np.array([0, -1, 1]))


def forecast(values: np.ndarray) -> Forecast:
    """[H, 3] (value, lower and upper end) → the forecast."""
    found = np.asarray(values, dtype=np.float64)
    return Forecast(tokens=[], score=0.0, values=found[:, 0], lower=found[:, 1], upper=found[:, 2], level=LEVEL)
