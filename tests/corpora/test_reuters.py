"""Reuters-21578: which documents the ModApte split uses, and what is dropped of them and why."""

from collections import Counter
from pathlib import Path

import pytest

from pipeline.corpora import reuters
from pipeline.corpora.splits import Found
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject

HEAD = '<!DOCTYPE lewis SYSTEM "lewis.dtd">\n'


def document(number: int, split: str, topics: str, text: str, used: str = "YES") -> str:
    listed = "".join(f"<D>{topic}</D>" for topic in topics.split())
    return (
        f'<REUTERS TOPICS="{used}" LEWISSPLIT="{split}" CGISPLIT="TRAINING-SET" OLDID="1" NEWID="{number}">\n'
        f"<TOPICS>{listed}</TOPICS>\n<PLACES><D>usa</D></PLACES>\n<TEXT>&#2;\n{text}\n&#3;\n</TEXT>\n</REUTERS>\n"
    )


def said(title: str, body: str) -> str:
    return f"<TITLE>{title}</TITLE>\n<DATELINE> A, Feb 26 - </DATELINE><BODY>{body}\n Reuter\n&#3;</BODY>"


CORPUS = (
    HEAD
    + document(1, "TRAIN", "grain wheat", said("BIG CROP", "Wheat &lt;WHT> rose\n    4.5 pct."))
    + document(2, "TRAIN", "grain", said("CROP", "Grain."))
    + document(3, "TRAIN", "grain tea", said("TEA", "Tea."))
    + document(4, "TRAIN", "", said("NOTHING", "Nothing."))
    + document(5, "TRAIN", "tea", said("TEA AGAIN", "Tea."))
    + document(6, "NOT-USED", "grain", said("UNUSED", "x"))
    + document(7, "TRAIN", "grain", said("BYPASSED", "x"), used="NO")
    + document(8, "TEST", "wheat grain", "******<TITLE>BRIEF</TITLE>Blah blah blah.")
    + document(9, "TEST", "earn", said("EARN", "x"))
    + document(10, "TEST", "wheat", "  Weekly  figures\n Reuter")
)


def read(folder: Path, content: str = CORPUS, **options: object) -> list[Found | Reject]:
    (folder / "reut2-000.sgm").write_text(content, encoding="latin-1")
    return list(reuters.read(configure(reuters.Config, options, "corpora.r"), folder, "r"))


def test_the_split_is_modapte_and_labels_go_from_the_most_frequent_down(tmp_path: Path) -> None:
    found = [(item.split, dict(item.record)) for item in read(tmp_path, dev_every=0) if isinstance(item, Found)]
    assert found == [
        ("train", {"id": "r-00001", "text": "BIG CROP Wheat <WHT> rose 4.5 pct.", "labels": ["grain", "wheat"]}),
        ("train", {"id": "r-00002", "text": "CROP Grain.", "labels": ["grain"]}),
        ("train", {"id": "r-00003", "text": "TEA Tea.", "labels": ["grain"]}),
        ("test", {"id": "r-00008", "text": "BRIEF", "labels": ["grain", "wheat"]}),
        ("test", {"id": "r-00010", "text": "Weekly figures", "labels": ["wheat"]}),
    ]


def test_what_is_dropped_is_counted(tmp_path: Path) -> None:
    reasons = Counter(item.reason for item in read(tmp_path) if isinstance(item, Reject))
    assert reasons == {
        "not used by the split": 2,
        "no topic": 1,
        "no topic of both splits": 2,
        "topic in one split alone": 3,
    }


def test_dev_takes_every_so_many_th_but_no_topics_first_document(tmp_path: Path) -> None:
    splits = [item.split for item in read(tmp_path, dev_every=1) if isinstance(item, Found)]
    assert splits == ["train", "dev", "dev", "test", "test"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CORPUS[:-20], "does not end: the file was cut"),
        (CORPUS.replace("</REUTERS>\n", "", 1), "line 2: the document .* does not end before the next"),
        (CORPUS.replace("<TOPICS>", "<TOPIC>", 1), "line 2: .* lacks NEWID, <TOPICS> or <TEXT>"),
        (CORPUS.replace('NEWID="1"', 'NEWID="one"', 1), "lacks NEWID"),
    ],
)
def test_what_is_no_document_is_told(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(Problem, match=told):
        read(tmp_path, content)


@pytest.mark.parametrize("options", [{"split": {"by": "order"}}, {"files": {"train": "*.sgm"}}])
def test_another_split_is_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(Problem, match="the documents tell their split"):
        read(tmp_path, **options)
