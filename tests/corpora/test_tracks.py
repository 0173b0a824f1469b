"""Recordings with all their cues, cues at new times, and the truth before faults were planted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from pipeline.corpora import subtitles
from pipeline.corpora.splits import Found
from pipeline.params import configure

MS = (
    "1\n00:00:01,000 --> 00:00:02,000\n<i>Dia pergi.</i>\n\n2\n00:00:01,500 --> 00:00:03,000\n[muzik]\n\n"
    "3\n00:00:06,000 --> 00:00:08,000\nApa itu?\n"
)
EN = "1\n00:00:01,000 --> 00:00:02,000\nShe goes.\n\n2\n00:00:06,000 --> 00:00:08,000\nWhat is it?\n"
LEDGER: dict[str, Any] = {
    "cues": [
        {"start": 1, "end": 2, "text": "Dia pergi.", "subtitle": "Dia", "fault": "truncated", "speaker": "Nora"},
        {"start": 3, "end": 4, "text": "Ya.", "subtitle": None, "fault": "missing"},
        {"start": 6, "end": 8, "text": "Apa itu?", "subtitle": "Apa itu?", "fault": "shift", "shift": 1.5},
        {"start": 8, "end": 9, "text": "Tidak.", "subtitle": "Tidak.", "fault": "shift"},
        {"start": 9, "end": 9.5, "fault": "missing"},
    ]
}


def written(folder: Path) -> Path:
    soundfile.write(folder / "ep01.flac", np.random.default_rng(1).uniform(-0.5, 0.5, 80_000), 8000)
    (folder / "ep01.ms.srt").write_text(MS, encoding="utf-8")
    (folder / "ep01.en.srt").write_text(EN, encoding="utf-8")
    (folder / "ep01.ledger.json").write_text(json.dumps(LEDGER), encoding="utf-8")
    return folder


def config(**options: Any) -> subtitles.Config:
    given = {"spoken": "ms", "subtitles": ["ms", "en"], "split": {"dev": 0, "test": 0}, **options}
    return configure(subtitles.Config, given, "corpora.soap")


def test_a_track_has_every_cue(tmp_path: Path) -> None:
    (track,) = subtitles.tracks(config(), written(tmp_path), "soap")
    assert (track.recording, track.split, track.media.name, track.file.name) == (
        "ep01",
        "train",
        "ep01.flac",
        "ep01.ms.srt",
    )
    assert [(cue.number, cue.text, cue.fault) for cue in track.cues] == [
        (1, "Dia pergi.", ""),
        (2, "[muzik]", "sound cue"),
        (3, "Apa itu?", ""),
    ]
    assert [cue.text for cue in track.others["en"]] == ["She goes.", "What is it?"]


def test_cues_at_new_times_meet_what_is_shown_then(tmp_path: Path) -> None:
    (track,) = subtitles.tracks(config(), written(tmp_path), "soap")
    records = subtitles.retimed(config(), track, {1: (6.1, 7.9), 3: (1.2, 1.9)}, "kept")
    assert [(r["id"], r["start"], r["end"], r["ms"], r["en"]) for r in records.values()] == [
        ("kept-ep01-0001", 6.1, 7.9, "Dia pergi.", "What is it?"),
        ("kept-ep01-0003", 1.2, 1.9, "Apa itu?", "She goes."),
    ]
    assert subtitles.retimed(config(), track, {1: (3.1, 4.9), 3: (6.0, 6.1)}, "kept") == {}
    alone = subtitles.retimed(config(require=["ms"]), track, {1: (3.1, 4.9)}, "kept")
    assert alone[1]["en"] is None


def test_the_truth_is_read_from_the_ledger(tmp_path: Path) -> None:
    options = config(ledger=True, subtitles=["ms"])
    found = list(subtitles.read(options, written(tmp_path), "soap"))
    assert [(f.record["ms"], f.record["start"], f.record["speaker"]) for f in found if isinstance(f, Found)] == [
        ("Dia pergi.", 1.0, "Nora"),
        ("Ya.", 3.0, None),
        ("Apa itu?", 6.0, None),
    ]
    assert [f.reason for f in found if not isinstance(f, Found)] == ["true times unknown", "true text unknown"]
