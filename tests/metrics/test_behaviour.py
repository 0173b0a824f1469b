import json
import math

import pytest

from pipeline.metrics.behaviour import behaviour, copies, coverage, loops
from pipeline.metrics.metric import Output, Training
from pipeline.metrics.scoring import scored

SOURCES = ["Dia makan nasi di dapur.", "Ibu membaca buku itu.", "Farid ketawa ha ha ha!"]
REFERENCES = ["He eats rice in the kitchen.", "Mother reads the book.", "Farid laughs ha ha ha!"]


def figures(hypotheses, finished=(), sources=SOURCES):
    return scored(behaviour(), "behaviour", Output(sources, REFERENCES, hypotheses, finished=finished))


@pytest.mark.parametrize(
    ("text", "looping"),
    [
        ("a b c d", False),
        ("no no", False),
        ("no no no", True),
        ("he said he said he said so", True),
        ("he said and he said and he ate", False),
        ("x the red house the red house the red house", True),
        ("a a b a a b a a", False),
        ("", False),
    ],
)
def test_a_loop_is_said_three_times_in_a_row(text, looping):
    assert loops(text.split()) is looping


def test_most_words_of_the_source_are_a_copy():
    assert copies(["dia", "makan", "nasi"], ["dia", "makan", "rice"])
    assert not copies(["dia", "makan"], ["dia", "eats"])
    assert not copies(["3", "4"], ["3", "4"])  # numbers are written alike everywhere
    assert not copies(["dia"], [])


def test_what_people_write_does_not_trip():
    found = figures(REFERENCES)
    assert found["repetition"] == found["never_stopped_rate"] == found["copied_source"] == 0.0


def test_a_rigged_system_trips_each_of_them():
    looping = [f"{text} the cat sat the cat sat the cat sat" for text in REFERENCES]
    assert figures(looping)["repetition"] == 66.67  # the third one's reference says a word three times as well
    assert figures(REFERENCES, finished=[False, True, False])["never_stopped_rate"] == 66.67
    # the third one's reference has most of the source's words as well
    assert figures(SOURCES)["copied_source"] == 66.67
    assert figures([text.lower().rstrip(".") for text in SOURCES])["copied_source"] == 66.67


def test_speech_cannot_be_copied():
    assert "copied_source" not in figures(REFERENCES, sources=[None] * 3)


def test_characters_without_spaces_loop_too():
    found = scored(behaviour(), "behaviour", Output(["dia pergi"], ["他走了。"], ["他走了他走了他走了。"]))
    assert found["repetition"] == 100.0


TRAINING = Training(
    ["saya makan nasi", "saya minum teh", "dia makan roti", "dia minum kopi", "kami beli nasi", "kami beli teh"] * 3,
    ["i eat rice", "i drink tea", "he eats bread", "he drinks coffee", "we buy rice", "we buy tea"] * 3,
)


def covered(hypothesis, source="Saya minum teh.", reference="I drink tea."):
    return scored(coverage(), "coverage", Output([source], [reference], [hypothesis], training=TRAINING))


def test_what_is_translated_is_covered():
    found = covered("I drink tea.")
    assert (found["coverage"], found["untranslated_span"]) == (100.0, 0.0)


def test_a_system_that_leaves_out_what_it_should_translate_trips():
    found = covered("We buy.")
    assert (found["coverage"], found["untranslated_span"]) == (0.0, 100.0)
    assert covered("I.")["coverage"] == pytest.approx(33.33)
    assert covered("I.")["untranslated_span"] == 0.0  # two words are no span
    assert covered("")["coverage"] == 0.0


def test_words_that_stay_as_they_are_are_translated():
    found = covered("Farid eats bread", source="Farid makan roti", reference="Farid eats bread")
    assert found["coverage"] == 100.0


def test_a_copy_covers_no_more_than_the_names():
    assert covered("Saya minum teh.")["coverage"] == 0.0
    assert covered("Farid makan", source="Farid makan roti", reference="Farid eats bread")["coverage"] == 33.33


def test_what_the_reference_leaves_out_is_not_due():
    assert "coverage" not in covered("Hello!", reference="Good morning!")


def test_figures_are_numbers_that_json_can_hold():
    found = figures(["", "", ""], finished=[False] * 3)
    assert json.loads(json.dumps(found)) == found
    assert not any(math.isnan(value) for value in found.values())
