"""Outcomes of a system that are more than tokens: forecasts with their intervals, and how likely each token is where.

The best outcome of each input stands in data/hypotheses/<system> beside lines.jsonl: `intervals.parquet`, or
`marginals.parquet`, where a system gives them.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.problems import Problem
from pipeline.records import Hypothesis, TableWriter, read_table

INTERVALS = pa.schema(
    [("id", pa.string()), ("level", pa.float64()), ("lower", pa.list_(pa.float64())), ("upper", pa.list_(pa.float64()))]
)
MARGINALS = pa.schema([("id", pa.string()), ("marginals", pa.list_(pa.list_(pa.float32())))])


@dataclass(frozen=True, kw_only=True)
class Forecast(Hypothesis):
    """The next H values of a series, each between `lower` and `upper` with the probability `level`."""

    values: np.ndarray  # [H]
    lower: np.ndarray  # [H]
    upper: np.ndarray  # [H]
    level: float = 0.95


@dataclass(frozen=True, kw_only=True)
class Weighed(Hypothesis):
    """Tokens, and how likely every token of the target's vocabulary is.

    Tagging has a place a word: P(tag | words). Labels have one place: P(label | text) of each, which sum to nothing.
    """

    marginals: np.ndarray  # [places, V], in [0, 1]


@dataclass(frozen=True)
class Interval:
    """Where a forecast's truth lies with the probability `level`."""

    level: float
    lower: list[float]
    upper: list[float]


@dataclass(frozen=True)
class Outcomes:
    """What stands beside the lines: an entry a line, or nothing where the system tells no such thing."""

    intervals: list[Interval] = field(default_factory=list)
    marginals: list[np.ndarray] = field(default_factory=list)  # [places, V] each


class OutcomesWriter:
    """Writes what stands beside the lines as it comes: `with OutcomesWriter(folder) as o: o.add(id, best)`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._tables: dict[str, TableWriter] = {}

    def __enter__(self) -> "OutcomesWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._open.__exit__(kind, value, at)

    def add(self, identifier: str, best: Hypothesis) -> None:
        if isinstance(best, Forecast):
            interval = {"level": best.level, "lower": best.lower.tolist(), "upper": best.upper.tolist()}
            self._table("intervals", INTERVALS).append({"id": identifier, **interval})
        elif isinstance(best, Weighed):
            self._table("marginals", MARGINALS).append({"id": identifier, "marginals": best.marginals.tolist()})

    def _table(self, name: str, schema: pa.Schema) -> TableWriter:
        if name not in self._tables:
            self._tables[name] = self._open.enter_context(TableWriter(self._folder / f"{name}.parquet", schema))
        return self._tables[name]


def read_outcomes(folder: Path, lines: int) -> Outcomes:
    """What stands beside the `lines` of a system. Raises Problem where it is of other lines."""
    found = Outcomes(
        intervals=[Interval(r["level"], r["lower"], r["upper"]) for r in _rows(folder / "intervals.parquet")],
        marginals=[np.array(r["marginals"], dtype=np.float32) for r in _rows(folder / "marginals.parquet")],
    )
    for name, entries in (("intervals", found.intervals), ("marginals", found.marginals)):
        if len(entries) not in (0, lines):
            raise Problem(
                f"{folder / name}.parquet has {len(entries)} entries for {lines} lines: decode anew by "
                f"`dvc repro --force decode@{folder.name}`"
            )
    return found


def _rows(file: Path) -> list[dict[str, Any]]:
    return list(read_table(file)) if file.is_file() else []
