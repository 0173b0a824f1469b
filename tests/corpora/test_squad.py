"""SQuAD's JSON → questions."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.corpora import squad
from pipeline.corpora.splits import Found
from pipeline.problems import Problem
from pipeline.records import Reject


def article(*paragraphs: tuple[str, list[tuple[str, list[str]]]]) -> dict[str, Any]:
    return {
        "paragraphs": [
            {
                "context": context,
                "qas": [
                    {"question": question, "answers": [{"text": text, "answer_start": 0} for text in answers]}
                    for question, answers in asked
                ],
            }
            for context, asked in paragraphs
        ]
    }


def read(folder: Path, content: Any, **options: Any) -> tuple[list[Any], list[Reject]]:
    (folder / "a.json").write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    items = list(squad.read(squad.Config(**options), folder, "qa"))
    return [item for item in items if isinstance(item, Found)], [item for item in items if isinstance(item, Reject)]


def test_questions_of_a_paragraph(tmp_path: Path) -> None:
    asked = [("Who  won?", ["The Broncos", "Broncos"]), ("When?", ["2017"]), ("Why?", [])]
    content = {"data": [article(("The Broncos won | in 2016.", asked)), *[article(("A b.", [("B?", ["b"])]))] * 3]}
    found, rejects = read(tmp_path, content, split={"by": "recording", "dev": 1, "test": 1})
    assert found[0].record == {
        "id": "qa-a-0001-001",
        "question": "Who won?",
        "context": "The Broncos won / in 2016.",
        "answer": "The Broncos",
        "input": "Who won? | The Broncos won / in 2016.",
    }
    assert [item.split for item in found] == ["train", "train", "dev", "test"]
    assert [(reject.where, reject.reason) for reject in rejects] == [
        ("article 1, paragraph 1, question 2", "answer not in context"),
        ("article 1, paragraph 1, question 3", "no answer"),
    ]
    assert squad.key(squad.Config(), found[0].record) == ["The Broncos won / in 2016."]


def test_a_split_by_questions_is_refused() -> None:
    with pytest.raises(ValidationError, match="a paragraph's questions belong in one split: take `by: recording`"):
        squad.Config.model_validate({"split": {"by": "order"}})
    squad.Config.model_validate({"split": {"by": "order", "of": "file"}})
    squad.Config.model_validate({"files": {"train": "a.json"}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"a.json, line 1: not JSON"),
        ("[]", r"a.json: no list `data` at its top"),
        ({"data": [{}]}, r"a.json, article 1: not SQuAD's form"),
        (
            {"data": [{"paragraphs": [{"context": "a", "qas": [{"question": "b"}]}]}]},
            r"paragraph 1, question 1: not SQ",
        ),
        ({"data": [{"paragraphs": [{"context": 7, "qas": []}]}]}, r"article 1, paragraph 1: not SQuAD's form"),
    ],
)
def test_faults(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(Problem, match=message):
        read(tmp_path, content, files={"train": "a.json"})
