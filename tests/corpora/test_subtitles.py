"""Recordings and their subtitles → utterances."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.corpora import subtitles
from pipeline.corpora.cues import Cue
from pipeline.corpora.splits import Found
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject

DATA = Path(__file__).parents[1] / "data" / "subtitles"
SRT = "1\n00:00:00,100 --> 00:00:00,900\n{}\n"


def config(**options: Any) -> subtitles.Config:
    if "files" not in options:
        options = {"split": {"dev": 0, "test": 0}} | options
    return configure(subtitles.Config, {"spoken": "ms", "subtitles": ["ms"]} | options, "c")


def recording(folder: Path, name: str = "ep01", seconds: float = 10.0, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).integers(-9999, 9999, round(8000 * seconds), np.int16)
    soundfile.write(folder / f"{name}.flac", noise, 8000)
    for language, text in texts.items():
        (folder / f"{name}.{language}.srt").write_text(text, encoding="utf-8")


def read(raw: Path, **options: Any) -> tuple[list[Any], list[Reject]]:
    items = list(subtitles.read(config(**options), raw, "soap"))
    return [i for i in items if isinstance(i, Found)], [i for i in items if isinstance(i, Reject)]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    recording(tmp_path)
    for file in DATA.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def test_two_languages_become_one_utterance(world: Path) -> None:
    found, rejects = read(world, subtitles=["ms", "en"], require=["ms"])
    assert [item.record for item in found] == [
        {
            "id": "soap-ep01-0001",
            "recording": "ep01",
            "speaker": "ANA",
            "audio": (world / "ep01.flac").as_posix(),
            "start": 0.5,
            "end": 1.5,
            "ms": "Selamat pagi, Budi.",
            "en": "Good morning, Budi.",
        },
        found[1].record | {"id": "soap-ep01-0003", "speaker": None, "ms": "Apa khabar?", "en": "How are you?"},
        found[2].record | {"id": "soap-ep01-0006", "ms": "Tahun depan ialah 2027", "en": None},
        found[3].record | {"id": "soap-ep01-0009", "ms": "Sampai esok.", "en": "See you tomorrow."},
    ]
    assert [(reject.where, reject.reason) for reject in rejects] == [
        ("00:00:01.600", "music"),
        ("00:00:03.100", "sound cue"),
        ("00:00:04.000", "zero length"),
        ("00:00:05.100", "overlapping"),
        ("00:00:05.500", "overlapping"),
        ("00:00:07.000", "ends after its recording"),
    ]
    assert rejects[-1].note == "soap-ep01-0010 ends 10.0 s after its recording: check the frame rate of ep01.ms.srt"


def test_every_language_is_required_unless_stated(world: Path) -> None:
    found, rejects = read(world, subtitles=["ms", "en"])
    assert len(found) == 3 and [r.text for r in rejects if r.reason == "no en"] == ["Tahun depan ialah 2027"]


def test_a_line_that_stands_untranslated_in_two_languages(tmp_path: Path) -> None:
    recording(tmp_path, "ep01", ms=SRT.format("Who is there?"), en=SRT.format("Who is there?"))
    recording(tmp_path, "ep02", ms=SRT.format("Wei Han?"), en=SRT.format("Wei Han?"))
    found, rejects = read(tmp_path, subtitles=["ms", "en"])
    assert [item.record["ms"] for item in found] == ["Wei Han?"] and rejects[0].reason == "untranslated"


def test_speech_that_nobody_writes(world: Path) -> None:
    for nothing in ("none", None):
        found, _ = read(world, spoken=nothing, subtitles=["en"])
        assert [item.record["en"] for item in found] == ["Good morning,", "Budi.", "How are you?", "See you tomorrow."]


def test_recordings_keep_together_and_folders_nest(tmp_path: Path) -> None:
    for season in ("s1", "s2"):
        for n in (1, 2, 10):
            recording(tmp_path / "shows" / season, f"ep{n}", ms=SRT.format(f"{season} {n}"))
    found, _ = read(tmp_path, folder="shows", split={"dev": 1, "test": ["s1-ep2"]})
    splits = {item.record["recording"]: item.split for item in found}
    assert splits == {
        **dict.fromkeys(["s1-ep1", "s1-ep10", "s2-ep1", "s2-ep2"], "train"),
        "s1-ep2": "test",
        "s2-ep10": "dev",
    }
    found, _ = read(tmp_path, folder="shows", files={"train": "s1/*", "test": "s2/*.flac"})
    assert {item.record["recording"] for item in found if item.split == "test"} == {"s2-ep1", "s2-ep2", "s2-ep10"}


def test_a_lone_file_is_told_and_left(tmp_path: Path) -> None:
    recording(tmp_path, "ep01", ms=SRT.format("Ya"), fr=SRT.format("Oui"))
    recording(tmp_path, "ep02")
    (tmp_path / "ep03.ms.srt").write_text(SRT.format("Tidak"), encoding="utf-8")
    found, rejects = read(tmp_path)
    assert len(found) == 1
    assert [(Path(r.file).name, r.reason) for r in rejects] == [
        ("ep02.flac", "no ms subtitles"),
        ("ep03.ms.srt", "no recording"),
    ]
    (tmp_path / "ep01.ms.srt").unlink()
    with pytest.raises(
        Problem, match=r"no recording has ms subtitles beside it: name them like ep01.flac and ep01.ms.srt"
    ):
        read(tmp_path)


def test_sentences_may_be_split_by_text_across_languages(tmp_path: Path) -> None:
    def cues(texts: list[str]) -> str:
        return "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}\n\n" for n, text in enumerate(texts))

    for folder, order in (("ms", range(30)), ("en", range(29, -1, -1))):
        for episode in range(3):
            numbers = list(order)[10 * episode : 10 * episode + 10]
            texts = {"ms": cues([f"ayat {n}" for n in numbers]), "en": cues([f"sentence {n}" for n in numbers])}
            recording(tmp_path / folder, f"ep{episode}", **texts)
    across = {"folders": ["ms", "en"], "languages": ["ms", "en"]}
    options = {"split": {"by": "text", "dev": 0.1, "test": 0.2}, "across": across}
    malay, _ = read(tmp_path, folder="ms", **options)
    english, _ = read(tmp_path, folder="en", spoken="en", subtitles=["en", "ms"], **options)
    splits = {item.record["ms"]: item.split for item in malay}
    assert splits == {item.record["ms"]: item.split for item in english}
    assert sorted(splits.values()) == ["dev"] * 3 + ["test"] * 6 + ["train"] * 21
    with pytest.raises(Problem, match="across: it lacks this corpus's folder"):
        read(tmp_path, folder=".", **options)
    with pytest.raises(Problem, match="across: it is for"):
        read(tmp_path, folder="ms", across=across)


def test_what_is_silent_or_clipped_is_left_out(tmp_path: Path) -> None:
    cues = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nKata {n}\n\n" for n in range(4))
    recording(tmp_path, **{"ms": cues})
    sound, rate = soundfile.read(tmp_path / "ep01.flac")
    sound[rate : 2 * rate] = 0
    sound[2 * rate : 3 * rate] = np.where(sound[2 * rate : 3 * rate] > 0, 1, -1)
    soundfile.write(tmp_path / "ep01.flac", sound, rate)
    found, rejects = read(tmp_path)
    assert [item.record["ms"] for item in found] == ["Kata 0", "Kata 3"]
    assert [(r.reason, r.where, r.text) for r in rejects] == [
        ("silent", "00:00:01.000", "Kata 1"),
        ("clipped", "00:00:02.000", "Kata 2"),
    ]
    assert len(read(tmp_path, listen=False)[0]) == 4


def test_subtitles_without_a_language_and_without_media(tmp_path: Path) -> None:
    recording(tmp_path, "ep01")
    (tmp_path / "ep01.srt").write_text(SRT.format("Ya"), encoding="utf-8")
    assert read(tmp_path)[0][0].record["ms"] == "Ya"
    (tmp_path / "ep01.flac").unlink()
    record = read(tmp_path, media=False)[0][0].record
    assert (record["ms"], record["audio"]) == ("Ya", None)


def test_indonesian_is_not_mistaken_for_the_id(tmp_path: Path) -> None:
    recording(tmp_path, "ep01", id=SRT.format("Ya"))
    assert read(tmp_path, spoken="ind", subtitles=["ind"], suffixes={"ind": "id"})[0][0].record["ind"] == "Ya"


def cue(number: int, start: float, end: float, text: str = "") -> Cue:
    return Cue(number, start, end, text or f"kata {number}")


@pytest.mark.parametrize(
    ("cues", "faults", "times"),
    [
        ([cue(1, 0, 2.1), cue(2, 2, 4)], {}, {1: (0, 2), 2: (2, 4)}),  # a little overlap is trimmed
        ([cue(1, 0, 3), cue(2, 2, 4)], {1: "overlapping", 2: "overlapping"}, {}),
        ([cue(1, 0, 9), cue(2, 2, 4), cue(3, 5, 6)], {1: "overlapping", 2: "overlapping", 3: "overlapping"}, {}),
        ([cue(2, 2, 4), cue(1, 0, 2)], {}, {}),  # not in the order of time
        ([cue(1, 0, 2, "a"), cue(2, 0.1, 2, "a")], {2: "repeated"}, {}),
        ([cue(1, 0, 2, "a"), cue(2, 2.05, 4, "a")], {1: "repeated", 2: "repeated"}, {}),
        ([cue(1, 0, 2, "a"), cue(2, 3, 4, "a")], {}, {}),
        ([cue(1, 0, 0.1)], {1: "too short"}, {}),
        ([cue(1, 0, 31)], {1: "too long"}, {}),
        ([cue(1, 0, 1, "a" * 50)], {1: "too fast"}, {}),
        ([cue(1, 2, 1)], {1: "ends before it starts"}, {}),
        ([cue(1, 98, 100.2)], {}, {1: (98, 100)}),
        ([cue(1, 98, 101)], {1: "ends after its recording"}, {}),
    ],
)
def test_times(cues: list[Cue], faults: dict[int, str], times: dict[int, tuple[float, float]]) -> None:
    found, wrong = subtitles.check_times(config(), cues, 100.0)
    assert wrong == faults
    assert {number: found[number] for number in times} == times


def test_languages_are_joined_by_the_time_they_share() -> None:
    others = [cue(1, 0.0, 1.0, "a"), cue(2, 1.0, 2.1, "b"), cue(3, 3.0, 7.0, "c"), cue(4, 8.0, 8.1, "d")]
    spans = [(0.0, 2.0), (3.0, 4.0), (4.0, 7.0), (8.0, 10.0), (20.0, 21.0)]
    assert subtitles.align(spans, others, config()) == ["a b", None, "c", None, None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spoken": "my"}, "c: spoken: 'my' is not among subtitles: there are: ms .`spoken: none` where"),
        ({"require": ["en"]}, "require: 'en' is not among subtitles"),
        ({"split": {"by": "order"}}, "subtitles are split by recording"),
        ({"subtitles": ["ms", "id"]}, "'id' is a column of its own: name the language otherwise"),
        ({"subtitles": ["ms", "ms"]}, "a language is listed twice"),
        ({"folder": "../x"}, "does not stay in the raw corpus"),
        ({"longst": 3}, "c.longst: no such name: did you mean longest"),
        ({"overlap": 0}, "c.overlap: Input should be greater than 0"),
    ],
)
def test_impossible_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(Problem, match=message):
        config(**options)


def test_a_cut_off_recording_stops(tmp_path: Path) -> None:
    recording(tmp_path, ms=SRT.format("Ya"))
    (tmp_path / "ep01.flac").unlink()
    soundfile.write(tmp_path / "ep01.wav", np.zeros(8000, np.int16), 8000)
    (tmp_path / "ep01.wav").write_bytes((tmp_path / "ep01.wav").read_bytes()[:8000])
    with pytest.raises(
        Problem, match=r"ep01.wav: truncated: its header tells of 1.0 s, it holds 0.5 s: copy or convert"
    ):
        read(tmp_path)
