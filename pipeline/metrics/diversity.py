"""Outputs → the share of different ones among their words and pairs of words: distinct-1, distinct-2 (Li et al. 2016).

Whoever answers `I don't know` to everything may do well on other metrics, and has next to none.
"""

from collections import Counter

import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, ratio
from pipeline.metrics.units import folded

LONGEST = 2  # words of an n-gram


def diversity() -> Metric:
    """Percent of the n-grams of all outputs that are different ones: it falls with the number of outputs.

    The number of different n-grams is no sum over sentences. As one, each occurrence of an n-gram that occurs c times
    in the test set counts 1/c: exact for the test set, and for resamples of it nearly so.
    """
    return Metric(_statistics, _scores, baselines.most_frequent)


def _statistics(output: Output) -> np.ndarray:
    """float [N, 2 LONGEST]: for each length, the share that a text has in the different n-grams, and its n-grams."""
    texts = [folded(text) for text in output.hypotheses]
    columns = []
    for n in range(1, LONGEST + 1):
        grams = [list(zip(*(words[i:] for i in range(n)), strict=False)) for words in texts]
        occurs = Counter(gram for found in grams for gram in found)
        columns.append([sum(1 / occurs[gram] for gram in found) for found in grams])
        columns.append([float(len(found)) for found in grams])
    return np.array(columns).T


def _scores(sums: np.ndarray) -> Scores:
    return {f"distinct_{n}": ratio(sums[..., 2 * n - 2], sums[..., 2 * n - 1]) for n in range(1, LONGEST + 1)}
