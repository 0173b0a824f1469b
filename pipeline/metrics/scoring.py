"""A metric and an output in, the lines of a score file out: score, 95 % interval, the trivial system's, counts."""

import math
from collections.abc import Mapping

import numpy as np

from pipeline.metrics.bootstrap import intervals
from pipeline.metrics.metric import Metric, Output

Figures = dict[str, float | int | str]


def scored(metric: Metric, name: str, output: Output, trivial: Output | None = None) -> Figures:
    """Flat figures. A score that the output leaves undefined (accuracy on unknown words, say) is left out."""
    statistics = metric.statistics(output)
    sums = statistics.sum(axis=0)
    found = _defined(metric.scores(sums))
    bounds = intervals(statistics, metric.scores)
    baseline = _defined(metric.scores(metric.statistics(trivial).sum(axis=0))) if trivial is not None else {}
    figures: Figures = {}
    for key, value in found.items():
        low, high = bounds[key]
        figures |= {key: value, f"{key}_low": round(low, 2), f"{key}_high": round(high, 2)}
        if key in baseline:
            figures[f"{key}_baseline"] = baseline[key]
    figures |= {key: int(sums[column]) for key, column in metric.counts.items()}
    if metric.signature is not None:
        figures[f"{name}_signature"] = metric.signature()
    return figures


def shown(figures: Mapping[str, float | int | str]) -> str:
    """The scores with their intervals, a line each, for the person who waits."""
    lines = []
    for key in (key for key in figures if f"{key}_low" in figures):
        low, high = figures[f"{key}_low"], figures[f"{key}_high"]
        baseline = f"; baseline {figures[f'{key}_baseline']}" if f"{key}_baseline" in figures else ""
        lines.append(f"  {key:<18} {figures[key]:>6}  (95 % between {low} and {high}{baseline})")
    return "\n".join(lines)


def _defined(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    return {key: round(float(value), 2) for key, value in values.items() if not math.isnan(value)}
