import numpy as np

from pipeline.metrics.metric import Training
from pipeline.metrics.tagging import accuracies, ambiguous_words, count_tags

WORDS = [["the", "dog", "barks"], ["zorp", "barks"]]
GOLD = [["D", "N", "V"], ["N", "V"]]
KNOWN = {"the", "dog", "barks"}


def test_known_and_unknown_words_are_counted_apart():
    counts = count_tags(WORDS, GOLD, [["D", "V", "V"], ["N", "N"]], KNOWN)
    assert counts.tolist() == [[2, 3, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0]]
    scores = accuracies(counts.sum(axis=0))
    assert scores["accuracy"] == 60.0
    assert scores["accuracy_known"] == 50.0
    assert scores["accuracy_unknown"] == 100.0


def test_missing_tags_are_wrong_and_surplus_ones_are_not_looked_at():
    assert count_tags(WORDS[:1], GOLD[:1], [["D"]], KNOWN).tolist() == [[1, 3, 0, 0, 0, 0]]
    assert count_tags(WORDS[:1], GOLD[:1], [["D", "N", "V", "X"]], KNOWN).tolist() == [[3, 3, 0, 0, 0, 0]]


def test_without_unknown_words_their_accuracy_is_undefined():
    assert np.isnan(accuracies(count_tags(WORDS[:1], GOLD[:1], GOLD[:1], KNOWN).sum(axis=0))["accuracy_unknown"])


def test_words_with_several_tags_in_training_are_counted_besides():
    training = Training([["the", "dog", "barks"], ["barks", "fall"]], [["D", "N", "V"], ["N", "V"]])
    assert ambiguous_words(training) == {"barks"}
    counts = count_tags(WORDS, GOLD, [["D", "N", "V"], ["N", "N"]], KNOWN, {"barks"})
    assert counts[:, 4:].tolist() == [[1, 1], [0, 1]]
    scores = accuracies(counts.sum(axis=0))
    assert scores["accuracy_ambiguous"] == 50.0
    assert scores["accuracy_known"] == 75.0
