from pathlib import Path

import numpy as np
import pytest

from pipeline.data import Data, Side
from pipeline.models import hmm
from pipeline.models.hmm import Config, conditional, count, count_ngrams, deleted_interpolation, endings, shape
from pipeline.problems import Problem
from pipeline.sequences import Sequences

SENTENCES = [
    ["the", "dog", "barks"],
    ["the", "cat", "sleeps"],
    ["a", "dog", "sleeps"],
    ["Today", "Mary", "sees", "the", "walking", "dog"],
]
TAGS = [["D", "N", "V"], ["D", "N", "V"], ["D", "N", "V"], ["A", "P", "V", "D", "J", "N"]]


class Vocabulary:
    symbols = ("<pad>", "<unk>", "<s>", "</s>", "A", "D", "J", "N", "P", "V")

    def encode(self, tags):
        return np.array([self.symbols.index(tag) for tag in tags], dtype=np.int32)

    def decode(self, ids):
        return [self.symbols[i] for i in ids]


def side(values, codec=None):
    return Side(codec=codec, sequences=Sequences.of([np.zeros(len(v)) for v in values]), typed=tuple(values))


def tag(model, *sentences):
    found = hmm.decode(model=model, source=side(sentences), target=Vocabulary(), options=hmm.Decode())
    return [Vocabulary().decode(hypothesis.tokens) for [hypothesis] in found]


def fit(sentences, tags, **config):
    data = Data(source={"train": side(sentences)}, target={"train": side(tags)})
    return hmm.fit(data=data, config=Config(**config), options=hmm.Train(), needs=(), work=Path())


def test_probabilities_are_relative_frequencies():
    # Jurafsky & Martin: of 13,124 modals in their corpus 10,471 stand before a VB, and 4,046 are `will`.
    assert (
        conditional(np.array([[10471.0, 13124.0 - 10471.0]]))[0, 0]
        == pytest.approx(10471 / 13124)
        == pytest.approx(0.798, abs=5e-4)
    )
    assert (
        conditional(np.array([[4046.0, 13124.0 - 4046.0]]))[0, 0]
        == pytest.approx(4046 / 13124)
        == pytest.approx(0.308, abs=5e-4)
    )
    assert conditional(np.zeros((1, 2))).tolist() == [[0, 0]]


def test_ngrams_are_counted_with_the_boundary_at_both_ends():
    bigrams = count_ngrams([[0, 1, 1]], states=2, order=1)
    assert bigrams.tolist() == [[0, 1, 0], [0, 1, 1], [1, 0, 0]]
    trigrams = count_ngrams([[0, 1, 1]], states=2, order=2)
    assert trigrams[2, 2, 0] == trigrams[2, 0, 1] == trigrams[0, 1, 1] == trigrams[1, 1, 2] == 1
    assert trigrams.sum() == 4
    assert count_ngrams([[]], states=2, order=2)[2, 2, 2] == 1


def test_deleted_interpolation_by_hand():
    # Bigrams AA 3, AB 1, BA 1. Without itself, AA: A after A 2/3 against A alone 3/4: three votes for order 1. AB: 0/3
    # against 0/4, a tie: the lower order. BA: a context seen once, 0 against 3/4. Order 1 has five votes and its own.
    bigrams = np.array([[3.0, 1.0], [1.0, 0.0]])
    assert deleted_interpolation([bigrams.sum(axis=0), bigrams]) == pytest.approx([6 / 7, 1 / 7])


def test_transitions_are_probabilities():
    for order in (1, 2):
        model = count(SENTENCES, TAGS, Config(order=order))
        sums = np.exp(model.transitions).sum(axis=-1)
        seen = count_ngrams([[0]], 6, order).sum(axis=-1) > 0
        assert sums[seen] == pytest.approx(1)
        assert np.isfinite(model.transitions).all()


@pytest.mark.parametrize("order", [1, 2])
def test_tags_follow_words_and_neighbours(order):
    model, history = fit(SENTENCES, TAGS, order=order)
    assert history == []
    assert tag(model, ["the", "dog", "sleeps"], ["Mary", "barks"]) == [["D", "N", "V"], ["P", "V"]]


def test_an_unknown_word_goes_by_its_ending_its_capital_and_its_neighbours():
    model, _ = fit(SENTENCES, TAGS)
    assert tag(model, ["the", "talking", "cat"], ["the", "mouse", "sleeps"]) == [["D", "J", "N"], ["D", "N", "V"]]
    likely = fit(SENTENCES, TAGS, suffix_prior=0.1)[0].tag_given_word("John", False)
    assert model.tags[int(likely.argmax())] == "P"
    assert model.tag_given_word("John", True).sum() == pytest.approx(1)


def test_an_unknown_word_goes_by_the_same_word_in_another_case():
    model, _ = fit(SENTENCES, TAGS)
    assert model.tags[int(model.tag_given_word("BARKS", False).argmax())] == "V"
    assert tag(model, ["The", "DOG", "barks"]) == [["D", "N", "V"]]


def test_a_word_seen_often_has_no_other_tags_and_a_rare_one_may():
    model, _ = fit(SENTENCES, TAGS, certain=3)
    tags, scores = model.emission("dog", False)
    assert [model.tags[t] for t in tags] == ["N"]
    assert scores == pytest.approx([np.log(1 / model.prior[model.tags.index("N")])])
    assert len(model.emission("cat", False)[0]) == 6


def test_the_shape_of_a_word():
    words = ["dog", "Dog", "USA", "I", "A4", "--", "well-known", "Anglo-Saxon", "1990-91", "犬"]
    assert [shape(word, first=False) for word in words] == ["l", "C", "A", "C", "9", ".", "l-", "C-", "9-", "l"]
    assert shape("Dog", first=True) == "S"


def test_the_endings_of_a_word_grow_from_its_shape():
    assert list(endings("In1990", True, 3)) == ["9 ", "9 0", "9 00", "9 000"]
    assert list(endings("Ab", False, 6)) == ["C ", "C b", "C ab"]
    assert list(endings("", False, 6)) == [". "]


def test_sentences_without_words_and_of_five_thousand():
    model, _ = fit(SENTENCES, TAGS)
    none, many = tag(model, [], ["the", "dog"] * 2500)
    assert none == []
    assert many == ["D", "N"] * 2500


def test_what_is_saved_is_loaded_and_the_same_model_is_the_same_bytes(tmp_path):
    model, _ = fit(SENTENCES, TAGS)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    hmm.save(model, tmp_path / "one")
    loaded = hmm.load(tmp_path / "one")
    hmm.save(loaded, tmp_path / "two")
    for file in ("model.json", "model.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    sentences = [["the", "talking", "zorp"], ["Mary", "barks"]]
    assert tag(loaded, *sentences) == tag(model, *sentences)
    assert loaded.config == model.config


def test_words_without_tags_are_named():
    with pytest.raises(Problem, match=r"1 has 2 words and 1 tags: mend"):
        fit([["a"], ["b", "c"]], [["D"], ["N"]])


def test_nothing_to_train_on_is_a_problem():
    with pytest.raises(Problem, match="no tagged words to train on"):
        fit([], [])


def test_too_many_tags_for_order_2_is_a_problem(monkeypatch):
    monkeypatch.setattr(hmm, "MOST_TAGS", 5)
    with pytest.raises(Problem, match=r"set model\.order to 1"):
        fit(SENTENCES, TAGS)
    assert tag(fit(SENTENCES, TAGS, order=1)[0], ["the", "dog"]) == [["D", "N"]]
