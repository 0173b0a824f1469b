import numpy as np
import pytest

from pipeline.metrics.error_rate import Edit, align_characters, align_words, cer, count_edits, error_rate, wer
from pipeline.metrics.metric import Output


def rate(metric, references, hypotheses):
    [value] = metric.scores(metric.statistics(Output([], references, hypotheses)).sum(axis=0)).values()
    return float(value)


def test_an_alignment_names_what_was_substituted_deleted_and_inserted():
    assert align_words(["the cat sat down"], ["the mat sat right here"]) == [
        [
            Edit("equal", ("the",), ("the",)),
            Edit("substitute", ("cat",), ("mat",)),
            Edit("equal", ("sat",), ("sat",)),
            Edit("insert", (), ("right",)),
            Edit("substitute", ("down",), ("here",)),
        ]
    ]


def test_counts_are_hits_substitutions_deletions_insertions():
    # by hand: a=a, b→x, c deleted, d=d, and y inserted
    counts = count_edits(align_words(["a b c d", "p q"], ["a x d", "p q y"]))
    assert counts.tolist() == [[2, 1, 1, 0], [2, 0, 0, 1]]


def test_the_rate_of_a_corpus_is_that_of_the_sums_and_no_mean():
    # 1 error in 1 word and 1 error in 9 words: 2 / 10, where a mean would say 55.6
    assert rate(wer(), ["a", "b c d e f g h i j"], ["x", "b c d e f g h i x"]) == pytest.approx(20.0)


def test_a_rate_may_exceed_100():
    assert rate(wer(), ["a"], ["b c d"]) == pytest.approx(300.0)


def test_an_empty_reference_counts_its_insertions():
    assert rate(wer(), ["", "a b"], ["x", "a b"]) == pytest.approx(50.0)


def test_an_empty_hypothesis_is_all_deletions():
    assert rate(wer(), ["a b"], [""]) == pytest.approx(100.0)


def test_a_test_set_of_empty_references_has_no_rate():
    assert np.isnan(rate(wer(), ["", ""], ["x", ""]))


def test_characters_count_with_the_spaces_between_words():
    # "ab cd" → "abcd": one deletion among five
    assert rate(cer(), ["ab cd"], ["abcd"]) == pytest.approx(20.0)
    assert align_characters(["ab"], ["ax"])[0][-1] == Edit("substitute", ("b",), ("x",))


def test_white_space_at_the_ends_and_doubled_does_not_count():
    assert rate(cer(), ["ab cd"], [" ab   cd\n"]) == 0.0


def test_no_sentences_have_no_alignment():
    assert align_words([], []) == []
    assert count_edits([]).shape == (0, 4)


def test_rates_of_many_sums_at_once():
    assert error_rate(np.array([[1, 1, 0, 0], [2, 0, 0, 0]])).tolist() == [50.0, 0.0]
