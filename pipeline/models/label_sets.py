"""Models that answer by a set of labels a text: sets as matrices, n-best sets, and how likely each label is.

A label is a token of the target's vocabulary, class 0 the first one behind its special ones (`pipeline.models.labels`).
"""

import heapq
from collections.abc import Iterator

import numpy as np

from pipeline.data import Side
from pipeline.models.labels import FIRST
from pipeline.outcomes import Weighed


def matrix(target: Side, labels: int) -> np.ndarray:
    """bool [N, C]: which labels each record has. Labels that train has not are left out."""
    found = np.zeros((len(target.sequences), labels), dtype=bool)
    for row in range(len(found)):
        tokens = target.sequences[row]
        found[row, tokens[tokens >= FIRST] - FIRST] = True
    return found


def micro_f1(right: np.ndarray, found: np.ndarray) -> float:
    """2 |right ∩ found| / (|right| + |found|) of bool [N, C], in [0, 1]; 1 where both are empty."""
    whole = int(right.sum() + found.sum())
    return 2 * int((right & found).sum()) / whole if whole else 1.0


def answer(classes: list[int], score: float, likely: np.ndarray) -> Weighed:
    """An output of classes, and P(label | text) of each label, float [C]."""
    marginals = np.concatenate([np.zeros(FIRST), likely])[None]
    return Weighed([label + FIRST for label in sorted(classes)], score, marginals=marginals.astype(np.float32))


def best_sets(odds: np.ndarray) -> Iterator[tuple[list[int], float]]:
    """Sets of independent labels with log-odds [C], the likeliest first: classes, log-probability.

    The likeliest set has what is likelier than not. Another differs from it in some labels, each of which costs its
    |log-odds|; the cheapest subsets of costs in ascending order come from a heap.
    """
    costs = np.abs(odds)
    order = np.argsort(costs, kind="stable")
    chosen = set(np.flatnonzero(odds > 0).tolist())
    top = -float(np.logaddexp(0, -costs).sum())
    yield sorted(chosen), top
    heap: list[tuple[float, tuple[int, ...]]] = [(float(costs[order[0]]), (0,))] if len(order) else []
    while heap:
        cost, turned = heapq.heappop(heap)
        yield sorted(chosen ^ {int(order[place]) for place in turned}), top - cost
        last = turned[-1]
        if last + 1 < len(order):
            step = float(costs[order[last + 1]])
            heapq.heappush(heap, (cost + step, (*turned, last + 1)))
            heapq.heappush(heap, (cost + step - float(costs[order[last]]), (*turned[:-1], last + 1)))
