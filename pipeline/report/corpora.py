"""Summaries and manifests in, the data section out: counts a split, histograms of lengths, rejects and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import pyarrow.parquet as pq
from markupsafe import Markup

from pipeline import paths
from pipeline.metrics.units import unspaced
from pipeline.records import Reject, read_table
from pipeline.report import svg
from pipeline.sequences import read_json

BINS = 24
SHOWN_REJECTS = 12  # examples a corpus, spread over the reasons
TEXT_SHOWN = 240  # characters of a rejected text
FOUND, PLANTED = "found_", "planted"  # in the summary of an alignment: how many of a fault
QUALITIES = ("precision", "recall", "f1")
OVERALL = (("all faults", ""), ("any fault told from none", "flagged_"))
GOOD = "good"  # the verdict that is no fault
LABELS = ("labels", "label")
NOT_MEASURED = ("id", "recording", "speaker", "audio", "start", "end")


@dataclass(frozen=True)
class Lengths:
    """Histograms of one field: train as bars, test beside it."""

    field: str
    unit: str
    picture: Markup
    longest: float


@dataclass(frozen=True)
class Reason:
    name: str
    count: int
    meter: Markup


@dataclass(frozen=True)
class Fault:
    """How well an alignment finds one kind of fault; what was not planted cannot be told."""

    name: str
    found: int | None
    planted: int | None
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Description:
    name: str
    splits: dict[str, dict[str, float]]  # figure → split → number
    figures: dict[str, Any]  # what belongs to no split
    lengths: list[Lengths]
    reasons: list[Reason]
    rejects: list[Reject]
    faults: list[Fault]  # of an alignment


def describe(corpus: str) -> Description:
    """What stands in data/summaries and data/manifests about a corpus, as far as it is there."""
    place = paths.summary(corpus)
    summary = _flat(read_json(place)) if place.is_file() else {}
    faults = _faults(summary)
    splits: dict[str, dict[str, float]] = {}
    figures: dict[str, Any] = {}
    reasons: Counter[str] = Counter()
    for key, value in summary.items():
        split, name = _split_of(key)
        if key.startswith(("rejected_", "rejected.")):
            reasons[key[len("rejected_") :].replace("_", " ")] += int(value)
        elif split:
            splits.setdefault(name, {})[split] = value
        elif not faults or not _tells_faults(key):
            figures[key] = value
    counted, examples = _rejects(corpus)
    reasons = counted or reasons
    most = max(reasons.values(), default=1)
    return Description(
        name=corpus,
        splits=splits,
        figures=figures,
        lengths=_lengths(corpus),
        reasons=[Reason(name, n, svg.meter(n / most, f"{n} rejected: {name}")) for name, n in _by_count(reasons)],
        rejects=examples,
        faults=faults,
    )


def _tells_faults(key: str) -> bool:
    return key.startswith(FOUND) or key.endswith((*QUALITIES, PLANTED))


def _faults(summary: Mapping[str, Any]) -> list[Fault]:
    """A row a fault that an alignment tells apart; then one over all of them, and one of any fault told from none."""
    names = [key[len(FOUND) :] for key in summary if key.startswith(FOUND)]
    rows = [(name, f"{name}_") for name in names if name != GOOD]
    rows += [(told, prefix) for told, prefix in OVERALL if rows and f"{prefix}f1" in summary]
    return [
        Fault(
            name=name.replace("_", " "),
            found=summary.get(f"{FOUND}{name}"),
            planted=summary.get(f"{prefix}{PLANTED}") if prefix else None,
            precision=summary.get(f"{prefix}precision"),
            recall=summary.get(f"{prefix}recall"),
            f1=summary.get(f"{prefix}f1"),
        )
        for name, prefix in rows
    ]


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        flat |= _flat(value, f"{prefix}{key}_") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def _split_of(key: str) -> tuple[str, str]:
    """`train_hours` and `hours_train` → (train, hours)."""
    for split in paths.SPLITS:
        if key == split:
            return split, "records"
        if key.startswith(f"{split}_"):
            return split, key[len(split) + 1 :]
        if key.endswith(f"_{split}"):
            return split, key[: -len(split) - 1]
    return "", key


def _rejects(corpus: str) -> tuple[Counter[str], list[Reject]]:
    """How many were dropped for each reason, and the first few of each."""
    place = paths.manifest(corpus, "rejected")
    counts: Counter[str] = Counter()
    first: dict[str, list[Reject]] = {}
    for record in read_table(place) if place.is_file() else ():
        reject = Reject(**record)
        counts[reject.reason] += 1
        if len(first.setdefault(reject.reason, [])) < SHOWN_REJECTS:
            first[reject.reason].append(reject)
    shown: list[Reject] = []
    for rank in range(SHOWN_REJECTS):  # one of each reason, then a second of each, until the table is full
        shown += [first[reason][rank] for reason, _ in _by_count(counts) if rank < len(first[reason])]
    shown = shown[:SHOWN_REJECTS]
    return counts, [_shortened(reject) for reject in shown]


def _shortened(reject: Reject) -> Reject:
    text = reject.text or ""
    return Reject(
        reject.file, reject.where, reject.reason, text if len(text) <= TEXT_SHOWN else text[:TEXT_SHOWN] + "…"
    )


def _by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _lengths(corpus: str) -> list[Lengths]:
    main, beside = (_measure(corpus, split) for split in ("train", "test"))
    return [
        Lengths(field, unit, _histogram(counts, beside.get((field, unit), Counter()), unit), max(counts))
        for (field, unit), counts in main.items()
        if counts
    ]


def _measure(corpus: str, split: str) -> dict[tuple[str, str], Counter[float]]:
    """(field, unit) → how many records have each length. One pass; memory grows with distinct lengths alone."""
    place = paths.manifest(corpus, split)
    found: dict[tuple[str, str], Counter[float]] = {}
    if not place.is_file():
        return found
    names = pq.read_schema(place).names
    spoken = "audio" in names
    measured = [name for name in names if name not in NOT_MEASURED]
    named: dict[str, str] = {}  # field → unit, by the first record that has it
    for record in read_table(place, [*measured, *(("start", "end") if spoken else ())]):
        if spoken:
            found.setdefault(("audio", "seconds"), Counter())[round(record["end"] - record["start"], 1)] += 1
        for name in measured:
            value = (
                record[name]["values"] if isinstance(record[name], Mapping) else record[name]
            )  # a series has a period
            if value and isinstance(value, str | list):
                unit = named.setdefault(name, _unit(name, value))
                found.setdefault((name, unit), Counter())[_length(value, unit)] += 1
    return _without_twins(found)


def _unit(field: str, value: Any) -> str:
    if field == "tree":
        return "brackets"
    if not isinstance(value, str) and not isinstance(value[0], str):
        return "values"
    if field in LABELS:
        return "labels"
    return "characters" if isinstance(value, str) and unspaced(value) else "words"


def _length(value: Any, unit: str) -> int:
    if not isinstance(value, str):
        return len(value)
    if unit == "brackets":
        return value.count("(")
    return len(value) if unit == "characters" else len(value.split())


def _without_twins(found: dict[tuple[str, str], Counter[float]]) -> dict[tuple[str, str], Counter[float]]:
    """Tags are as many as their words: a field that repeats an earlier one's lengths is left out."""
    kept: dict[tuple[str, str], Counter[float]] = {}
    for key, counts in found.items():
        if counts not in kept.values():
            kept[key] = counts
    return kept


def _histogram(main: Counter[float], beside: Counter[float], unit: str) -> Markup:
    """Bins up to the length that 99 % stay below; the last one holds the long tail."""
    total, seen, end = main.total(), 0, 0.0
    for length in sorted(main):
        seen += main[length]
        end = length
        if seen >= 0.99 * total:
            break
    step = svg.ticks(0, max(end, 1e-3), BINS)
    width = step[1] - step[0]
    if unit != "seconds":
        width = max(1.0, float(ceil(width)))
    count = int(end / width) + 1

    def binned(counts: Counter[float]) -> svg.Bins:
        bins = [0] * count
        for length, n in counts.items():
            bins[min(int(length / width + 1e-9), count - 1)] += n
        return svg.Bins(width, bins, open=max(main) > count * width)

    return svg.histogram(binned(main), binned(beside) if beside else None, unit, ("train", "test"))
