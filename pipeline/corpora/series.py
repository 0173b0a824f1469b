"""Time series in CSV, such as the M4 competition's (https://github.com/Mcompetitions/M4-methods) → what was, what came.

Enters: a series a line, or a value a line behind name and date (see `timeseries.py`). `files` names those of `train`
and, where the continuation is a file of its own, of `test`; otherwise the last `horizon` values of each series are its
test. Leaves three records a series, of the same name: its `past`, with the period of its season, and its `future`, the
next `horizon` values. That of test is the official one; that of dev ends where the test begins, that of train where
dev's begins. So no future is in a past of an earlier split.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pyarrow as pa
from pydantic import Field

from pipeline.corpora.splits import Found, Shared, Split, sources
from pipeline.corpora.text import lines
from pipeline.problems import Problem
from pipeline.records import Record, Reject
from pipeline.timeseries import Series, following
from pipeline.timeseries import read as read_series

_VALUES = pa.list_(pa.float64())


class Config(Shared):
    split: Split = Split(by="recording")  # every series is in every split, one future after another
    period: int = Field(ge=1)  # values after which a season comes back: 24 of hourly values; 1: there is no season
    horizon: int = Field(ge=1)  # values to forecast
    encoding: str = "utf-8"


def schema(config: Config) -> pa.Schema:
    past = pa.struct([("values", _VALUES), ("period", pa.int64())])
    return pa.schema([("id", pa.string()), ("past", past), ("future", _VALUES)])


def key(config: Config, record: Record) -> list[str]:
    """Nothing: the splits are of the same series, and their futures lie apart."""
    return []


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """Three records a series. Raises Problem at what is no number, and where a name recurs."""
    parts: dict[str, dict[str, tuple[Path, Series]]] = {"train": {}, "test": {}}
    for source in sources(config, raw, corpus, default=["**/*.csv", "**/*.tsv", "**/*.csv.gz"]):
        if source.split == "dev":
            raise Problem(f"corpora.{corpus}.files.dev: dev is what comes before the test: leave its files out")
        found = parts[source.split or "train"]
        for series in read_series((line + "\n" for _, line in lines(source.path, config.encoding)), str(source.path)):
            if series.name in found:
                where = found[series.name][1].where
                raise Problem(f"{series.where}: {series.name} stands in {where} already: give each series its own name")
            found[series.name] = source.path, series
    continued = isinstance(config.files, Mapping) and "test" in config.files
    for name, (path, series) in parts["train"].items():
        values, test = list(series.values), None
        if continued:
            test = parts["test"].get(name, (path, None))[1]
            values += test.values[: config.horizon] if test else []
        reason, note = _fault(config, series, test if continued else series)
        if reason:
            text = ", ".join(f"{value:g}" for value in series.values[:8])
            yield Reject(str(path), _line(series), reason, text, f"{series.where}: {name}: {note}")
            continue
        for split, end in (("test", len(values)), ("dev", -config.horizon), ("train", -2 * config.horizon)):
            known = values[:end]
            past = {"values": known[: -config.horizon], "period": config.period}
            record = {"id": f"{corpus}-{name}", "past": past, "future": known[-config.horizon :]}
            yield Found(split, record, str(path), _line(series))
    for name in sorted(parts["test"].keys() - parts["train"].keys()) if continued else ():
        path, series = parts["test"][name]
        yield Reject(str(path), _line(series), "no history", name, f"{series.where}: {name} has no history: add it")


def _fault(config: Config, series: Series, test: Series | None) -> tuple[str, str]:
    """Why a series cannot be learnt from or scored, and the remedy; nothing of a good one."""
    if test is None or len(test.values) < config.horizon:
        held = len(test.values) if test else 0
        return "no test", f"{held} values to forecast where the horizon is {config.horizon}: add them, or shorten it"
    known = len(series.values) - config.horizon * (1 if test is series else 0)
    least = 2 * config.horizon + config.period + 1
    if known < least:
        return "too short", f"{known} values before the test where {least} are needed: add some, or shorten the horizon"
    if min(chain(series.values, test.values)) < 0:
        return "negative values", "there is no percentage of what may be nought in the middle: shift it above nought"
    first = series.values[: known - 2 * config.horizon]
    if min(first) == max(first):
        return (
            "constant",
            "it never changes before its test: there is nothing to learn, and no scale to score by",
        )
    try:
        following(series.dates, 1) if series.dates else None
    except Problem as problem:
        return "dates", str(problem)
    return "", ""


def _line(series: Series) -> str:
    return series.where.rpartition(", ")[2]
