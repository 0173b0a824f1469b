"""Penn brackets → trees as they are trained and scored on."""

from pathlib import Path

import pytest

from pipeline.corpora import brackets
from pipeline.corpora.splits import Found
from pipeline.problems import Problem
from pipeline.records import Reject

DATA = Path(__file__).parents[1] / "data" / "trees"


def test_traces_functions_and_wrappers_go() -> None:
    *found, last = brackets.read(brackets.Config(), DATA, "soap")
    records = [item.record for item in found if isinstance(item, Found)]
    assert [record["tree"] for record in records] == [
        "(S (NP (PRP She)) (VP (VBD tried) (S (VP (TO to) (VP (VB open) (NP (DT the) (NN door)))))) (. .))",
        "(FRAG (-LRB- -LRB-) (ADVP (RB again)) (-RRB- -RRB-))",
        "(S (NP (NNP Ana)) (VP (VBZ waits)))",
        "(S (VP (VB Run)) (. !))",
    ]
    assert records[0]["words"] == ["She", "tried", "to", "open", "the", "door", "."]
    assert records[0]["tags"] == ["PRP", "VBD", "TO", "VB", "DT", "NN", "."]
    assert [record["id"] for record in records] == [f"soap-traces-000{n}" for n in (1, 2, 3, 4)]
    assert isinstance(last, Reject) and (last.where, last.reason) == ("line 12", "no words")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "(S (NP (NN a)))\n(S (VP (VB b))\n(S (NN c))\n",
            "line 2: the tree that begins here lacks 1 closing bracket: ",
        ),
        ("(S (NN a)))\n", "line 1: a closing bracket too many"),
        ("(S (NN a))\nhello\n", "line 2: 'hello' stands outside of any bracket"),
    ],
)
def test_unbalanced_brackets_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.mrg").write_text(text, encoding="utf-8")
    with pytest.raises(Problem, match=r"a\.mrg, " + message):
        list(brackets.read(brackets.Config(), tmp_path, "soap"))
