"""Score files in, a leaderboard a task out: every metric with its interval and baseline, the best system first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from pipeline import paths
from pipeline.params import Params, System
from pipeline.problems import Problem
from pipeline.report import svg
from pipeline.sequences import read_json

LOWER_IS_BETTER = {
    "wer",
    "cer",
    "ter",
    "loss",
    "perplexity",
    "bits_per_character",
    "mcd",
    "failures",
    "repetition",
    "never_stopped_rate",
    "copied_source",
    "untranslated_span",
    "smape",
    "mase",
    "owa",
    "msis",
    "ece",
    "mae",
    "rmse",
}
THOUSANDTHS = {"smape", "mase", "owa", "msis"}  # as competitions quote them
NAMES = {
    "wer": "WER",
    "cer": "CER",
    "ter": "TER",
    "bleu": "BLEU",
    "chrf": "chrF",
    "f1": "F1",
    "mcd": "MCD",
    "rouge": "ROUGE",
    "smape": "sMAPE",
    "mase": "MASE",
    "owa": "OWA",
    "msis": "MSIS",
    "ece": "ECE",
    "delta_g": "ΔG",
    "delta_s": "ΔS",
}
NO_RATES = {"loss", "perplexity", "bits_per_character", "mcd", "mase", "owa", "msis", "mae", "rmse"}
RECORDINGS = "_recordings"  # what a metric of synthesised speech gives for people's
FIRST = ("sentences", "tokens", "empty", "never_stopped")  # of the counts
PARTS = ("_low", "_high", "_baseline")


@dataclass(frozen=True)
class Metric:
    value: float
    low: float | None
    high: float | None
    baseline: float | None


@dataclass(frozen=True)
class Result:
    """A row of a leaderboard."""

    system: str
    metrics: dict[str, Metric]
    figures: dict[str, float]  # counts and whatever else the score file holds
    notes: dict[str, str]  # signatures


@dataclass(frozen=True)
class Board:
    """What competes at one task on one corpus."""

    task: str
    corpus: str
    metrics: list[str]  # those that params.yaml asks for come first
    results: list[Result]
    missing: list[str] = field(default_factory=list)  # systems without a score file

    @property
    def figures(self) -> list[str]:
        names = {name: None for result in self.results for name in result.figures}
        return [*(name for name in FIRST if name in names), *(name for name in names if name not in FIRST)]

    def ranked(self, metric: str) -> list[Result]:
        """The systems that the metric was asked of, the best first."""
        results = [result for result in self.results if metric in result.metrics]
        return sorted(results, key=lambda r: r.metrics[metric].value, reverse=not lower_is_better(metric))

    def best(self, metric: str) -> str:
        """The system that is better than another one; empty where all are equal, or stand alone."""
        ranked = self.ranked(metric)
        first, last = ranked[0], ranked[-1]
        return first.system if first.metrics[metric].value != last.metrics[metric].value else ""

    def bar(self, metric: str, result: Result) -> Markup:
        """The metric of one system, on the scale that all systems share."""
        shown = result.metrics[metric]
        return svg.interval(shown.value, shown.low, shown.high, shown.baseline, self.top(metric))

    def top(self, metric: str) -> float:
        """Where the scale ends: rates at 100, what exceeds it or is no rate at the next round number."""
        numbers = [r.metrics[metric] for r in self.results if metric in r.metrics]
        highest = max(x for m in numbers for x in (m.value, m.high, m.baseline) if x is not None)
        return 100.0 if highest <= 100 and metric not in NO_RATES else svg.ticks(0.0, highest)[-1]


def leaderboards(params: Params) -> list[Board]:
    """Boards in the order of params.yaml. A system that has no scores yet is named as missing."""
    return [_board(task, corpus, names, params.systems) for (task, corpus), names in rivals(params).items()]


def probed(params: Params) -> list[Board]:
    """The probes of one kind on one corpus beside each other, in the order of params.yaml: the kind is their task."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, probe in params.probes.items():
        found.setdefault((probe.kind, probe.corpus), []).append(name)
    boards = []
    for (kind, corpus), names in found.items():
        results = [result_of(name) for name in names if paths.scores(name).is_file()]
        metrics = list(dict.fromkeys(metric for result in results for metric in result.metrics))
        missing = [name for name in names if not paths.scores(name).is_file()]
        boards.append(Board(kind, corpus, metrics, results, missing))
    return boards


def rivals(params: Params) -> dict[tuple[str, str], list[str]]:
    """The systems that compete at one task on one test set: (task, corpus) → names.

    An alignment keeps the test set of the corpus that it aligns.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for name, system in params.systems.items():
        aligned = params.alignments.get(system.corpus)
        found.setdefault((system.task, aligned.corpus if aligned else system.corpus), []).append(name)
    return found


def lower_is_better(metric: str) -> bool:
    return metric.rsplit("_", 1)[0] in LOWER_IS_BETTER or metric in LOWER_IS_BETTER


def written(value: float, metric: str, signed: bool = False) -> str:
    """A score with as many digits as its metric has: 81.14, or 0.851."""
    return f"{value:{'+' if signed else ''}.{3 if metric in THOUSANDTHS else 2}f}"


def title(metric: str) -> str:
    """`bleu` → BLEU, `f1_short` → F1 short, `micro_f1` → Micro F1."""
    first, *rest = metric.split("_")
    return NAMES.get(metric) or " ".join([NAMES.get(first, first.capitalize()), *(NAMES.get(x, x) for x in rest)])


def count_title(name: str) -> str:
    """`never_stopped` → never stopped, `wer_deletions` → WER deletions."""
    first, *rest = name.split("_")
    return " ".join([NAMES.get(first, first), *rest])


def _board(task: str, corpus: str, names: Iterable[str], systems: Mapping[str, System]) -> Board:
    scored = [name for name in names if paths.scores(name).is_file()]
    results = [result_of(name) for name in scored]
    asked = [metric for name in scored for metric in systems[name].metrics]
    found = [metric for result in results for metric in result.metrics]
    first = [name for metric in asked for name in (metric, metric + RECORDINGS)]
    metrics = [m for m in dict.fromkeys([*first, *found]) if m in found]
    missing = [name for name in names if name not in scored]
    return Board(task, corpus, metrics, results, missing)


def result_of(name: str) -> Result:
    """What the score file of a system or a probe holds."""
    content = read_json(paths.scores(name))
    if not isinstance(content, dict):
        raise Problem(f"{paths.scores(name)} holds no scores: delete it and run `dvc repro evaluate@{name}`")
    numbers = {key: float(v) for key, v in content.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    scored = [key for key in numbers if any(key + part in numbers for part in PARTS)]
    metrics = {key: Metric(numbers[key], *(numbers.get(key + part) for part in PARTS)) for key in scored}
    parts = {key + part for key in scored for part in PARTS}
    figures = {key: value for key, value in numbers.items() if key not in metrics and key not in parts}
    notes = {key: str(value) for key, value in content.items() if key not in numbers}
    return Result(name, metrics, figures, notes)
