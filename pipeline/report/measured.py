"""data/statistics in, systems that can be compared on the same sentences out."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from pipeline import paths
from pipeline.metrics.catalogue import find
from pipeline.metrics.pairs import Difference, Drawn, differences, drawn
from pipeline.metrics.statistics import read_statistics


class Measured:
    """A scored system: its statistics, with the draws of its test set."""

    def __init__(self, name: str):
        """Raises Problem if it has no statistics."""
        found = read_statistics(paths.statistics(name))
        self.name, self.ids, self.metrics = name, found.ids, found.metrics

    @cached_property
    def drawn(self) -> dict[str, Drawn]:
        """By the names of the scores: `bleu`, `accuracy_unknown`."""
        return {key: value for name in self.metrics for key, value in self._drawn(name, slice(None)).items()}

    def part(self, metric: str, rows: np.ndarray) -> dict[str, Drawn]:
        """The scores of one metric over some of the sentences alone."""
        return self._drawn(metric, rows)

    def over(self, other: "Measured") -> dict[str, Difference]:
        """What this one has more than the other; empty if they were tested on different sentences."""
        return differences(other.drawn, self.drawn) if other.ids == self.ids else {}

    def _drawn(self, metric: str, rows: np.ndarray | slice) -> dict[str, Drawn]:
        return drawn(self.metrics[metric][rows], find(metric).scores)


def scored(names: Iterable[str]) -> dict[str, Measured]:
    """Those of the systems that have been scored."""
    return {name: Measured(name) for name in names if paths.statistics(name).is_file()}
