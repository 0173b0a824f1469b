"""A file an utterance, with its text in its name or in a table."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.corpora import clips
from pipeline.corpora.splits import Found
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject

DIGITS: dict[str, Any] = {
    "language": "en",
    "name": r"(?P<text>[0-9])_(?P<speaker>[a-z]+)_(?P<take>[0-9]+)",
    "words": {0: "zero", 1: "one"},
    "once": "recording",
}


def config(**options: Any) -> clips.Config:
    return configure(clips.Config, options, "corpora.c")


def sound(file: Path, seconds: float = 0.5, rate: int = 8000) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, np.random.default_rng(len(file.name)).normal(0, 0.1, round(seconds * rate)), rate)


def read(raw: Path, **options: Any) -> tuple[list[Found], list[Reject]]:
    items = list(clips.read(config(**options), raw, "c"))
    return [i for i in items if isinstance(i, Found)], [i for i in items if isinstance(i, Reject)]


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    for digit in (0, 1):
        for speaker in ("ana", "budi"):
            for take in range(4):
                sound(tmp_path / f"{digit}_{speaker}_{take}.wav")
    return tmp_path


def test_a_name_tells_the_text_the_speaker_and_the_split(digits: Path) -> None:
    found, rejects = read(digits, **DIGITS, held={"test": {"take": [0]}, "dev": {"take": [0, 1]}})
    assert not rejects and len(found) == 16
    assert found[0] == Found(
        "test",
        {
            "id": "c-0_ana_0-0001",
            "recording": "0_ana_0",
            "speaker": "ana",
            "audio": (digits / "0_ana_0.wav").as_posix(),
            "start": 0.0,
            "end": 0.5,
            "en": "zero",
        },
        str(digits / "0_ana_0.wav"),
        "",
    )
    assert [item.split for item in found[:4]] == ["test", "dev", "train", "train"]
    assert {item.record["en"] for item in found} == {"zero", "one"}


def test_one_speaker_may_be_left_out(digits: Path) -> None:
    found, _ = read(digits, **DIGITS, held={"test": {"speaker": ["budi"]}, "dev": {"take": [3]}})
    assert {item.record["speaker"] for item in found if item.split == "test"} == {"budi"}
    assert {item.record["speaker"] for item in found if item.split != "test"} == {"ana"}
    assert sum(item.split == "dev" for item in found) == 2


def test_a_name_of_several_words(tmp_path: Path) -> None:
    for name in ("0_1_1", "1_0_0", "1_1_1", "0_0_0", "1_2_1"):
        sound(tmp_path / f"{name}.wav")
    found, rejects = read(tmp_path, language="he", name="(?P<text>[0-9_]+)", words={0: "lo", 1: "ken"}, speaker="a")
    assert [(item.record["he"], item.split, item.record["speaker"]) for item in found] == [
        ("lo lo lo", "train", "a"),
        ("lo ken ken", "train", "a"),
        ("ken lo lo", "dev", "a"),
        ("ken ken ken", "test", "a"),
    ]
    assert [(Path(r.file).name, r.reason) for r in rejects] == [("1_2_1.wav", "unknown word")]
    assert "`words` does not tell what '2' stands for" in rejects[0].note


TABLES = {
    "pipes": ("|", {"file": 1, "text": 3}, 'a|x|Say, "it"\nb|x|Two\n'),
    "commas": (",", {"file": "path", "text": "said"}, 'said,path\n"Say, ""it""",a.wav\nTwo,b.wav\n'),
    "tabs": ("\t", {"file": "path", "text": "said"}, 'path\tsaid\n./a.wav\tSay, "it"\nb\tTwo\n'),
    "spaces": (" ", {"file": 1, "text": 2}, 'a Say,  "it"\nb Two\n'),
}


