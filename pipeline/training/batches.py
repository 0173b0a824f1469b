"""Lengths → an epoch's batches of row numbers: rows of one length together, batches in a seeded order."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from pipeline.sequences import batches_of

Batch = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Batches:
    """Row numbers by length bucket, and how rows become tensors.

    `lengths` is [N], or [N, K] for K sides (source and target): the longest side counts against `budget`.
    `collate(rows, epoch)` makes the tensors; what it draws at random is seeded from (epoch, row), so that a resumed
    epoch sees the same.
    """

    lengths: np.ndarray
    budget: int
    collate: Callable[[np.ndarray, int], Batch]
    seed: int
    ids: list[str] = field(default_factory=list)  # names a row in errors

    def plan(self, epoch: int) -> list[np.ndarray]:
        """The batches of an epoch: a pure function of (seed, epoch)."""
        sides = self.lengths.reshape(len(self.lengths), -1)
        cost = sides.max(axis=1)
        rng = np.random.default_rng((self.seed, epoch))
        shuffled = rng.permutation(len(cost))
        order = shuffled[np.lexsort((*sides[shuffled].T, cost[shuffled]))]
        batches = batches_of(cost, order, self.budget)
        return [batches[i] for i in rng.permutation(len(batches))]

    def names(self, rows: np.ndarray) -> list[str]:
        return [self.ids[i] if self.ids else str(i) for i in rows]
