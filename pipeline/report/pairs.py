"""Statistics in, systems held against each other out: pairs that params.yaml names, each system against the one that it
is made with, and every two of a task."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.metrics.pairs import Difference, difference
from pipeline.params import NONE, Params
from pipeline.problems import Problem, nearest
from pipeline.report.measured import Measured, scored
from pipeline.report.scores import Board, lower_is_better, rivals

FEWEST = 3  # systems of a table of every two; two are a pair


@dataclass(frozen=True)
class Pair:
    """What a step is worth: the system with it against the one without it."""

    step: str
    without: str
    system: str
    metric: str  # the score that the two are told by
    main: Difference
    rest: dict[str, Difference]  # by the other scores that both have

    @property
    def better(self) -> bool:
        return better(self.metric, self.main)


@dataclass(frozen=True)
class Table:
    """Every two systems of a task, the best first: what the one of a row has more than the one of a column."""

    task: str
    corpus: str
    metric: str
    systems: list[str]
    rows: dict[str, list[Difference]]  # a system → its differences from those that stand before it

    def better(self, found: Difference) -> bool:
        return better(self.metric, found)


def better(metric: str, found: Difference) -> bool:
    return (found.change < 0) == lower_is_better(metric)


def named(params: Params, wanted: Mapping[str, tuple[str, str]]) -> list[Pair]:
    """step → (without, with), in their order. Systems that have not been scored yet are left out.

    Raises Problem for a system that there is not, and for two that were not tested on the same sentences.
    """
    pairs = []
    for step, names in wanted.items():
        for name in names:
            if name not in params.systems:
                raise Problem(f"report.pairs.{step}: there is no {name!r}: {nearest(name, params.systems)}")
        found = scored(names)
        if len(found) == 2:
            pairs.append(compared(step, *(found[name] for name in names)))
    return pairs


def made(params: Params, wanted: Mapping[str, tuple[str, str]]) -> list[Pair]:
    """Each system against the one of its own task and test set that it is made with: a language model's fusion, say.

    Those that are wanted as pairs under a name of their own are left out.
    """
    pairs = []
    known = {frozenset(names) for names in wanted.values()}
    for names in rivals(params).values():
        found = scored(names)
        for system in found.values():
            row = params.systems[system.name]
            without = found.get(row.needs)
            if without and {system.name, without.name} not in known and system.over(without):
                step = f"{row.model.kind} with {row.also}" if row.also != NONE else row.model.kind
                pairs.append(compared(step, without, system))
    return pairs


def compared(step: str, without: Measured, system: Measured) -> Pair:
    """Raises Problem where two systems have nothing to be compared by."""
    changes = system.over(without)
    if not changes:
        raise Problem(
            f"{without.name} and {system.name} were not tested on the same sentences by the same metric: "
            "compare systems of one task and corpus"
        )
    metric = next(iter(changes))
    rest = {key: found for key, found in changes.items() if key != metric}
    return Pair(step, without.name, system.name, metric, changes[metric], rest)


def tables(boards: list[Board]) -> list[Table]:
    """A table a board that has enough systems, by the metric that its task asks for first."""
    return [table for board in boards if board.metrics and (table := _table(board, board.metrics[0]))]


def _table(board: Board, metric: str) -> Table | None:
    found = scored(result.system for result in board.ranked(metric))
    best = next(iter(found.values()), None)
    alike = {name: one.drawn[metric] for name, one in found.items() if best and one.ids == best.ids}
    if len(alike) < FEWEST:
        return None
    names = list(alike)
    rows = {name: [difference(alike[other], alike[name]) for other in names[:i]] for i, name in enumerate(names)}
    return Table(board.task, board.corpus, metric, names, rows)