@pytest.mark.parametrize("form", TABLES)
def test_tables(tmp_path: Path, form: str) -> None:
    delimiter, columns, content = TABLES[form]
    (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    for name in "ab":
        sound(tmp_path / "wavs" / f"{name}.wav")
    found, rejects = read(
        tmp_path,
        language="en",
        folder="wavs",
        table="t.csv",
        delimiter=delimiter,
        columns=columns,
        split={"dev": 0, "test": 1},
    )
    assert not rejects
    assert [(item.record["en"], item.split) for item in found] == [('Say, "it"', "train"), ("Two", "test")]


def test_a_table_may_tell_who_speaks_and_files_or_lines_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\tana\tOne\nc\tana\tThree\nd\tana\t...\n", encoding="utf-8")
    for name in "abd":
        sound(tmp_path / f"{name}.wav")
    columns = {"file": 1, "text": 3, "speaker": 2}
    found, rejects = read(
        tmp_path,
        language="en",
        table="*.tsv",
        delimiter="\t",
        columns=columns,
        speaker="x",
        split={"dev": 0, "test": 0},
    )
    assert [(item.record["recording"], item.record["speaker"]) for item in found] == [("a", "ana")]
    assert [(Path(r.file).name, r.where, r.reason) for r in rejects] == [
        ("b.wav", "", "no text"),
        ("d.wav", "", "no words"),
        ("t.tsv", "line 2", "no recording"),
    ]


def test_what_is_no_sound_is_counted(digits: Path) -> None:
    soundfile.write(digits / "1_cut_1.wav", np.ones(1), 8000)
    soundfile.write(digits / "1_dead_2.wav", np.zeros(8000), 8000)
    soundfile.write(digits / "1_loud_3.wav", np.sign(np.sin(np.arange(8000))), 8000)
    soundfile.write(digits / "1_nan_4.wav", np.full(8000, np.nan), 8000, subtype="FLOAT")
    (digits / "1_not_5.wav").write_bytes(b"no sound")
    (digits / "notes.wav").touch()
    sound(digits / "1_long_6.wav", 31)
    sound(digits / "1_wide_7.wav", 1, rate=48_000)
    found, rejects = read(digits, **DIGITS, split={"dev": 1, "test": 1})
    assert len(found) == 17
    assert {Path(r.file).stem: r.reason for r in rejects} == {
        "1_cut_1": "too short",
        "1_dead_2": "silent",
        "1_loud_3": "clipped",
        "1_nan_4": "unreadable",
        "1_not_5": "unreadable",
        "1_long_6": "too long",
        "notes": "another name",
    }


def test_a_file_is_known_again_by_its_sound_or_by_its_text(digits: Path) -> None:
    found, _ = read(digits, **DIGITS, split={"dev": 1, "test": 1})
    keys = [clips.key(config(**DIGITS), item.record) for item in found]
    assert keys[0] == keys[1] != keys[-1]  # sound() makes the same of names as long
    assert clips.key(config(**{**DIGITS, "once": "sentence"}), found[0].record) == ["zero"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "(?P<text>["}, "name: no regular expression"),
        ({"name": "[0-9]"}, r"has no group .\?P<text>"),
        ({"name": None}, "say where the texts are"),
        ({"held": {"test": {"tale": [1]}}}, "`name` has no group 'tale': did you mean take"),
        ({"held": {"test": {"take": [1]}}, "split": {"test": 1}}, "leave `files` and `split` out"),
        ({"held": {"test": {"take": [99]}}}, "held.test: no file's name has {'take': \\['99'\\]}"),
        ({"table": "t.csv"}, "table: nothing in .* matches 't.csv'"),
        ({"language": "audio"}, "is a column of its own"),
        ({"folder": ".."}, "does not stay in the raw corpus"),
        ({"name": "x(?P<text>.*)"}, "none of 16 files has a text; .*0_ana_0.wav: another name"),
    ],
)
def test_faults_in_the_options(digits: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(Problem, match=message):
        read(digits, **{**DIGITS, **options})


@pytest.mark.parametrize(
    ("content", "columns", "message"),
    [
        ("a|One\na|Two\n", {"file": 1, "text": 2}, "line 2: a has a line already"),
        ("a|One\nb\n", {"file": 1, "text": 2}, "line 2: 1 columns where 2 are due"),
        ("name|text\na|One\n", {"file": "nam", "text": "text"}, "line 1: no column 'nam': did you mean name"),
        ("a|One\n", {"file": 1}, "columns: text is missing"),
    ],
)
def test_faults_in_tables(tmp_path: Path, content: str, columns: dict[str, Any], message: str) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    with pytest.raises(Problem, match=message):
        read(tmp_path, language="en", table="t.csv", columns=columns)
