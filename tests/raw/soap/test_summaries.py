"""Recaps: what is summed up stands in the text, the person of a test is unknown to training; the same bytes again."""

import json
from pathlib import Path

import pytest

from pipeline.raw.soap import lexicon
from pipeline.raw.soap.summaries import split_of, write_summaries
from pipeline.raw.soap.world import World, normal

WANTED = {"train": 60, "dev": 10, "test": 20}


def rows(folder: Path, split: str) -> list[dict]:
    return [json.loads(line) for line in (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("recaps") / "summaries"
    write_summaries(World(seed=3), WANTED, made)
    return made


def test_as_many_as_are_wanted_and_the_same_again(folder: Path, tmp_path: Path) -> None:
    write_summaries(World(seed=3), WANTED, tmp_path / "again")
    for split, count in WANTED.items():
        assert len(rows(folder, split)) == count
        assert (folder / f"{split}.jsonl").read_bytes() == (tmp_path / "again" / f"{split}.jsonl").read_bytes()


def test_the_first_line_never_matters_and_the_person_does_all_that_does(folder: Path) -> None:
    for row in rows(folder, "train"):
        assert row["source_labels"][0] == 0
        assert sum(row["source_labels"]) in (2, 3)
        for line, matters in zip(row["source"], row["source_labels"], strict=True):
            assert (row["title"] in line) == bool(matters)


def test_a_summary_is_words_of_its_text_in_their_order(folder: Path) -> None:
    for row in rows(folder, "test"):
        [summary] = row["target"]
        lines = [line for line, matters in zip(row["source"], row["source_labels"], strict=True) if matters]
        words = iter(normal(" ".join(lines)).split())
        joined = [word for word in normal(summary).split() if word != "dan"]
        assert all(word in words for word in joined), (summary, lines)  # a subsequence


def test_no_person_and_no_line_is_in_two_splits(folder: Path) -> None:
    people = {split: {row["title"] for row in rows(folder, split)} for split in WANTED}
    lines = {split: {normal(line) for row in rows(folder, split) for line in row["source"]} for split in WANTED}
    for one, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        assert not people[one] & people[other]
        assert not lines[one] & lines[other]
    assert all(split_of(name) == split for split, names in people.items() for name in names)
    assert not set.union(*people.values()) & {word.ms for word in lexicon.names()}
