"""Statistics a sentence → the interval that a score would fall into, had other sentences of the same kind been tested.

The percentile bootstrap of Efron (1979), for test sets as in Koehn (2004), "Statistical Significance Tests for Machine
Translation Evaluation": draw N sentences with replacement, score the draw, repeat, take the middle 95 %.
"""

import warnings
from collections.abc import Callable

import numpy as np

from pipeline.metrics.metric import Scores

RESAMPLES = 1000
LEVEL = 0.95
BLOCK = 2**24  # numbers drawn at once: bounds memory on long test sets


def resample(statistics: np.ndarray, resamples: int = RESAMPLES, seed: int = 1) -> np.ndarray:
    """Sums over `resamples` draws of N sentences with replacement: [N, K] → float [R, K]."""
    sentences = len(statistics)
    random = np.random.default_rng(seed)
    rows = max(1, BLOCK // sentences)
    sums = []
    for start in range(0, resamples, rows):
        draws = random.multinomial(sentences, np.full(sentences, 1 / sentences), size=min(rows, resamples - start))
        sums.append(draws.astype(float) @ statistics)  # how often each sentence was drawn [r, N] · [N, K]
    return np.concatenate(sums)


def intervals(
    statistics: np.ndarray, scores: Callable[[np.ndarray], Scores], resamples: int = RESAMPLES, seed: int = 1
) -> dict[str, tuple[float, float]]:
    """Name → (low, high): the middle 95 % of the score over the resamples. NaN where no resample defines the score."""
    tail = 100 * (1 - LEVEL) / 2
    found = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        for name, values in scores(resample(statistics, resamples, seed)).items():
            low, high = np.nanpercentile(values, [tail, 100 - tail])
            found[name] = (float(low), float(high))
    return found
