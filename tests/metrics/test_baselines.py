from pipeline.metrics.baselines import copy, frequent_tags, most_frequent
from pipeline.metrics.metric import Training


def test_the_most_frequent_sentence_answers_everything_and_the_first_wins_a_tie():
    assert most_frequent(Training([], ["b", "a", "a", "b", "c"]), [None, None]) == ["b", "b"]
    assert most_frequent(Training([], []), [None]) == [""]


def test_text_is_copied_and_audio_is_not():
    training = Training([], ["well", "well", "no"])
    assert copy(training, ["satu", "dua"]) == ["satu", "dua"]
    assert copy(training, [None, None]) == ["well", "well"]


def test_each_word_has_its_most_frequent_tag_and_an_unknown_one_the_most_frequent_of_all():
    training = Training([["run", "run", "run", "the"], ["dog", "cat"]], [["V", "N", "V", "D"], ["N", "N"]])
    assert frequent_tags(training, [["run", "the", "cat", "zorp"]]) == [["V", "D", "N", "N"]]
    assert frequent_tags(Training([], []), [["a"]]) == [[""]]
