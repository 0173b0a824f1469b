"""Scores of behaviour and what probes asked in; how systems behave beside their quality out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from markupsafe import Markup

from pipeline import paths
from pipeline.params import Params
from pipeline.probed import Probed, read_probed
from pipeline.report import scores, svg
from pipeline.report.scores import Board, Metric

# Told here, and not among the scores that systems are ranked by.
SHOWN = ("repetition", "never_stopped_rate", "copied_source", "coverage", "untranslated_span")
EXAMPLES = 6  # edits shown


@dataclass(frozen=True)
class Behaviour:
    """A row of the table."""

    task: str
    system: str
    metrics: dict[str, Metric]


@dataclass(frozen=True)
class Occupation:
    """What a translator makes of one."""

    name: str
    typical: str  # the gender of the stereotype; empty if there is none
    right: dict[str, tuple[int, int]]  # gender → how many of how many sentences that tell it
    she: int
    told: int  # of the sentences that tell no gender those that were given he or she
    meter: Markup


@dataclass(frozen=True)
class Edited:
    """A sentence whose edit changes the answer most."""

    edit: str
    asked: tuple[str, str]  # as it is, edited
    answers: tuple[str, str]
    differing: int
    words: int


@dataclass(frozen=True)
class Shown:
    """A probe's name and system, and what its lines show."""

    name: str
    system: str
    occupations: list[Occupation]
    edited: list[Edited]


@dataclass(frozen=True)
class Probes:
    """All probes of one kind on one corpus."""

    board: Board
    shown: list[Shown]


def behaviours(boards: Iterable[Board]) -> list[Behaviour]:
    """The systems that a metric of behaviour was asked of, in the order of the boards."""
    found = [
        Behaviour(board.task, result.system, {name: result.metrics[name] for name in SHOWN if name in result.metrics})
        for board in boards
        for result in board.results
    ]
    return [row for row in found if row.metrics]


def probes(params: Params) -> list[Probes]:
    """In the order of params.yaml; of a probe that has not run yet nothing is shown."""
    return [
        Probes(board, [_shown(params, result.system) for result in board.results])
        for board in scores.probed(params)
        if board.results
    ]


def _shown(params: Params, name: str) -> Shown:
    probe = params.probes[name]
    lines = list(read_probed(paths.hypotheses(name))) if paths.hypotheses(name).is_dir() else []
    occupations = _occupations(lines) if probe.kind == "gender" else []
    return Shown(name, probe.system, occupations, _edited(lines) if probe.kind == "edits" else [])


def _occupations(lines: Iterable[Probed]) -> list[Occupation]:
    """Those that are most often taken for a woman's first, then by name."""
    by_name: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        by_name[line.finding["occupation"]].append(line.finding)
    rows = []
    for name, findings in by_name.items():
        right = {}
        for gender in ("male", "female"):
            due = [finding for finding in findings if finding["gender"] == gender]
            right[gender] = (sum(finding["found"] == gender for finding in due), len(due))
        told = [f["found"] for f in findings if f["gender"] == "neutral" and f["found"] in ("male", "female")]
        she = told.count("female")
        label = f"{she} of {len(told)} with she: {name}"
        meter = svg.meter(she / len(told), label) if told else Markup("")
        rows.append(Occupation(name, findings[0]["typical"], right, she, len(told), meter))
    return sorted(rows, key=lambda row: (-(row.she / row.told if row.told else -1), row.name))


def _edited(lines: Iterable[Probed]) -> list[Edited]:
    found = [
        Edited(edit, (line.asked["plain"], line.asked[edit]), (line.answers["plain"], line.answers[edit]), *counts)
        for line in lines
        for edit, counts in line.finding.items()
    ]
    by_loss = sorted(found, key=lambda one: -one.differing / max(1, one.words))
    return list(islice((one for one in by_loss if one.differing), EXAMPLES))
