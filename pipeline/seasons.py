"""A series and its period → whether it has a season, the season itself, and the forecasts that need nothing else.

Values [T] stand at equal distances; a period is in values (24 of hourly values: a day). The definitions are those of
the M4 competition's benchmarks (Makridakis, Spiliotis and Assimakopoulos 2020, "The M4 Competition", appendix A).
"""

import math

import numpy as np

CRITICAL = 1.645  # of the standard normal distribution: 90 % on both sides


def is_seasonal(values: np.ndarray, period: int) -> bool:
    """Whether the autocorrelation at the period stands out of what the shorter lags explain, at 90 %.

    The limit is Bartlett's: z · sqrt((1 + 2 Σ_{k < period} r_k²) / T). A series of less than three periods has none.
    """
    if period <= 1 or len(values) < 3 * period:
        return False
    deviations = values - values.mean()
    variance = deviations @ deviations
    if not variance:
        return False
    r = np.array([deviations[k:] @ deviations[:-k] for k in range(1, period + 1)]) / variance
    limit = CRITICAL * math.sqrt((1 + 2 * float(r[:-1] @ r[:-1])) / len(values))
    return bool(abs(r[-1]) > limit)


def indices(values: np.ndarray, period: int) -> np.ndarray:
    """The season of each value [T], 1 on average: classical multiplicative decomposition.

    The trend is the centred moving average over a period. A phase's index is the mean of value / trend. Values that
    are nought on average over a period have no such index: theirs is 1.
    """
    weights = np.ones(period) if period % 2 else np.r_[0.5, np.ones(period - 1), 0.5]
    trend = np.convolve(values, weights / period, mode="valid")
    half = len(weights) // 2
    inner = values[half : half + len(trend)]
    ratios = np.divide(inner, trend, out=np.ones_like(inner), where=trend > 0)
    phases = (half + np.arange(len(ratios))) % period
    figure = np.bincount(phases, weights=ratios, minlength=period) / np.bincount(phases, minlength=period)
    return np.resize(figure / figure.mean(), len(values))


def deseasonalised(values: np.ndarray, period: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """The values without their season [T], and the season of the next `horizon` values: ones where there is none.

    A season that touches nought cannot be divided by, and stays in.
    """
    if is_seasonal(values, period):
        season = indices(values, period)
        if season.min() > 0:
            return values / season, np.resize(season[len(values) - period :], horizon)
    return values, np.ones(horizon)


def naive2(values: np.ndarray, period: int, horizon: int) -> np.ndarray:
    """The last value without its season, in the season of the values to come [H]: what M4 measures all others by."""
    rest, season = deseasonalised(values, period, horizon)
    forecast: np.ndarray = rest[-1] * season
    return forecast


def seasonal_naive(values: np.ndarray, period: int, horizon: int) -> np.ndarray:
    """The last period over and over [H]."""
    return np.resize(values[-min(period, len(values)) :], horizon)
