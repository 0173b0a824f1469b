"""The workspace's score files → one table, for the terminal or as Markdown: a row a system and metric."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from pipeline import columns
from pipeline.params import Params
from pipeline.report.scores import Board, Result, leaderboards, probed, title, written

HEAD = ("task", "corpus", "system", "metric", "score", "95 % interval", "baseline", "sentences")
NUMBERS = 4  # the first column of numbers


class Row(NamedTuple):
    task: str
    corpus: str
    system: str
    metric: str
    score: str
    interval: str
    baseline: str
    sentences: str


def rows(params: Params) -> list[Row]:
    """The best system first, by the metric that its task asks for first; then probes. What has no scores says so."""
    return [row for board in (*leaderboards(params), *probed(params)) for row in _rows(board)]


def plain(table: list[Row]) -> str:
    return columns.plain(HEAD, table, NUMBERS)


def markdown(table: list[Row]) -> str:
    return columns.markdown(HEAD, table, NUMBERS)


def _rows(board: Board) -> Iterator[Row]:
    ranked = board.ranked(board.metrics[0]) if board.metrics else []
    rest = [result for result in board.results if result not in ranked]
    for result in [*ranked, *rest]:
        for name in [metric for metric in board.metrics if metric in result.metrics]:
            yield _row(board, result, name)
    for system in board.missing:
        yield Row(board.task, board.corpus, system, "not scored yet", *[""] * 4)


def _row(board: Board, result: Result, name: str) -> Row:
    metric = result.metrics[name]
    figure = partial(written, metric=name)
    interval = "" if metric.low is None or metric.high is None else f"{figure(metric.low)} to {figure(metric.high)}"
    baseline = "" if metric.baseline is None else figure(metric.baseline)
    sentences = f"{result.figures['sentences']:.0f}" if "sentences" in result.figures else ""
    score = figure(metric.value)
    return Row(board.task, board.corpus, result.system, title(name), score, interval, baseline, sentences)
