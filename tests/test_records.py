from pathlib import Path

import pytest

from pipeline import records
from pipeline.problems import Problem
from pipeline.records import Decoded

PAIRS = [{"id": f"c-{i}", "ms": f"ayat {i}", "en": f"sentence {i}"} for i in range(7)]
SCHEMA = records.pair_schema(["ms", "en"])


def test_records_come_back(tmp_path: Path) -> None:
    file = tmp_path / "c" / "train.parquet"
    assert records.write_table(file, iter(PAIRS), SCHEMA) == 7
    assert list(records.read_table(file)) == PAIRS
    assert records.read_field(file, "en") == [pair["en"] for pair in PAIRS]


def test_the_same_records_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        records.write_table(tmp_path / name, PAIRS, SCHEMA)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_table_may_be_empty(tmp_path: Path) -> None:
    assert records.write_table(tmp_path / "none", [], SCHEMA) == 0
    assert list(records.read_table(tmp_path / "none")) == []


def test_a_fault_while_writing_leaves_the_earlier_table(tmp_path: Path) -> None:
    file = tmp_path / "train.parquet"
    records.write_table(file, PAIRS, SCHEMA)

    def broken():
        yield PAIRS[0]
        raise Problem("line 2 is broken")

    with pytest.raises(Problem, match="line 2"):
        records.write_table(file, broken(), SCHEMA)
    assert list(records.read_table(file)) == PAIRS


def test_a_missing_table_and_a_missing_field(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="is missing: run `dvc repro` first, or `dvc pull` it"):
        list(records.read_table(tmp_path / "train.parquet"))
    records.write_table(tmp_path / "train.parquet", PAIRS, SCHEMA)
    with pytest.raises(Problem, match="has no field 'em': there are: en, id, ms"):
        records.read_field(tmp_path / "train.parquet", "em")


def test_words_are_lists(tmp_path: Path) -> None:
    row = {"id": "t-0", "words": ["Dia", "pergi"], "upos": ["PRON", "VERB"], "xpos": ["PR", "VB"]}
    records.write_table(tmp_path / "t", [row], records.TAGGED_SCHEMA)
    assert list(records.read_table(tmp_path / "t")) == [row]


def test_what_was_decoded_comes_back(tmp_path: Path) -> None:
    lines = [
        Decoded("a-0", "dia", "she", ["she", "he"], [-0.1, -0.7], True, [[1.0]], ["dia"], ["she"]),
        Decoded("a-1", None, ["NN"], [["VB"]], [-2.0], False),
        Decoded("a-2", "dia", None, [], [0.0], True, audio="audio/a-2.flac", focus=[0, 0, 1]),
    ]
    records.write_decoded(tmp_path / "mt", lines)
    assert list(records.read_decoded(tmp_path / "mt")) == lines
    assert lines[0].best == "she"


def test_text_stays_readable_in_hypotheses(tmp_path: Path) -> None:
    records.write_decoded(tmp_path / "mt", [Decoded("a-0", "她", "她", ["她"], [0.0], True)])
    assert "她" in (tmp_path / "mt" / "lines.jsonl").read_text(encoding="utf-8")
