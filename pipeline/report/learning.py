"""Scores and summaries in, learning curves out: what a system gains from more training sentences of one corpus.

A corpus whose row differs from another's in `keep` alone holds a share of its training records, and the same test. The
systems of one task and one architecture on such corpora are the points of one line.
"""

from dataclasses import dataclass

from markupsafe import Markup

from pipeline import paths
from pipeline.params import NONE, Params
from pipeline.report import svg
from pipeline.report.scores import Metric, Result, leaderboards, title
from pipeline.sequences import read_json

FEWEST = 3  # points of a line


@dataclass(frozen=True)
class Share:
    """A row of the table, and a point of a line."""

    system: str
    sentences: int
    score: Metric


@dataclass(frozen=True)
class Learning:
    task: str
    corpus: str  # that of all records
    metric: str
    lines: list[list[Share]]  # by architecture, each by the number of sentences

    @property
    def names(self) -> list[str]:
        """Each line by its system that has seen most."""
        return [line[-1].system for line in self.lines]

    @property
    def picture(self) -> Markup:
        drawn = [
            svg.Line(line[-1].system, [(share.sentences, share.score.value) for share in line]) for line in self.lines
        ]
        return svg.lines(drawn, "training sentences", title(self.metric))


def learnings(params: Params) -> list[Learning]:
    """In the order of params.yaml; by the metric that is asked for first."""
    found: dict[tuple[str, str, str], dict[str, list[Share]]] = {}
    whole: dict[str, str] = {}  # what shares of a corpus have in common → the corpus of which most is kept
    for name in sorted(params.corpora, key=lambda name: -params.corpora[name].options.get("keep", 1)):
        whole.setdefault(_common(params, name), name)
    for board in leaderboards(params):
        for result in board.results:
            corpus = params.systems[result.system].corpus
            share = _share(result, corpus, board.metrics[0]) if corpus in params.corpora else None
            if share:
                place = (board.task, whole[_common(params, corpus)], board.metrics[0])
                found.setdefault(place, {}).setdefault(_architecture(params, result.system), []).append(share)
    made = []
    for place, lines in found.items():
        ordered = [sorted(line, key=lambda share: share.sentences) for line in lines.values()]
        kept = [line for line in ordered if len({share.sentences for share in line}) >= FEWEST]
        if kept:
            made.append(Learning(*place, kept))
    return made


def _share(result: Result, corpus: str, metric: str) -> Share | None:
    place = paths.summary(corpus)
    summary = read_json(place) if place.is_file() else {}
    if "sentences_train" not in summary or metric not in result.metrics:
        return None
    return Share(result.system, int(summary["sentences_train"]), result.metrics[metric])


def _common(params: Params, corpus: str) -> str:
    row = params.corpora[corpus].model_dump()
    return repr(sorted((key, value) for key, value in row.items() if key != "keep"))


def _architecture(params: Params, name: str) -> str:
    """What two systems share but for their corpus and how long they are trained on it."""
    system = params.systems[name]
    needs = "" if system.needs == NONE else _architecture(params, system.needs)
    return repr((system.model.model_dump(), system.decode, needs))
