"""Scores and summaries in; what speech recognition gains from more hours, or from better ones, out.

Systems of one task that were trained on different corpora of one raw corpus: all of it, what an alignment keeps of it
under one threshold or another, the planted truth. They are tested on the same sentences.
"""

from dataclasses import dataclass

from markupsafe import Markup

from pipeline import paths
from pipeline.params import Params
from pipeline.report import svg
from pipeline.report.scores import Metric, Result, leaderboards, title
from pipeline.sequences import read_json

FEWEST = 3  # points of a curve
LONG = 3.0  # hours; fewer are told in minutes


@dataclass(frozen=True)
class Training:
    """A row of the table, and a point of the chart."""

    system: str
    corpus: str
    kept: bool  # by an alignment
    hours: float
    score: Metric


@dataclass(frozen=True)
class Curve:
    task: str
    raw: str
    metric: str
    rows: list[Training]  # by hours

    @property
    def picture(self) -> Markup:
        long = max(row.hours for row in self.rows) >= LONG
        points = [
            svg.Point(
                x=row.hours if long else 60 * row.hours,
                y=row.score.value,
                low=row.score.value if row.score.low is None else row.score.low,
                high=row.score.value if row.score.high is None else row.score.high,
                name=row.system,
                joined=row.kept,
            )
            for row in self.rows
        ]
        return svg.points(points, f"{'hours' if long else 'minutes'} of training speech", title(self.metric))


def curves(params: Params) -> list[Curve]:
    """In the order of params.yaml; by the metric that is asked for first."""
    rows: dict[tuple[str, str, str], list[Training]] = {}
    for board in leaderboards(params):
        for result in board.results:
            corpus = params.systems[result.system].corpus
            hours = _hours(corpus)
            if hours is not None and board.metrics and board.metrics[0] in result.metrics:
                place = (board.task, _raw(params, corpus), board.metrics[0])
                rows.setdefault(place, []).append(_training(params, result, corpus, hours, board.metrics[0]))
    return [
        Curve(*place, sorted(found, key=lambda row: (row.hours, row.system)))
        for place, found in rows.items()
        if len(found) >= FEWEST and len({row.corpus for row in found}) > 1
    ]


def _training(params: Params, result: Result, corpus: str, hours: float, metric: str) -> Training:
    return Training(result.system, corpus, corpus in params.alignments, hours, result.metrics[metric])


def _raw(params: Params, corpus: str) -> str:
    return params.alignments[corpus].raw if corpus in params.alignments else params.corpora[corpus].raw


def _hours(corpus: str) -> float | None:
    place = paths.summary(corpus)
    summary = read_json(place) if place.is_file() else {}
    return next((float(summary[key]) for key in ("hours_kept", "hours_train") if key in summary), None)
