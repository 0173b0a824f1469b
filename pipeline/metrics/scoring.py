"""A metric and an output in, the lines of a score file out: score, 95 % interval, the trivial system's, counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.metrics.bootstrap import intervals
from pipeline.metrics.metric import Metric, Output

Figures = dict[str, float | int | str]
ENDS = ("_low", "_high")  # of an interval


@dataclass(frozen=True)
class Measured:
    """What a metric finds in each sentence, [N, K]: of a system, of the trivial one, of people's recordings."""

    name: str
    metric: Metric
    statistics: np.ndarray
    trivial: np.ndarray | None = None
    recordings: np.ndarray | None = None


def measured(
    metric: Metric, name: str, output: Output, trivial: Output | None = None, recordings: Output | None = None
) -> Measured:
    statistics = metric.statistics(output)
    beside = (metric.statistics(other) if other is not None else None for other in (trivial, recordings))
    return Measured(name, metric, statistics, *beside)


def scored(metric: Metric, name: str, output: Output, trivial: Output | None = None) -> Figures:
    """Flat figures. A score that the output leaves undefined (accuracy on unknown words, say) is left out."""
    return figures(measured(metric, name, output, trivial))


def figures(found: Measured) -> Figures:
    """What `scored` gives; and `<score>_recordings`, the same of people's recordings, where there are any."""
    metric, sums = found.metric, found.statistics.sum(axis=0)
    baseline = _defined(metric, found.trivial.sum(axis=0)) if found.trivial is not None else {}
    flat: Figures = {}
    for key, parts in _bounded(metric, found.statistics).items():
        flat |= {f"{key}{part}": value for part, value in parts.items()}
        if key in baseline:
            flat[f"{key}_baseline"] = baseline[key]
    flat |= {key: int(sums[column]) for key, column in metric.counts.items()}
    if metric.signature is not None:
        flat[f"{found.name}_signature"] = metric.signature()
    if found.recordings is not None:
        for key, parts in _bounded(metric, found.recordings).items():
            flat |= {f"{key}_recordings{part}": value for part, value in parts.items()}
    return flat


def _bounded(metric: Metric, statistics: np.ndarray) -> dict[str, dict[str, float]]:
    """Each score that is defined, and the ends of its interval."""
    bounds = intervals(statistics, metric.scores)
    return {
        key: {"": value, **{part: round(end, metric.decimals) for part, end in zip(ENDS, bounds[key], strict=True)}}
        for key, value in _defined(metric, statistics.sum(axis=0)).items()
    }


def shown(figures: Mapping[str, float | int | str]) -> str:
    """The scores with their intervals, a line each, for the person who waits."""
    lines = []
    for key in (key for key in figures if f"{key}_low" in figures):
        low, high = figures[f"{key}_low"], figures[f"{key}_high"]
        baseline = f"; baseline {figures[f'{key}_baseline']}" if f"{key}_baseline" in figures else ""
        lines.append(f"  {key:<18} {figures[key]:>6}  (95 % between {low} and {high}{baseline})")
    return "\n".join(lines)


def _defined(metric: Metric, sums: np.ndarray) -> dict[str, float]:
    scores = metric.scores(sums)
    return {key: round(float(value), metric.decimals) for key, value in scores.items() if not math.isnan(value)}
