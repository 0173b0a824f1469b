"""Line-aligned files, tables and translation memories → pairs."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.corpora import parallel
from pipeline.corpora.splits import Found
from pipeline.problems import Problem
from pipeline.records import Reject

DATA = Path(__file__).parents[1] / "data" / "parallel"


def read(folder: Path, **options: Any) -> tuple[list[Any], list[Reject]]:
    items = list(parallel.read(parallel.Config(**{"languages": ["ms", "en"], **options}), folder, "soap"))
    return [i.record for i in items if isinstance(i, Found)], [i for i in items if isinstance(i, Reject)]


def test_line_aligned_files_plain_and_compressed(tmp_path: Path) -> None:
    (tmp_path / "train.ms").write_bytes(b"satu\r\n dua \r\n\r\n\r\n")
    (tmp_path / "train.en.gz").write_bytes(gzip.compress(b"one\ntwo\nthree\n\n"))
    (tmp_path / "train.zh").write_text("一", encoding="utf-8")
    records, rejects = read(tmp_path, files={"train": "train.*"})
    assert records == [
        {"id": "soap-train-0001", "ms": "satu", "en": "one"},
        {"id": "soap-train-0002", "ms": "dua", "en": "two"},
    ]
    assert [(r.where, r.reason, r.text) for r in rejects] == [("line 3", "no ms", "three"), ("line 4", "no ms", "")]


def test_several_parts_stay_apart(tmp_path: Path) -> None:
    for part in ("a", "b"):
        (tmp_path / f"{part}.ms").write_text(f"m{part}\n", encoding="utf-8")
        (tmp_path / f"{part}.en").write_text(f"e{part}\n", encoding="utf-8")
    records, _ = read(tmp_path)
    assert [record["id"] for record in records] == ["soap-a-0001", "soap-b-0001"]


def test_unequal_line_counts(tmp_path: Path) -> None:
    (tmp_path / "train.ms").write_text("satu\ndua\n", encoding="utf-8")
    (tmp_path / "train.en").write_text("one\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"train.ms has 2 lines, .*train.en has 1 lines: line n of one translates"):
        read(tmp_path)


def test_a_language_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "train.ms").write_text("satu\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"train.ms has no en beside it: add `train.en`"):
        read(tmp_path)


def test_ratio_of_lengths(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("ya\tyes, of course I do\nya\tyes\n", encoding="utf-8")
    records, rejects = read(tmp_path, ratio=3)
    assert [r["en"] for r in records] == ["yes"] and rejects[0].reason == "lengths differ"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("ya\tyes\n", {}),
        ("en\tid\tms\nyes\t7\tya\n", {}),
        ("English\tMalay\nyes\tya\n", {"en": "English", "ms": "Malay"}),
        ("7\tyes\tya\n", {"en": 2, "ms": 3}),
    ],
)
def test_columns_of_a_table(tmp_path: Path, text: str, columns: dict[str, str | int]) -> None:
    (tmp_path / "a.tsv").write_text(text, encoding="utf-8")
    assert read(tmp_path, columns=columns)[0][0] | {"id": ""} == {"id": "", "ms": "ya", "en": "yes"}


def test_faults_in_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("ms\ten\nya\tyes\ntidak\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"a.tsv, line 3: 1 column where 2 are due"):
        read(tmp_path)
    (tmp_path / "a.tsv").write_text("ms\tenglish\tid\nya\tyes\t1\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"a.tsv, line 1: no column 'en'"):
        read(tmp_path)


def test_translation_memory() -> None:
    records, rejects = read(DATA)
    assert records == [{"id": "soap-memory-0001", "ms": "Selamat pagi.", "en": "Good morning."}]
    assert [(r.where, r.reason, r.text) for r in rejects] == [("unit 2", "no en", "Hanya satu.")]


def test_a_translation_memory_is_not_held(tmp_path: Path) -> None:
    """A unit that was read is let go: memory does not grow with the file."""

    def peak(units: int) -> int:
        unit = '<tu><tuv xml:lang="ms"><seg>ya</seg></tuv><tuv xml:lang="en"><seg>yes</seg></tuv></tu>'
        (tmp_path / "a.tmx").write_text(f"<tmx><header/><body>{units * unit}</body></tmx>", encoding="utf-8")
        tracemalloc.start()
        found = sum(1 for _ in parallel.read(parallel.Config(languages=["ms", "en"]), tmp_path, "soap"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == units
        return most

    assert peak(6000) < 1.5 * peak(2000)


def test_columns_are_counted_from_one() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        parallel.Config(languages=["ms", "en"], columns={"ms": 0, "en": 1})


def test_entity_bombs_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><tmx><body><tu>&b;</tu></body></tmx>'
    (tmp_path / "a.tmx").write_text(bomb, encoding="utf-8")
    with pytest.raises(Problem, match=r"a.tmx: refused: it declares XML entities"):
        read(tmp_path)
    (tmp_path / "a.tmx").write_text("<tmx>\n<body><tu></body></tmx>", encoding="utf-8")
    with pytest.raises(Problem, match=r"a.tmx, line 2: not well-formed XML"):
        read(tmp_path)
    (tmp_path / "a.tmx").write_text("", encoding="utf-8")
    with pytest.raises(Problem, match=r"a.tmx, line 1: not well-formed XML: no element found"):
        read(tmp_path)
