"""Ledgers of planted faults."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import planted
from pipeline.problems import Problem

CUE = {"key": "ep01-0001", "start": 1.0, "end": 2.5, "text": "Ya.", "subtitle": "Ya.", "fault": "none"}


def written(folder: Path, *cues: dict[str, Any]) -> Path:
    file = planted.place(folder / "ep01.flac")
    file.write_text(json.dumps({"language": "ms", "cues": cues}), encoding="utf-8")
    return file


def test_a_cue_and_its_shift(tmp_path: Path) -> None:
    shifted = {**CUE, "fault": "shift"}
    one, two, three = planted.read(written(tmp_path, {**CUE, "speaker": "Nora"}, {**shifted, "shift": -0.5}, shifted))
    assert (one.start, one.true_start, one.speaker) == (1.0, 1.0, "Nora")
    assert (two.start, two.end, two.true_start, two.true_end) == (0.5, 2.0, 1.0, 2.5)
    assert (three.start, three.end, three.true_start, three.true_end) == (1.0, 2.5, None, None)


def test_a_missing_cue_may_lack_its_text(tmp_path: Path) -> None:
    cue = planted.read(written(tmp_path, {"start": 1, "end": 2, "fault": "missing"}))[0]
    assert cue.text is None and cue.subtitle is None and cue.true_start == 1.0


@pytest.mark.parametrize(
    "cue", [{"start": 1}, {**CUE, "fault": "smudge"}, {**CUE, "start": "soon"}, {**CUE, "subtitle": None}, 7]
)
def test_what_is_no_ledger(tmp_path: Path, cue: Any) -> None:
    with pytest.raises(Problem, match=r"ep01.ledger.json is no ledger of planted faults .*: mend or remove it"):
        planted.read(written(tmp_path, cue))


def test_a_ledger_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"ep01.ledger.json is missing"):
        planted.read(tmp_path / "ep01.ledger.json")
