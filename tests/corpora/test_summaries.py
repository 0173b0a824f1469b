"""JSON lines → texts and summaries."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpora import summaries
from pipeline.corpora.splits import Found
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject

TWO = {"source": ["Ali pergi.", "Dia  pulang. "], "target": ["Ali pulang.", "Ali pergi dan pulang."], "title": "Ali"}


def read(folder: Path, *rows: Any, **options: Any) -> list[Found | Reject]:
    for split in ("train", "test"):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    chosen = options or {"files": {"train": "train.jsonl", "test": "test.jsonl"}}
    return list(summaries.read(configure(summaries.Config, chosen, "corpora.tldr"), folder, "tldr"))


def test_train_takes_summaries_one_by_one_and_test_all_of_a_text(tmp_path: Path) -> None:
    found = [(item.split, dict(item.record)) for item in read(tmp_path, TWO, "") if isinstance(item, Found)]
    text = "Ali pergi. Dia pulang."
    assert found == [
        ("train", {"id": "tldr-train-0001", "text": text, "summary": "Ali pulang."}),
        ("train", {"id": "tldr-train-0002", "text": text, "summary": "Ali pergi dan pulang."}),
        ("test", {"id": "tldr-test-0001", "text": text, "summary": "Ali pulang.\nAli pergi dan pulang."}),
    ]


def test_where_the_split_is_by_order_the_first_summary_counts(tmp_path: Path) -> None:
    found = read(tmp_path, TWO, files="train.jsonl")
    assert [item.record["summary"] for item in found if isinstance(item, Found)] == ["Ali pulang."]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"source": [" "], "target": ["a"]}, "no text"),
        ({"source": "a", "target": []}, "no summary"),
        ({"source": "a", "target": "\u200b"}, "no summary"),
    ],
)
def test_what_says_nothing_is_rejected(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    [item, _] = read(tmp_path, row)
    assert isinstance(item, Reject) and item.reason == reason and item.where == "line 1"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", "line 1 is not JSON"),
        ("[" * 5000, "line 1 is not JSON"),
        ("[]", "line 1 is no object"),
        ({"source": ["a"]}, "`target` is missing"),
        ({"source": [1], "target": ["a"]}, "`source` is missing, or neither"),
    ],
)
def test_another_form_is_told_by_its_line(tmp_path: Path, row: Any, told: str) -> None:
    with pytest.raises(Problem, match=told.replace("[", r"\[")):
        read(tmp_path, row)


def test_marked_sentences_are_one_more_summary_in_train_alone(tmp_path: Path) -> None:
    files = {"train": "train.jsonl", "test": "test.jsonl"}
    rows = [{**TWO, "source_labels": [0, 1]}, {**TWO, "source_labels": [0, 0]}]
    found = read(tmp_path, *rows, files=files, extracts=True)
    told = [item.record["summary"].split("\n") for item in found if isinstance(item, Found)]
    two = [["Ali pulang."], ["Ali pergi dan pulang."]]
    assert told == [*two, ["Dia pulang."], *two, TWO["target"], TWO["target"]]
    with pytest.raises(Problem, match="line 1: `source_labels` is not a list"):
        read(tmp_path, TWO, files=files, extracts=True)
