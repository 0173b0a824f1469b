"""Systems held against each other on the same test sentences → a table: a row a pair and score."""

from collections.abc import Iterator

from pipeline import columns
from pipeline.params import Params, configure, row
from pipeline.problems import Problem
from pipeline.report.measured import Measured
from pipeline.report.pairs import Pair, compared, named
from pipeline.report.scores import title, written
from pipeline.stages.report import Config

HEAD = ("step", "without", "with", "metric", "without it", "with it", "change", "95 % interval")
NUMBERS = 4  # the first column of numbers


def told(params: Params, wanted: tuple[str, str] | None, markdown: bool = False) -> str:
    """Two systems by every score that both have; or, where none are named, the pairs of report.pairs by their first.

    Raises Problem for systems that there are not, that have not been scored, or that cannot be compared.
    """
    first = 0  # column: two systems need no name for their step
    if wanted is None:
        pairs = named(params, configure(Config, params.report, "report").pairs)
        if not pairs:
            raise Problem("report.pairs of params.yaml names no two systems that are scored: name two")
        rows = [next(_rows(pair)) for pair in pairs]
    else:
        for name in wanted:
            row(params.systems, name, "systems")
        rows, first = list(_rows(compared("", *map(Measured, wanted)))), 1
    return (columns.markdown if markdown else columns.plain)(HEAD[first:], [r[first:] for r in rows], NUMBERS - first)


def _rows(pair: Pair) -> Iterator[tuple[str, ...]]:
    """The score that a pair is told by comes first."""
    for metric, found in {pair.metric: pair.main, **pair.rest}.items():
        figures = (*(written(v, metric) for v in (found.before, found.after)), written(found.change, metric, True))
        interval = " to ".join(written(value, metric, True) for value in (found.low, found.high))
        yield (pair.step, pair.without, pair.system, title(metric), *figures, interval)
