"""Tables and JSON lines → texts with labels."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpora import labels
from pipeline.corpora.splits import Found
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject

BOTH = {"labels": "topics", "label": "mood"}


def config(**options: Any) -> labels.Config:
    return configure(labels.Config, {"text": "say", **(options or BOTH)}, "corpora.c")


def read(folder: Path, chosen: labels.Config) -> list[Found | Reject]:
    return list(labels.read(chosen, folder, "c"))


def write(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")


def records(found: list[Found | Reject]) -> list[dict[str, Any]]:
    return [dict(item.record) for item in found if isinstance(item, Found)]


def test_all_forms_say_the_same(tmp_path: Path) -> None:
    rows = [("Hello,  there", ["a", "b"], "good"), ("Bye", ["b"], "bad"), ("Ho", [], "good")]
    objects = [{"say": say, "topics": topics, "mood": mood, "more": 1} for say, topics, mood in rows]
    forms = {
        "jsonl": "".join(json.dumps(each) + "\n" for each in objects),
        "csv": 'mood,say,topics\ngood,"Hello,  there",a;b\nbad,Bye,b\n\ngood,Ho,\n',
        "tsv": "mood\tsay\ttopics\ngood\tHello,  there\tb; a\nbad\tBye\tb\ngood\tHo\t\n",
    }
    for end, content in forms.items():
        folder = tmp_path / end
        folder.mkdir()
        write(folder, f"x.{end}", content)
        assert records(read(folder, config())) == [
            {"id": "c-x-00001", "text": "Hello, there", "labels": ["b", "a"], "label": ["good"]},  # b is the oftener
            {"id": "c-x-00002", "text": "Bye", "labels": ["b"], "label": ["bad"]},
            {"id": "c-x-00003", "text": "Ho", "labels": [], "label": ["good"]},
        ]


def test_a_quoted_cell_may_hold_lines_and_a_packed_file_is_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "x.csv.gz", "wt", encoding="utf-8") as file:
        file.write('say,mood\n"one\ntwo ""three""",m\n,m\nfour,\n')
    found = read(tmp_path, config(label="mood"))
    assert records(found) == [{"id": "c-x-00001", "text": 'one two "three"', "label": ["m"]}]
    assert [(item.where, item.reason) for item in found if isinstance(item, Reject)] == [
        ("line 4", "no text"),
        ("line 5", "not one label"),
    ]


def test_a_label_that_train_lacks_is_a_counted_reject(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", "say,topics\nA,love\n")
    write(tmp_path, "test.csv", "say,topics\nB,love\nC,love;lvoe\n")
    found = read(tmp_path, config(labels="topics", files={"train": "train.csv", "test": "test.csv"}))
    [reject] = [item for item in found if isinstance(item, Reject)]
    assert (reject.reason, reject.where, reject.text) == ("unknown label", "line 3", "C")
    assert "'lvoe'" in reject.note and "did you mean love" in reject.note
    assert [record["text"] for record in records(found)] == ["A", "B"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.jsonl", "{", "line 1 is not JSON"),
        ("x.jsonl", "[1]", "line 1 is no object"),
        ("x.jsonl", '{"say": "a", "topics": [1], "mood": "m"}', "`topics` is missing, or neither text nor a list"),
        ("x.jsonl", '{"topics": [], "mood": "m"}', "`say` is missing"),
        ("x.csv", "say,topic,mood\n", "no column 'topics': did you mean topic"),
        ("x.csv", "say,topics,mood\na,b\n", "line 2: 2 cells where the first line has 3"),
        ("x.csv", 'say,topics,mood\n"a"b,c,d\n', "line 2: no row of a table"),
        ("x.tsv", "say\ttopics\tmood\na\n", "line 2: 1 cell where the first line has 3"),
        ("x.txt", "a", "has no"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: str, told: str) -> None:
    write(tmp_path, name, content)
    with pytest.raises(Problem, match=told):
        read(tmp_path, config())


def test_the_labels_must_be_named() -> None:
    with pytest.raises(Problem, match="say what the files call the labels"):
        configure(labels.Config, {}, "corpora.c")


def test_fields_are_what_was_asked_for() -> None:
    assert labels.schema(config(label="mood")).names == ["id", "text", "label"]
    assert labels.schema(config()).names == ["id", "text", "labels", "label"]
