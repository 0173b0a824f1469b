"""What studies drew (a folder a chart, a table a line) in, charts out."""

from dataclasses import dataclass

from markupsafe import Markup

from pipeline import paths
from pipeline.params import Params
from pipeline.report import svg
from pipeline.report.curves import axes, read


@dataclass(frozen=True)
class Chart:
    name: str
    x: str
    y: str
    lines: list[svg.Line]

    @property
    def picture(self) -> Markup:
        return svg.lines(self.lines, self.x, self.y)


@dataclass(frozen=True)
class Study:
    name: str
    kind: str
    charts: list[Chart]


def studies(params: Params) -> list[Study]:
    """Those that have been drawn, in the order of params.yaml."""
    found = [Study(name, study.kind, charts(name)) for name, study in params.studies.items()]
    return [study for study in found if study.charts]


def charts(name: str) -> list[Chart]:
    """Every folder below data/curves/<study>. Raises Problem where a table holds something else than two numbers."""
    found = []
    for folder in sorted(place for place in paths.curves(name).glob("*") if place.is_dir()):
        files = sorted(folder.glob("*.tsv"))
        if files:
            x, y = (axis.replace("_", " ") for axis in axes(files[0])[:2])
            found.append(Chart(folder.name.replace("_", " "), x, y, [svg.Line(f.stem, read(f)) for f in files]))
    return found
