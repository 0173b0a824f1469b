import pytest

from pipeline.report.alignment import Pair, align, errors, labelled, tagged


def test_alignment_pairs_words_with_words():
    reference, hypothesis = ["dia", "pergi", "ke", "pasar", "besar"], ["dia", "lari", "pasar", "besar", "sekali"]
    (pairs,) = align([reference], [hypothesis])
    assert pairs[0] == Pair("dia", "dia", "")
    assert sorted(pair.kind for pair in pairs if pair.kind) == ["deleted", "inserted", "substituted"]
    assert [pair.reference for pair in pairs if pair.reference] == reference
    assert [pair.hypothesis for pair in pairs if pair.hypothesis] == hypothesis


@pytest.mark.parametrize(("reference", "hypothesis", "kind"), [(["a"], [], "deleted"), ([], ["a"], "inserted")])
def test_one_side_empty(reference, hypothesis, kind):
    (pairs,) = align([reference], [hypothesis])
    assert [pair.kind for pair in pairs] == [kind]


def test_both_sides_empty():
    assert align([[]], [[]]) == [[]]


def test_tags_meet_under_their_word():
    pairs = tagged(["the", "dog"], ["DET", "NOUN"], ["DET"])
    assert pairs == [Pair("DET", "DET", "", above="the"), Pair("NOUN", "", "substituted", above="dog")]
    assert errors(pairs) == 1


def test_labels_are_held_against_each_other_in_any_order():
    pairs = labelled(["love", "money"], ["illness", "love"])
    assert pairs == [Pair("love", "love", ""), Pair("money", "", "deleted"), Pair("", "illness", "inserted")]
    assert labelled([], []) == []
