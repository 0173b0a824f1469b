"""Statistics and hypotheses in, the scores of a task's systems by the length of the sentence out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from pipeline import paths
from pipeline.metrics.units import units
from pipeline.params import Params
from pipeline.records import Decoded, read_decoded
from pipeline.report import svg
from pipeline.report.forecasts import is_series
from pipeline.report.measured import Measured, scored
from pipeline.report.scores import lower_is_better, rivals, title

SHARES = (0.25, 0.5, 0.75, 0.9)  # where a test set is cut: the longest tenth stands alone
FEWEST = 20  # sentences of a bucket


@dataclass(frozen=True)
class Bucket:
    shortest: int  # words
    longest: int
    sentences: int
    mean: float  # words

    @property
    def name(self) -> str:
        return f"{self.shortest}" if self.shortest == self.longest else f"{self.shortest} – {self.longest}"


@dataclass(frozen=True)
class Score:
    value: float
    spread: float  # half the width of its interval


@dataclass(frozen=True)
class ByLength:
    task: str
    corpus: str
    metric: str
    side: str  # whose words are counted: source or reference
    buckets: list[Bucket]
    systems: dict[str, list[Score | None]]  # a score a bucket, None where it is undefined; the best system first

    @property
    def picture(self) -> Markup:
        lines = [
            svg.Line(name, [(b.mean, s.value) for b, s in zip(self.buckets, found, strict=True) if s])
            for name, found in self.systems.items()
        ]
        return svg.lines(lines, f"words of the {self.side}", title(self.metric))


def by_length(params: Params) -> list[ByLength]:
    """For each task that several systems write texts for, in the order of params.yaml; by its first metric."""
    found = []
    for (task, corpus), names in rivals(params).items():
        systems = [one for one in scored(names).values() if one.metrics and paths.hypotheses(one.name).is_dir()]
        alike = [one for one in systems if one.ids == systems[0].ids]
        if len(alike) > 1 and (table := _table(task, corpus, alike)):
            found.append(table)
    return found


def _table(task: str, corpus: str, systems: list[Measured]) -> ByLength | None:
    lines = list(read_decoded(paths.hypotheses(systems[0].name)))
    if any(line.reference is None or is_series(line) for line in lines):
        return None
    side = "reference" if any(line.source is None for line in lines) else "source"
    lengths = np.array([_words(line, side) for line in lines])
    rows = cut(lengths)
    metric = next(iter(systems[0].metrics))
    able = [system for system in systems if metric in system.metrics]
    if len(rows) < 2 or len(able) < 2:
        return None
    key = next(iter(able[0].part(metric, rows[0])), None)
    if key is None:
        return None
    buckets = [Bucket(int(of.min()), int(of.max()), len(of), float(of.mean())) for of in (lengths[r] for r in rows)]
    scores = {system.name: [_score(system, metric, key, r) for r in rows] for system in able}
    return ByLength(
        task, corpus, key, side, buckets, {name: scores[name] for name in sorted(scores, key=_by(scores, key))}
    )


def _by(scores: dict[str, list[Score | None]], metric: str) -> Callable[[str], float]:
    """What ranks systems: how well they do with the longest sentences."""

    def rank(name: str) -> float:
        last = scores[name][-1]
        return np.inf if last is None else last.value if lower_is_better(metric) else -last.value

    return rank


def cut(lengths: np.ndarray) -> list[np.ndarray]:
    """The rows of each bucket, short before long; one that would be too small is joined with its neighbour."""
    if not len(lengths):
        return []
    ends = sorted({*(int(np.quantile(lengths, share, method="inverted_cdf")) for share in SHARES), int(lengths.max())})
    found: list[np.ndarray] = []
    start = -1
    for end in ends:
        rows = np.flatnonzero((lengths > start) & (lengths <= end))
        if len(rows) >= FEWEST:
            found.append(rows)
            start = end
    rest = np.flatnonzero(lengths > start)
    if len(rest):
        found[-1:] = [np.sort(np.concatenate([*found[-1:], rest]))]
    return found


def _words(line: Decoded, side: str) -> int:
    return len(units(getattr(line, side)))


def _score(system: Measured, metric: str, key: str, rows: np.ndarray) -> Score | None:
    found = system.part(metric, rows).get(key)
    if found is None:
        return None
    low, high = found.interval
    return Score(found.value, (high - low) / 2)
