"""Sentences in and out: lines, CoNLL-U with everything that is not asked about kept, brackets."""

from pathlib import Path

import pytest

from pipeline import layouts
from pipeline.layouts import Layout, Sentence, read
from pipeline.problems import Problem

CONLLU = """\
# sent_id = 1
# text = Vámonos ya
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tX\tv\tMood=Imp\t0\troot\t_\t_
2\tnos\t_\tX\tp\t_\t1\tobj\t_\tSpaceAfter=No|Marginals=X:1
2.1\tsí\t_\t_\t_\t_\t_\t_\t_\t_
3\tya\t_\tX\tr\t_\t1\tadvmod\t_\t_

1\tfin\t_\t_\t_\t_\t_\t_\t_\t_
# the end
"""


def sentences(text: str, layout: Layout) -> list[Sentence]:
    return list(read(iter(text.splitlines()), layout, "given"))


def test_conllu_keeps_all_but_the_tags() -> None:
    first, last = sentences(CONLLU, Layout.conllu)
    assert (first.words, first.tags, last.words, last.tags) == (["Vamos", "nos", "ya"], ["v", "p", "r"], ["fin"], [])
    filled = layouts.as_conllu(first, layouts.UPOS, ["VERB", "PRON", "ADV"])
    assert filled.splitlines() == [
        *CONLLU.splitlines()[:3],
        "1\tVamos\tir\tVERB\tv\tMood=Imp\t0\troot\t_\t_",
        "2\tnos\t_\tPRON\tp\t_\t1\tobj\t_\tSpaceAfter=No|Marginals=X:1",
        CONLLU.splitlines()[5],
        "3\tya\t_\tADV\tr\t_\t1\tadvmod\t_\t_",
    ]
    assert layouts.as_conllu(last, layouts.XPOS, ["NN"]).splitlines() == [
        "1\tfin\t_\t_\tNN\t_\t_\t_\t_\t_",
        "# the end",
    ]


def test_marginals_stand_beside_what_the_last_column_holds() -> None:
    first, _ = sentences(CONLLU, Layout.conllu)
    lines = layouts.as_conllu(first, layouts.UPOS, ["A", "B", "C"], ["A:1.0", "B:0.9", "C:0.8"]).splitlines()
    assert [line.split("\t")[layouts.MISC] for line in lines if line[0] in "123" and line[1] == "\t"] == [
        "Marginals=A:1.0",
        "SpaceAfter=No|Marginals=B:0.9",
        "Marginals=C:0.8",
    ]


def test_words_of_a_line_become_conllu() -> None:
    (sentence,) = sentences("dia makan", Layout.line)
    blank = "\t".join("_" * 5)
    assert layouts.as_conllu(sentence, layouts.UPOS, ["PRON", "VERB"]).split("\n") == [
        "# text = dia makan",
        f"1\tdia\t_\tPRON\t_\t{blank}",
        f"2\tmakan\t_\tVERB\t_\t{blank}",
        "",
    ]
    assert layouts.as_line(sentence, ["PRON", "VERB"], []) == "dia_PRON makan_VERB"


def test_a_tree_stands_in_a_comment_of_conllu_once() -> None:
    first, _ = sentences(CONLLU, Layout.conllu)
    once = layouts.with_tree(first, "(S (VP (v Vamos)))")
    (again,) = sentences(once, Layout.conllu)
    lines = layouts.with_tree(again, "(S (v Vamos))").splitlines()
    assert lines[:4] == [*CONLLU.splitlines()[:2], "# constituency = (S (v Vamos))", CONLLU.splitlines()[2]]
    assert len(lines) == len(once.splitlines())


def test_trees_over_several_lines_give_their_words_without_traces() -> None:
    text = "( (S (NP-SBJ (PRP I))\n  (VP (VBP run) (NP (-NONE- *)))))\n(X (-NONE- *))"
    whole, nothing = sentences(text, Layout.brackets)
    assert (whole.words, whole.tags) == (["I", "run"], ["PRP", "VBP"])
    assert layouts.as_tree(whole, ["A", "B"]) == "(S (NP (A I)) (VP (B run)))"
    assert not nothing and layouts.as_tree(nothing, []) == ""


def test_likely_tags_come_first_and_the_unlikely_are_left_out() -> None:
    assert layouts.likely({"B": 0.25, "A": 0.25, "C": 0.5, "D": 0.0001}) == "C:0.5000,A:0.2500,B:0.2500"
    assert layouts.likely({"B": 0.0002, "A": 0.0001}) == "B:0.0002"


def test_what_files_hold_is_told_by_their_names() -> None:
    assert layouts.by_ending([]) is layouts.by_ending([Path("-"), Path("a.txt")]) is Layout.line
    assert layouts.by_ending([Path("a.conllu")]) is Layout.conllu
    assert layouts.by_ending([Path("a.mrg")]) is Layout.brackets
    with pytest.raises(Problem, match="say by --input"):
        layouts.by_ending([Path("a.conllu"), Path("a.txt")])


@pytest.mark.parametrize(
    ("text", "layout", "told"),
    [
        ("1\tdia", Layout.conllu, "given, line 1: 2 columns where CoNLL-U has 10"),
        ("2\tdia" + "\t_" * 8, Layout.conllu, "given, line 1: word 2 stands where word 1 is due"),
        ("1\t" + "\t_" * 8, Layout.conllu, "given, line 1: a word without a form"),
        ("(S (NN dia)", Layout.brackets, "given, line 1: the tree that begins here lacks 1 closing bracket"),
        ("(S (NN dia)) dia", Layout.brackets, "given, line 1: 'dia' stands outside of any bracket"),
        ("(S (NP dia (NN makan)))", Layout.brackets, "has no part of speech of its own|behind a word"),
    ],
)
def test_what_is_not_in_its_form_is_told(text: str, layout: Layout, told: str) -> None:
    with pytest.raises(Problem, match=told):
        sentences(text, layout)


def test_a_line_has_no_tree_to_put_tags_into() -> None:
    with pytest.raises(Problem, match="has no tree"):
        layouts.as_tree(Sentence(["dia"]), ["PRON"])
