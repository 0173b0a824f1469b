"""Statistics in, reliability diagrams out: of what a system holds so likely, how much is right (Niculescu-Mizil and
Caruana 2005, section 4)."""

from collections.abc import Iterable, Iterator

import numpy as np
from markupsafe import Markup

from pipeline import paths
from pipeline.metrics.calibration import BINS
from pipeline.metrics.statistics import read_statistics
from pipeline.report import svg

METRIC = "calibration"
SIDE, LEFT, TOP, BOTTOM = 240, 52, 12, 40  # CSS pixels: of the square, of its margins
DOT = 9.0  # of the fullest bin; one with a thousandth as much is a third as wide
LINES = (("all labels", "s1"), ("the likeliest", "s2"))  # as the statistics have them


def pictures(names: Iterable[str]) -> dict[str, Markup]:
    """System → its diagram, of those that were asked for their calibration."""
    found = {}
    for name in names:
        place = paths.statistics(name)
        metrics = read_statistics(place).metrics if place.is_file() else {}
        if METRIC in metrics:
            found[name] = diagram(metrics[METRIC].sum(axis=0).reshape(len(LINES), BINS, 3), name)
    return found


def diagram(bins: np.ndarray, name: str) -> Markup:
    """[lines, BINS, 3]: how many labels fall into each bin, the sum of their probabilities, how many are right."""

    def place(likely: float, right: float) -> tuple[float, float]:
        return LEFT + likely * SIDE, TOP + (1 - right) * SIDE

    body = [svg.box(LEFT, TOP, SIDE, SIDE, "frame"), svg.rule(*place(0, 0), *place(1, 1), "spread")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        told = f"{100 * share:.0f} %"
        body.append(svg.text(LEFT - 8, TOP + (1 - share) * SIDE + 4, told, "end", "tick"))
        body.append(svg.text(LEFT + share * SIDE, TOP + SIDE + 16, told, "middle", "tick"))
    body.append(svg.text(LEFT + SIDE, TOP + SIDE + 34, "held likely", "end", "axis"))
    body.append(svg.text(LEFT + 6, TOP + 14, "right", "start", "axis"))
    for (_, style), line in zip(LINES, bins, strict=True):
        filled = list(_filled(line))
        if len(filled) > 1:
            body.append(svg.path([place(likely, right) for likely, right, _ in filled], f"series {style}"))
        most = max((count for *_, count in filled), default=1.0)
        for likely, right, count in filled:
            x, y = place(likely, right)
            wide = DOT * (1 + np.log10(max(count / most, 1e-3)) / 4.5)
            told = f"{svg.figure(count)} held {100 * likely:.1f} % likely: {100 * right:.1f} % are right"
            body.append(svg.box(x - wide / 2, y - wide / 2, wide, wide, f"dot {style}", told))
    told = "; ".join(
        f"{what}: " + ", ".join(f"{100 * right:.0f} % of {100 * likely:.0f} %" for likely, right, _ in _filled(line))
        for (what, _), line in zip(LINES, bins, strict=True)
    )
    return svg.drawing(LEFT + SIDE + 16, TOP + SIDE + BOTTOM, f"Reliability of {name}: {told}", body, "diagram")


def _filled(line: np.ndarray) -> Iterator[tuple[float, float, float]]:
    """The mean probability, the share that is right, and the count, of each bin [BINS, 3] that holds anything."""
    for count, likely, right in line.tolist():
        if count:
            yield likely / count, right / count, count
