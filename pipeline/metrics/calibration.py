"""How likely a system holds each label, and which are right → how far its probabilities can be believed.

Of what it holds 80 % likely, four in five should be right. The expected calibration error is the mean distance between
both, over bins of one width (Naeini et al. 2015; Guo et al. 2017, section 2): once over every label of every text, once
over the likeliest label of each, which is how it is known for one label a text. A system that tells no probabilities is
taken to be sure of what it says.
"""

import numpy as np

from pipeline.data import END
from pipeline.metrics.labels import frequent_set
from pipeline.metrics.metric import Metric, Output, Scores, ratio

BINS = 15  # Guo et al. 2017, section 5


def calibration() -> Metric:
    return Metric(_statistics, _scores, frequent_set, fits=lambda source, reference: isinstance(reference, list))


def believed(output: Output) -> tuple[np.ndarray, np.ndarray]:
    """How likely each label is held to be, float [N, C], and whether it is right, bool [N, C]."""
    said = (output.references, output.hypotheses)
    names = sorted({*output.vocabulary[END + 1 :], *(label for each in said for found in each for label in found)})
    column = {label: i for i, label in enumerate(names)}
    likely, right = np.zeros((len(output.references), len(names))), np.zeros((len(output.references), len(names)), bool)
    for row, labels in zip(right, output.references, strict=True):
        row[[column[label] for label in labels]] = True
    if len(output.marginals):
        columns = [column[label] for label in output.vocabulary[END + 1 :]]
        likely[:, columns] = np.stack([marginals[0] for marginals in output.marginals])[:, END + 1 :]
    else:
        for row, labels in zip(likely, output.hypotheses, strict=True):
            row[[column[label] for label in labels]] = 1.0
    return likely, right


def binned(likely: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Float [N, BINS, 3] of [N, C] probabilities: how many fall into each bin, their sum, how many of them are right.

    A bin reaches to the next multiple of 1 / BINS; 1 belongs to the last.
    """
    counts = np.zeros((len(likely), BINS, 3))
    places = np.minimum((likely * BINS).astype(int), BINS - 1)
    rows = np.broadcast_to(np.arange(len(likely))[:, None], likely.shape)
    for part, values in enumerate((np.ones_like(likely), likely, right)):
        np.add.at(counts[..., part], (rows, places), values)
    return counts


def _statistics(output: Output) -> np.ndarray:
    """Float [N, 2 · BINS · 3]: the bins of all labels, and of the likeliest."""
    likely, right = believed(output)
    top = likely.argmax(axis=1)[:, None] if likely.shape[1] else np.zeros((len(likely), 0), int)
    each = (likely, right), (np.take_along_axis(likely, top, axis=1), np.take_along_axis(right, top, axis=1))
    return np.concatenate([binned(*both).reshape(len(likely), -1) for both in each], axis=1)


def _scores(sums: np.ndarray) -> Scores:
    count, likely, right = np.moveaxis(sums.reshape(*sums.shape[:-1], 2, BINS, 3), -1, 0)  # [..., 2, BINS]
    error = ratio(np.abs(likely - right).sum(axis=-1), count.sum(axis=-1))
    return {"ece": error[..., 0], "ece_top": error[..., 1]}
