"""Two systems' statistics of the same sentences → how much better one is, with its interval.

The paired bootstrap of Koehn (2004), section 4: both systems are scored on the same draws of sentences, so that what
makes a draw easy or hard for both does not blur their difference.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan

import numpy as np

from pipeline.metrics.bootstrap import LEVEL, resample
from pipeline.metrics.metric import Scores


@dataclass(frozen=True)
class Drawn:
    """A score of one system: of its test set, and of each draw of it [R]."""

    value: float
    draws: np.ndarray

    @property
    def interval(self) -> tuple[float, float]:
        return middle(self.draws)


@dataclass(frozen=True)
class Difference:
    """What the second system has more than the first, and the middle 95 % of it over the draws."""

    before: float
    after: float
    low: float
    high: float

    @property
    def change(self) -> float:
        return self.after - self.before

    @property
    def clear(self) -> bool:
        """Whether the interval leaves no doubt about the direction."""
        return self.low > 0 or self.high < 0


def drawn(statistics: np.ndarray, scores: Callable[[np.ndarray], Scores]) -> dict[str, Drawn]:
    """Each score that the test set [N, K] defines. Test sets of one N are drawn from alike."""
    found = scores(statistics.sum(axis=0))
    draws = scores(resample(statistics))
    return {key: Drawn(float(value), draws[key]) for key, value in found.items() if not isnan(value)}


def difference(before: Drawn, after: Drawn) -> Difference:
    low, high = middle(after.draws - before.draws)
    return Difference(before.value, after.value, low, high)


def middle(values: np.ndarray) -> tuple[float, float]:
    """Where the middle 95 % of the defined values lie; NaN where there are none."""
    defined = values[~np.isnan(values)]
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(defined, [tail, 100 - tail]) if len(defined) else (np.nan, np.nan)
    return float(low), float(high)


def differences(before: Mapping[str, Drawn], after: Mapping[str, Drawn]) -> dict[str, Difference]:
    """By the scores that both have."""
    return {key: difference(before[key], after[key]) for key in before if key in after}
