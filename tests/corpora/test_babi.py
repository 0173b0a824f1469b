"""Numbered stories → questions."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.corpora import babi
from pipeline.corpora.splits import Found
from pipeline.problems import Problem
from pipeline.records import Reject

STORY = """1 Mary moved to the bathroom.
2 John's dog went to the hallway.
3 Where is Mary? \tbathroom\t1
4 Daniel went back | to the hallway.
5 Where is the dog?\thallway\t2 4
1 Sandra slept.
2 Where is Sandra?\tgarden\t1
3 Is she awake?\t\t1
"""


def read(folder: Path, text: str = STORY, **options: Any) -> tuple[list[Any], list[Reject]]:
    (folder / "train.txt").write_text(text, encoding="utf-8")
    config = babi.Config(**{"files": {"train": "train.txt"}, **options})
    items = list(babi.read(config, folder, "qa"))
    return [item for item in items if isinstance(item, Found)], [item for item in items if isinstance(item, Reject)]


def test_a_question_knows_what_was_told_before_it(tmp_path: Path) -> None:
    found, rejects = read(tmp_path)
    assert found[0].record == {
        "id": "qa-train-00001",
        "question": "Where is Mary ?",
        "context": "Mary moved to the bathroom . John's dog went to the hallway .",
        "answer": "bathroom",
        "input": "Where is Mary ? | Mary moved to the bathroom . | John's dog went to the hallway .",
        "facts": ["Mary moved to the bathroom .", "John's dog went to the hallway ."],
        "support": [0],
    }
    # Lines are counted with the questions among them, facts without; a mark of the text itself is none.
    assert found[1].record["support"] == [1, 2] and found[1].record["facts"][2] == "Daniel went back / to the hallway ."
    assert [(reject.where, reject.reason) for reject in rejects] == [
        ("line 7", "answer not in context"),
        ("line 8", "no answer"),
    ]
    assert "'garden' does not stand in its context" in rejects[0].note and not rejects[1].note


def test_answers_of_another_kind(tmp_path: Path) -> None:
    found, rejects = read(tmp_path, extractive=False)
    assert [item.record["answer"] for item in found] == ["bathroom", "hallway", "garden"] and len(rejects) == 1


def test_whole_stories_go_to_dev(tmp_path: Path) -> None:
    text = "".join(f"1 Mary went to room{n}.\n2 Where is Mary?\troom{n}\t1\n3 Mary?\troom{n}\t1\n" for n in range(1, 7))
    found, _ = read(tmp_path, text, dev_every=3)
    assert [item.record["answer"] for item in found if item.split == "dev"] == ["room3", "room3", "room6", "room6"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Mary slept.\n", "line 1: no number and text"),
        ("1 Mary slept.\n2 Where?\tbed\t1\t2\n", "line 2: 4 cells where a question has 3"),
        ("1 Mary slept.\n2 Where?\tbed\t2\n", "line 2: line 2 supports the answer, and the story has no sentence"),
        ("1 Mary slept.\n2 Where?\tbed\tone\n", "line 2: line one supports"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Problem, match=message):
        read(tmp_path, text)
