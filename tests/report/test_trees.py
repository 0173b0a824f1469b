from xml.etree import ElementTree

import pytest

from pipeline.records import Decoded
from pipeline.report import trees

GOLD = "(S (NP (DT the) (NN dog)) (VP (VBZ runs)))"


def line(hypothesis: str, reference: str = GOLD) -> Decoded:
    return Decoded("t1", ["the", "dog", "runs"], reference, [hypothesis], [0.0], True)


@pytest.mark.parametrize(
    ("hypothesis", "errors"),
    [
        ("(S (NP XX XX )NP (VP XX )VP )S", 0),
        ("(S (NP XX )NP (VP XX XX )VP )S", 4),
        ("(S (NP XX XX )NP (VP XX )VP", 4),  # no tree: the three gold constituents are missed, and it is malformed
        ("(S XX XX )S", 4),  # a tree over other words
    ],
)
def test_errors_are_constituents_of_one_tree_alone(hypothesis, errors):
    drawn = trees.compare(line(hypothesis), "t1")
    assert drawn is not None
    assert drawn.errors == trees.errors(line(hypothesis)) == errors


def test_words_tags_and_labels_are_drawn_and_wrong_ones_marked():
    drawn = trees.compare(line("(S (NP XX )NP (VP XX XX )VP )S"), "t1")
    assert drawn is not None
    assert drawn.hypothesis is not None
    found = [text.text for text in ElementTree.fromstring(str(drawn.hypothesis)).findall("text")]
    assert sorted(found) == sorted(["the", "dog", "runs", "S", "NP*", "DT", "VP*", "NN", "VBZ"])


def test_malformed_output_has_no_drawing():
    drawn = trees.compare(line("(S (NP"), "t1")
    assert drawn is not None
    assert drawn.hypothesis is None


def test_unary_chains_and_an_unlabelled_root():
    decoded = Decoded("t1", ["go"], "( (S (VP (VB go))))", ["(S (VP XX )VP )S"], [0.0], True)
    drawn = trees.compare(decoded, "t1")
    assert drawn is not None
    assert drawn.errors == 0


@pytest.mark.parametrize("reference", ["(S (NP", "(S (VB go))", "no tree"])
def test_a_reference_that_is_no_tree_of_the_words_is_left_alone(reference):
    assert trees.compare(line("(S XX )S", reference), "t1") is None
    assert trees.errors(line("(S XX )S", reference)) == 0
