"""The parts of the report in, the page out: templates with everything escaped that is not our own drawing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pipeline.report import behaviour, forecasts, scores, svg
from pipeline.report.behaviour import Behaviour, Probes
from pipeline.report.corpora import Description
from pipeline.report.curves import Chart
from pipeline.report.hours import Curve
from pipeline.report.learning import Learning
from pipeline.report.lengths import ByLength
from pipeline.report.pairs import Pair, Table
from pipeline.report.samples import Group
from pipeline.report.scores import Board
from pipeline.report.studies import Study

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Trained:
    name: str
    charts: list[Chart]


def render(
    *,
    heading: str,
    boards: list[Board],
    pairs: list[Pair],
    tables: list[Table],
    lengths: list[ByLength],
    hours: list[Curve],
    learning: list[Learning],
    behaviours: list[Behaviour],
    probes: list[Probes],
    systems: list[Trained],
    studies: list[Study],
    corpora: list[Description],
    groups: list[Group],
    series: list[forecasts.Group],
    parameters: Mapping[str, str],
) -> str:
    """One HTML page, with its style inside. The same parts are the same bytes."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "figure": _figure,
        "words": _words,
        "metric_title": scores.title,
        "count_title": scores.count_title,
        "score": scores.written,
        "signed": _signed,
    }
    environment.tests["lower_better"] = scores.lower_is_better
    page: str = environment.get_template("page.html").render(
        heading=heading,
        style=Markup((HERE / "style.css").read_text(encoding="utf-8")),
        boards=boards,
        pairs=pairs,
        tables=tables,
        lengths=lengths,
        hours=hours,
        learning=learning,
        behaviours=behaviours,
        behaviour_names=behaviour.SHOWN,
        probes=probes,
        systems=systems,
        studies=studies,
        corpora=corpora,
        groups=groups,
        series=series,
        parameters=parameters,
    )
    return page


def _figure(value: Any) -> str:
    return svg.figure(float(value)) if isinstance(value, int | float) else str(value)


def _signed(value: float, metric: str = "") -> str:
    return scores.written(value, metric, signed=True).replace("-", "\u2212")


def _words(name: str) -> str:
    return name.replace("_", " ")
