"""Training curves in (`step` and a number, a TSV each, as dvclive writes them), charts out."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from pipeline import paths
from pipeline.problems import Problem
from pipeline.report import svg

SIDES = ("train", "dev", "test")
DVCLIVE = ("plots", "metrics")  # the folders that it writes to


@dataclass(frozen=True)
class Chart:
    name: str
    lines: list[svg.Line]

    @property
    def picture(self) -> Markup:
        return svg.lines(self.lines, "step", self.name)


def charts(system: str) -> list[Chart]:
    """Every *.tsv below data/curves/<system>; train_loss and dev_loss share a chart. None for what only counts."""
    folder = paths.curves(system)
    drawn: dict[str, list[svg.Line]] = {}
    for file in sorted(folder.rglob("*.tsv"), key=lambda f: f.relative_to(folder).as_posix()):
        parts = file.relative_to(folder).with_suffix("").parts
        name = "_".join(parts[2:] if parts[:2] == DVCLIVE else parts)
        side, _, measured = name.partition("_")
        if side not in SIDES or not measured:
            side, measured = name, name
        line = svg.Line(side, read(file))
        if line.points:
            drawn.setdefault(measured, []).append(line)
    return [Chart(name.replace("_", " "), _in_order(lines)) for name, lines in drawn.items()]


def _in_order(lines: Iterable[svg.Line]) -> list[svg.Line]:
    """train before dev before test."""
    return sorted(lines, key=lambda line: SIDES.index(line.name) if line.name in SIDES else -1)


def axes(file: Path) -> list[str]:
    """The names of a table's columns."""
    with file.open(encoding="utf-8") as content:
        return content.readline().rstrip("\n").split("\t")


def read(file: Path) -> list[tuple[float, float]]:
    """The points of a table. Raises Problem with the line that holds something else than two numbers."""
    points = []
    with file.open(encoding="utf-8", newline="") as content:
        for number, row in enumerate(csv.DictReader(content, delimiter="\t"), 2):
            try:
                x, y = (float(v) for key, v in row.items() if key != "timestamp")
            except (TypeError, ValueError):
                raise Problem(f"{file}, line {number}: not two numbers: run the stage that wrote it again") from None
            points.append((x, y))
    return sorted(points)
