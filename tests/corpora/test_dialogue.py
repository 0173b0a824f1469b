"""DailyDialog's lines → messages and replies."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.corpora import dialogue
from pipeline.corpora.splits import Found
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject

LINES = """\
Hi , Ali . __eou__ Hello ! __eou__ Are you well ? __eou__ Yes , thanks . __eou__
Alone .
Come ! __eou__  __eou__ No , I won't .
Shall we ? __eou__ sure __eou__ "No" , she said .
"""


def config(**options: Any) -> dialogue.Config:
    return configure(dialogue.Config, {"language": "En", **options}, "corpora.talk")


def read(folder: Path, text: str, **options: Any) -> tuple[list[Found], list[Reject]]:
    (folder / "dialogues_text_En.txt").write_text(text, encoding="utf-8")
    (folder / "dialogues_text_De.txt").write_text("Hallo . __eou__ Ja ?\n", encoding="utf-8")
    found = list(dialogue.read(config(**options), folder, "talk"))
    return [item for item in found if isinstance(item, Found)], [item for item in found if isinstance(item, Reject)]


def test_a_turn_answers_those_before_it(tmp_path: Path) -> None:
    found, rejected = read(tmp_path, LINES)
    assert [(item.record["message"], item.record["reply"]) for item in found[:4]] == [
        ("Hi , Ali .", "Hello !"),
        ("Hi , Ali . | Hello !", "Are you well ?"),
        ("Hello ! | Are you well ?", "Yes , thanks ."),
        ("Come !", "No , I won't ."),
    ]
    assert found[2].record["id"] == "talk-dialogues_text_En-00001-03"
    assert [(reject.where, reject.reason) for reject in rejected] == [("line 2", "no reply"), ("line 3", "empty turn")]


def test_a_dialogue_stays_in_one_split(tmp_path: Path) -> None:
    found, _ = read(tmp_path, LINES * 5, split={"by": "recording", "dev": 2, "test": 3, "shuffle": True})
    splits: dict[str, set[str | None]] = {}
    for item in found:
        splits.setdefault(item.where, set()).add(item.split)
    assert all(len(those) == 1 for those in splits.values())
    assert {split for those in splits.values() for split in those} <= {"train", "dev", "test"}


def test_labels_are_told_by_the_first_word(tmp_path: Path) -> None:
    found, rejected = read(tmp_path, LINES, history=1, labels={"yes": ["Yes", "sure"], "no": ["no"]})
    assert [(item.record["message"], item.record["label"]) for item in found] == [
        ("Are you well ?", ["yes"]),
        ("Come !", ["no"]),
        ("Shall we ?", ["yes"]),
        ("sure", ["no"]),
    ]
    assert sum(reject.reason == "no label" for reject in rejected) == 2
    assert dialogue.schema(config(labels={"yes": ["yes"]})).names == ["id", "message", "reply", "label"]
    assert dialogue.schema(config()).names == ["id", "message", "reply"]


def test_what_may_not_recur_is_a_message_with_its_reply(tmp_path: Path) -> None:
    record = {"message": "Hi .", "reply": "Hello ."}
    assert dialogue.key(config(), record) == ["Hi .", "Hello ."] and config().sides == "all"
    assert dialogue.key(config(labels={"yes": ["yes"]}), record) == ["Hi ."]


def test_a_word_of_two_labels_is_refused() -> None:
    with pytest.raises(Problem, match="'well' stands for two labels"):
        config(labels={"yes": ["yes", "Well"], "no": ["well"]})


def test_one_line_leaves_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"corpora\.talk\.split: dev and test take all 1 of dialogues_text_En-00001"):
        read(tmp_path, "Hi . __eou__ Hello .\n")
    with pytest.raises(Problem, match="is empty: put the file's content back"):
        read(tmp_path, "")
    _, [rejected] = read(tmp_path, "Hi .\n", split={"by": "recording", "dev": 0, "test": 0})
    assert rejected.reason == "no reply"


def test_a_language_without_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "dialogues_text_De.txt").write_text("Hallo . __eou__ Ja ?\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"has no \*\*/dialogues_text_En.txt, but dialogues_text_De.txt"):
        list(dialogue.read(config(), tmp_path, "talk"))
