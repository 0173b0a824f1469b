import numpy as np
import pytest

from pipeline.metrics import words
from pipeline.metrics.words import NONE, Translations

HOUSE = ([["das", "haus"], ["das", "buch"], ["ein", "buch"]], [["the", "house"], ["the", "book"], ["a", "book"]])


def test_one_round_is_what_it_is_by_hand():
    """`the` is at first translated by none, `das` or the noun beside it, a third each."""
    known = Translations.learn(*HOUSE, rounds=1)
    # c(the | das) = 1/3 + 1/3, c(house | das) = c(book | das) = 1/3: p(the | das) = 1/2
    assert known("das", "the") == pytest.approx(1 / 2)
    assert known("haus", "the") == pytest.approx(1 / 2)
    assert known(NONE, "book") == pytest.approx(1 / 3)
    assert known("haus", "book") == known("nothing", "book") == known("das", "nothing") == 0.0


def test_pairs_alone_tell_the_words_apart():
    known = Translations.learn(*HOUSE, rounds=20)
    for source, target, other in (("das", "the", "book"), ("buch", "book", "the"), ("haus", "house", "the")):
        assert known(source, target) > 0.7 > 0.3 > known(source, other)


def test_shares_of_a_word_sum_to_one():
    known = Translations.learn(*HOUSE)
    sums = np.bincount(known.keys // len(known.targets), known.shares)
    assert sums == pytest.approx(np.ones(len(known.sources)))


def test_the_place_of_a_translation_in_a_sentence():
    known = Translations.learn(*HOUSE)
    assert known.place(["das", "buch"], 1, ["the", "book"]) == 1
    assert known.place(["das", "buch", "das", "haus"], 2, ["the", "book", "the", "house"]) == 2  # the nearer of two
    assert known.place(["das", "buch"], 1, ["nothing", "known"]) is None
    assert known.place(["das", "buch"], 1, []) is None


def test_nothing_to_learn_from():
    assert Translations.learn([], [])("a", "b") == 0.0
    assert Translations.learn([[]], [[]])("a", "b") == 0.0


def test_what_is_beyond_the_bound_is_left_out(monkeypatch):
    monkeypatch.setattr(words, "CELLS", 12)
    known = Translations.learn(*HOUSE)
    assert known("das", "book") > 0
    assert known("ein", "a") == 0.0
