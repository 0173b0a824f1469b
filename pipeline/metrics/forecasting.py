"""Series, their true continuations and forecasts → the M4 competition's measures, a mean over series each.

With Y_t the history of n values and its period m, Y_{n+1..n+h} the truth, F the forecast and [L, U] its interval of
level 1 - a (Makridakis, Spiliotis and Assimakopoulos 2020, "The M4 Competition", section 2.4):

    sMAPE = 2/h Σ |Y - F| / (|Y| + |F|) · 100 %
    MASE  = 1/h Σ |Y - F| / s,  s = 1/(n - m) Σ_{t = m+1..n} |Y_t - Y_{t-m}|
    MSIS  = 1/h Σ (U - L + 2/a (L - Y)[Y < L] + 2/a (Y - U)[Y > U]) / s
    OWA   = (sMAPE / sMAPE of Naive2 + MASE / MASE of Naive2) / 2

`coverage` is the share of the truth that lies in its interval. All but the coverage are the better, the lower.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.metrics.metric import Metric, Output, Scores, Training, ratio
from pipeline.seasons import naive2

# Columns of the statistics: sums over series, and how many series each sum has.
SMAPE, MASE, SMAPE2, MASE2, MSIS, COVERED, SERIES, SCALED, BOUNDED, BOUNDED_SCALED = range(10)


def smape(truth: np.ndarray, forecast: np.ndarray) -> float:
    """In percent. Where both are nought, nothing is wrong."""
    whole = np.abs(truth) + np.abs(forecast)
    parts = np.divide(200 * np.abs(truth - forecast), whole, out=np.zeros_like(whole), where=whole > 0)
    return float(parts.mean())


def scale(history: np.ndarray, period: int) -> float:
    """What an error is measured by: the mean absolute difference between a value and the one a period before.

    Nought for a history that repeats itself, and for one no longer than the period.
    """
    return float(np.abs(history[period:] - history[:-period]).mean()) if len(history) > period else 0.0


def interval_score(truth: np.ndarray, lower: np.ndarray, upper: np.ndarray, level: float) -> float:
    """The mean width of the intervals, and 2 / (1 - level) of how far the truth lies outside of them."""
    outside = np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0)
    return float((upper - lower + 2 / (1 - level) * outside).mean())


def forecasting() -> Metric:
    return Metric(statistics, scores, baseline, counts={"series_without_scale": -1}, fits=fits, decimals=3)


def statistics(output: Output) -> np.ndarray:
    """float [N, 11]: see the names of the columns; the last counts the series that MASE and MSIS leave out."""
    rows = np.zeros((len(output.references), 11))
    intervals: Sequence[Any] = output.intervals or [None] * len(rows)
    for row, source, reference, found, interval in zip(
        rows, output.sources, output.references, output.hypotheses, intervals, strict=True
    ):
        history, truth, forecast = (np.asarray(v, dtype=float) for v in (source["values"], reference, found))
        trivial = naive2(history, source["period"], len(truth))
        s = scale(history, source["period"])
        row[[SMAPE, SMAPE2, SERIES]] = smape(truth, forecast), smape(truth, trivial), 1
        if s > 0:
            row[[MASE, MASE2]] = [np.abs(truth - each).mean() / s for each in (forecast, trivial)]
        row[[SCALED, -1]] = s > 0, s <= 0
        if interval is not None:
            lower, upper = np.asarray(interval.lower), np.asarray(interval.upper)
            row[COVERED], row[BOUNDED] = ((lower <= truth) & (truth <= upper)).mean(), 1
            if s > 0:
                row[MSIS], row[BOUNDED_SCALED] = interval_score(truth, lower, upper, interval.level) / s, 1
    return rows


def scores(sums: np.ndarray) -> Scores:
    column = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    return {
        "owa": (ratio(column[SMAPE], column[SMAPE2]) + ratio(column[MASE], column[MASE2])) / 200,
        "smape": ratio(column[SMAPE], column[SERIES]) / 100,
        "mase": ratio(column[MASE], column[SCALED]) / 100,
        "msis": ratio(column[MSIS], column[BOUNDED_SCALED]) / 100,
        "coverage": ratio(column[COVERED], column[BOUNDED]),
    }


def baseline(training: Training, sources: list[Any]) -> list[list[float]]:
    """Naive2, as far into the future as the training forecasts go."""
    horizon = len(training.targets[0])
    return [naive2(np.asarray(s["values"], dtype=float), s["period"], horizon).tolist() for s in sources]


def fits(source: Any, reference: Any) -> bool:
    """Whether the source is a series with its period, and the reference holds numbers."""
    return isinstance(source, dict) and {"values", "period"} <= source.keys() and isinstance(reference, list)
