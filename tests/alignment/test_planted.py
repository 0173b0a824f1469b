"""Found faults against planted ones, counted by hand."""

from typing import Any

import pytest

from pipeline.alignment.ledger import Row
from pipeline.alignment.planted import Planted, compare, expected
from pipeline.planted import PlantedCue
from pipeline.problems import Problem


def row(start: float, verdict: str, cue: int | None = 1) -> Row:
    times: dict[str, Any] = {"old_start": start, "old_end": start + 2, "start": None, "end": None}
    if cue is None:
        times = {"old_start": None, "old_end": None, "start": start, "end": start + 2}
    return Row(recording="ep01", cue=cue, text="a", heard="", score=None, verdict=verdict, reason="", **times)


def cue(fault: str, text: str | None = "dia pergi", subtitle: str | None = "dia pergi") -> PlantedCue:
    return PlantedCue(fault, 1.0, 3.0, 1.0, 3.0, text, subtitle, None)


def test_counts_by_hand() -> None:
    rows = [row(0, "good"), row(5, "shifted"), row(10, "other_text"), row(15, "good"), row(20.01, "truncated")]
    rows += [row(30.5, "missing", None), row(50, "missing", None)]
    planted = [
        Planted(0, 2, "good"),
        Planted(5, 7, "shifted"),
        Planted(10, 12, "wrong_language"),
        Planted(15, 17, "truncated"),
        Planted(20, 22, "truncated"),
        Planted(30, 32, "missing"),
        Planted(40, 42, "missing"),
    ]
    found = compare([(rows, planted)])
    # right: shifted, truncated, missing; said: those, other_text, a gap too many; true: shifted, language, 2 + 2
    assert found["precision"] == 60.0 and found["recall"] == 50.0 and found["f1"] == pytest.approx(54.55)
    assert found["flagged_precision"] == 80.0 and found["flagged_recall"] == pytest.approx(66.67)
    assert (found["truncated_recall"], found["truncated_precision"], found["truncated_planted"]) == (50.0, 100.0, 2)
    assert (found["missing_recall"], found["missing_precision"]) == (50.0, 50.0)
    assert found["other_text_precision"] == 0.0 and "other_text_recall" not in found
    assert "not_speech_f1" not in found and found["not_speech_planted"] == 0


def test_nothing_wrong_and_nothing_found_is_no_score() -> None:
    found = compare([([row(0, "good")], [Planted(0, 2, "good")])])
    assert "f1" not in found and "flagged_f1" not in found


def test_a_cue_that_is_in_no_ledger() -> None:
    with pytest.raises(Problem, match=r"ep01: cue 1 at 9.000 s is not in the ledger of planted faults"):
        compare([([row(9, "good")], [Planted(0, 2, "good")])])


@pytest.mark.parametrize(
    ("planted", "verdict"),
    [
        (cue("none"), "good"),
        (cue("markup", subtitle="<i>dia pergi</i>"), "good"),
        (cue("truncated", "pergi", "pergi"), "good"),
        (cue("truncated", subtitle="dia"), "truncated"),
        (cue("wrong_language", subtitle="Dia pergi"), "good"),
        (cue("wrong_language", subtitle="she goes"), "wrong_language"),
        (cue("swap", subtitle="apa itu"), "other_text"),
        (cue("shift"), "shifted"),
        (cue("missing", subtitle=None), "missing"),
        (cue("missing", None, None), "missing"),
        (cue("non_speech", subtitle="[muzik]"), "not_speech"),
        (cue("none", "(bunyi)", "(bunyi)"), "not_speech"),
        (cue("shift", "(bunyi)", "(bunyi)"), "not_speech"),
    ],
)
def test_what_a_cue_should_be_called(planted: PlantedCue, verdict: str) -> None:
    assert expected([planted], lambda text: text.startswith("(")) == [Planted(1.0, 3.0, verdict)]


def test_pauses_may_part_one_planted_gap() -> None:
    rows = [row(30, "missing", None), row(33, "missing", None), row(50, "missing", None)]
    found = compare([(rows, [Planted(30, 36, "missing")])])
    assert (found["missing_precision"], found["missing_recall"]) == (50.0, 100.0)


def test_two_ledgers_are_added_up() -> None:
    one = ([row(0, "shifted")], [Planted(0, 2, "shifted")])
    two = ([row(0, "good")], [Planted(0, 2, "shifted")])
    assert compare([one, two])["recall"] == 50.0
