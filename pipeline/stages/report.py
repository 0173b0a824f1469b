"""Scores, curves, statistics, hypotheses and their audio → data/report/index.html, one page that needs no network."""

import yaml
from pydantic import Field

from pipeline import paths
from pipeline.params import Params, Row, configure, load
from pipeline.report import (
    behaviour,
    corpora,
    curves,
    forecasts,
    hours,
    learning,
    lengths,
    pairs,
    samples,
    scores,
    studies,
)
from pipeline.report.page import Trained, render


class Config(Row):
    samples: int = Field(default=12, ge=0, le=200)  # sentences shown a task: the first ones, and those with most errors
    clips: int = Field(default=6, ge=0, le=100)  # recordings to listen to, a task
    # What a step is worth: its name → the system without it, and the one with it.
    pairs: dict[str, tuple[str, str]] = Field(default_factory=dict)


def run() -> None:
    params = load()
    options = configure(Config, params.report, "report")
    boards = scores.leaderboards(params)
    page = render(
        heading=_heading(params),
        boards=boards,
        pairs=[*pairs.named(params, options.pairs), *pairs.made(params, options.pairs)],
        tables=pairs.tables(boards),
        lengths=lengths.by_length(params),
        hours=hours.curves(params),
        learning=learning.learnings(params),
        behaviours=behaviour.behaviours(boards),
        probes=behaviour.probes(params),
        systems=[Trained(name, curves.charts(name)) for name in params.systems],
        studies=studies.studies(params),
        corpora=[corpora.describe(name) for name in (*params.corpora, *params.alignments)],
        groups=samples.groups(params, options.samples, options.clips),
        series=forecasts.groups(params, options.samples),
        parameters=_parameters(params),
    )
    with paths.replacing(paths.report().parent) as folder:
        (folder / paths.report().name).write_text(page, encoding="utf-8")
    print(f"report: {paths.report()}, {len(page.encode()) / 1e6:.1f} MB")


def _heading(params: Params) -> str:
    """What was run: the tasks, in the order of params.yaml."""
    tasks = list(dict.fromkeys(system.task for system in params.systems.values()))
    return f"Report: {', '.join(tasks) or 'no systems'}"


def _parameters(params: Params) -> dict[str, str]:
    """The rows of params.yaml as YAML, by `section.name`."""
    rows = {
        f"{section}.{name}": row.model_dump()
        for section in ("systems", "probes", "studies", "features", "corpora", "alignments")
        for name, row in getattr(params, section).items()
    }
    return {name: yaml.safe_dump(row, sort_keys=False, allow_unicode=True, width=100) for name, row in rows.items()}
