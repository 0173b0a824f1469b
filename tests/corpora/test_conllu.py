"""CoNLL-U → words and tags."""

from pathlib import Path

import pytest

from pipeline.corpora import conllu
from pipeline.corpora.splits import Found
from pipeline.problems import Problem
from pipeline.records import Reject

DATA = Path(__file__).parents[1] / "data" / "trees"


def test_ranges_and_empty_nodes_are_skipped() -> None:
    first, second, third = conllu.read(conllu.Config(), DATA, "soap")
    assert isinstance(first, Found) and isinstance(second, Found)
    assert first.record == {
        "id": "soap-words-0001",
        "words": ["Jangan", "buka", "nya", "."],
        "upos": ["ADV", "VERB", "PRON", "PUNCT"],
        "xpos": ["RB", "VB", "_", "."],
    }
    assert (second.record["id"], second.record["words"], second.where) == ("soap-words-0002", ["Ya"], "line 11")
    assert third == Reject(str(DATA / "words.conllu"), "line 13", "no tags", "Entah")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2\tb\tb\tVERB\tVB\t_\t0\troot\t_", "line 2: 9 columns where CoNLL-U has 10: separate columns by one tab"),
        ("2 b b VERB VB _ 0 root _ _", "line 2: 1 column where"),
        ("3\tb\tb\tVERB\tVB\t_\t0\troot\t_\t_", "line 2: word 3 stands where word 2 is due"),
        ("_\tb\tb\tVERB\tVB\t_\t0\troot\t_\t_", "line 2: a word without an id"),
        ("2\t\tb\tVERB\tVB\t_\t0\troot\t_\t_", "line 2: a word without a form"),
        ("x\tb\tb\tVERB\tVB\t_\t0\troot\t_\t_", "line 2: .*'x' is not a valid ID"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.conllu").write_text("1\ta\ta\tADV\tRB\t_\t0\troot\t_\t_\n" + line + "\n\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"a\.conllu, " + message):
        list(conllu.read(conllu.Config(), tmp_path, "soap"))
