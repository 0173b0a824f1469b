import json

import pytest

from pipeline import paths
from pipeline.records import REJECT_SCHEMA, pair_schema, write_table
from pipeline.report.corpora import SHOWN_REJECTS, describe


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_pairs(split: str, lengths: list[int]) -> None:
    rows = [{"id": f"c-{i}", "en": "word " * n, "zh": "字" * n * 2} for i, n in enumerate(lengths)]
    write_table(paths.manifest("c", split), rows, pair_schema(["en", "zh"]))


def test_figures_stand_by_split():
    paths.summary("c").parent.mkdir(parents=True)
    content = {"sentences_train": 8, "sentences_test": 2, "longest_words": 9, "rejected": 3, "rejected_too_long": 3}
    paths.summary("c").write_text(json.dumps(content), encoding="utf-8")
    found = describe("c")
    assert found.splits == {"sentences": {"train": 8, "test": 2}}
    assert found.figures == {"longest_words": 9, "rejected": 3}
    assert [(reason.name, reason.count) for reason in found.reasons] == [("too long", 3)]


def test_lengths_are_words_or_characters_as_the_script_has_it():
    write_pairs("train", [1, 2, 2, 30])
    write_pairs("test", [2])
    found = describe("c")
    assert [(lengths.field, lengths.unit, lengths.longest) for lengths in found.lengths] == [
        ("en", "words", 30),
        ("zh", "characters", 60),
    ]
    assert "4 in train" in found.lengths[0].picture
    assert "beside 1 in test" in found.lengths[0].picture


def test_one_length_alone():
    write_pairs("train", [3])
    assert len(describe("c").lengths) == 2


def test_every_reason_is_shown_before_a_second_of_one():
    rows = [{"file": "f", "where": f"line {i}", "reason": "common", "text": "x" * 999} for i in range(50)]
    rows.append({"file": "f", "where": "line 51", "reason": "rare", "text": None})
    write_table(paths.manifest("c", "rejected"), rows, REJECT_SCHEMA)
    found = describe("c")
    assert [(reason.name, reason.count) for reason in found.reasons] == [("common", 50), ("rare", 1)]
    assert [reject.reason for reject in found.rejects[:3]] == ["common", "rare", "common"]
    assert len(found.rejects) == SHOWN_REJECTS
    assert all(len(reject.text) < 300 for reject in found.rejects)


def test_a_corpus_that_is_not_there_yet():
    found = describe("c")
    assert (found.splits, found.lengths, found.rejects) == ({}, [], [])
