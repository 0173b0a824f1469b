"""A ledger of found faults and the faults that were planted → precision, recall and F1, a fault and over all."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.alignment.ledger import (
    FAULTS,
    GOOD,
    MISSING,
    NOT_SPEECH,
    OTHER_TEXT,
    SHIFTED,
    TRUNCATED,
    WRONG_LANGUAGE,
    Row,
)
from pipeline.planted import PlantedCue
from pipeline.problems import Problem

NAMES = {  # as planted → as found
    "none": GOOD,
    "markup": GOOD,  # reading takes it away
    "shift": SHIFTED,
    "swap": OTHER_TEXT,
    "wrong_language": WRONG_LANGUAGE,
    "non_speech": NOT_SPEECH,
    "truncated": TRUNCATED,
    "missing": MISSING,
}
NEAR = 0.02  # s by which the times of one cue may differ in two files


@dataclass(frozen=True)
class Planted:
    start: float  # s, as shown; where the speech is for a cue that is missing
    end: float
    verdict: str  # what it should be called


def expected(cues: Iterable[PlantedCue], unspoken: Callable[[str], bool]) -> list[Planted]:
    """What cues should be called. A fault that changed nothing (one word, truncated) is none.

    `unspoken` tells of a text whether it is no speech; a cue whose true text is none should be called so.
    """
    return [Planted(cue.start, cue.end, _verdict(cue, unspoken)) for cue in cues]


def _verdict(cue: PlantedCue, unspoken: Callable[[str], bool]) -> str:
    verdict = NAMES[cue.fault]
    if cue.text is not None and unspoken(cue.text):
        return NOT_SPEECH
    if verdict not in (SHIFTED, MISSING) and _same(cue.subtitle, cue.text):
        return GOOD
    return verdict


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").casefold().split() == (other or "").casefold().split()


def compare(found: Iterable[tuple[list[Row], list[Planted]]]) -> dict[str, float]:
    """Percentages and counts over all recordings: (rows, planted) of each.

    A fault is found where its cue has its verdict; over all, every fault counts once, whichever it is. `flagged` asks
    only whether a cue with any fault has any.
    """
    right: Counter[str] = Counter()
    said: Counter[str] = Counter()
    true: Counter[str] = Counter()
    flagged = Counter[str]()
    for rows, planted in found:
        for verdict, truth in _pairs(rows, planted):
            said[verdict] += 1
            true[truth] += 1
            right[verdict] += verdict == truth
            flagged["said"] += verdict != GOOD
            flagged["true"] += truth != GOOD
            flagged["right"] += verdict != GOOD and truth != GOOD
    figures: dict[str, float] = {}
    totals = [sum(counts[fault] for fault in FAULTS) for counts in (right, said, true)]
    figures |= _figures("", *totals)
    figures |= _figures("flagged_", flagged["right"], flagged["said"], flagged["true"])
    for fault in FAULTS:
        figures |= _figures(f"{fault}_", right[fault], said[fault], true[fault])
        figures[f"{fault}_planted"] = true[fault]
    return figures


def _pairs(rows: list[Row], planted: list[Planted]) -> Iterable[tuple[str, str]]:
    """(what was said, what is true) for every cue, for every planted gap and every gap found; GOOD where neither.

    Pauses may part one planted gap into several that are found: they count once.
    """
    gaps = [p for p in planted if p.verdict == MISSING]
    cues = {(round(p.start / NEAR), round(p.end / NEAR)): p for p in planted if p.verdict != MISSING}
    found: set[Planted] = set()
    for row in rows:
        if row.cue is not None:
            yield row.verdict, _nearest(cues, row).verdict
            continue
        truth = next((gap for gap in gaps if _overlaps(row, gap)), None)
        if truth is None:
            yield MISSING, GOOD
        elif truth not in found:
            found.add(truth)
            yield MISSING, MISSING
    for gap in gaps:
        if gap not in found:
            yield GOOD, MISSING


def _nearest(cues: dict[tuple[int, int], Planted], row: Row) -> Planted:
    assert row.old_start is not None and row.old_end is not None
    start, end = round(row.old_start / NEAR), round(row.old_end / NEAR)
    for near in ((start + i, end + j) for i in (0, -1, 1) for j in (0, -1, 1)):
        if near in cues:
            return cues[near]
    raise Problem(
        f"{row.recording}: cue {row.cue} at {row.old_start:.3f} s is not in the ledger of planted faults: "
        "it belongs to other subtitles: remove it"
    )


def _overlaps(row: Row, gap: Planted) -> bool:
    assert row.start is not None and row.end is not None
    shared = min(row.end, gap.end) - max(row.start, gap.start)
    return shared >= 0.5 * min(row.end - row.start, gap.end - gap.start)


def _figures(prefix: str, right: int, said: int, true: int) -> dict[str, float]:
    """Precision, recall and F1 in percent; what is undefined is left out."""
    figures: dict[str, float] = {}
    if said + true:
        figures[f"{prefix}f1"] = round(200 * right / (said + true), 2)
    if said:
        figures[f"{prefix}precision"] = round(100 * right / said, 2)
    if true:
        figures[f"{prefix}recall"] = round(100 * right / true, 2)
    return figures
