"""Rigged systems: one that says he of everybody, one that believes in stereotypes, one that reads."""

from collections.abc import Callable

import pytest

from pipeline.params import configure
from pipeline.probes import gender
from pipeline.problems import Problem
from pipeline.stages.probe import score

MEN, WOMEN = ("driver", "pilot"), ("nurse", "maid")


def record(number: int, occupation: str, gold: str) -> dict[str, object]:
    typical = "male" if occupation in MEN else "female"
    stereotype = "" if gold == "neutral" else "pro" if gold == typical else "anti"
    who = {"male": "Farid", "female": "Aminah", "neutral": "Seseorang"}[gold]
    sentence = f"{who} berkata bahawa dia seorang {occupation}."
    return {
        "id": f"g-{number}",
        "sentence": sentence,
        "gender": gold,
        "occupation": occupation,
        "stereotype": stereotype,
        "index": 3,
    }


CASES = [(occupation, gold) for occupation in (*MEN, *WOMEN) for gold in ("male", "female", "neutral")]
RECORDS = [record(number, *case) for number, case in enumerate(CASES)]

Rig = Callable[[dict[str, object]], str]


def scores(rig: Rig, language: str = "en", records=RECORDS) -> dict[str, float]:
    config = configure(gender.Config, {"language": language}, "probes.g")
    asked = gender.ask(config, records, "ms")
    answers = [{"sentence": rig(one)} for one in records]
    return score(gender, config, gender.findings(config, records, asked, answers))


def test_whoever_reads_the_sentence_has_no_gap():
    found = scores(lambda one: "He says so." if one["gender"] == "male" else "She says that.")
    assert found["accuracy"] == found["accuracy_male"] == found["accuracy_female"] == 100.0
    assert found["delta_g"] == found["delta_s"] == found["neutral_gap"] == 0.0


def test_a_system_that_says_he_of_everybody_trips():
    found = scores(lambda one: "He says that he is one.")
    assert (found["accuracy"], found["accuracy_male"], found["accuracy_female"]) == (50.0, 100.0, 0.0)
    assert found["delta_g"] == 66.67  # F1 of men: 2 * 4 / (4 + 8)
    assert found["delta_s"] == 0.0
    assert found["neutral_female"] == 0.0
    assert found["accuracy"] == found["accuracy_baseline"]


def test_a_system_that_believes_in_stereotypes_trips():
    found = scores(lambda one: "He drives." if one["occupation"] in MEN else "She nurses.")
    assert found["accuracy"] == 50.0
    assert found["delta_g"] == 0.0
    assert (found["accuracy_pro"], found["accuracy_anti"], found["delta_s"]) == (100.0, 0.0, 100.0)
    assert (found["neutral_female"], found["neutral_gap"]) == (50.0, 100.0)


def test_what_shows_no_gender_is_wrong_and_counted():
    found = scores(lambda one: "They say so." if one["gender"] == "male" else "He and she say so.")
    assert found["accuracy"] == 0.0
    assert found["gender_shown"] == 33.33  # they is one: the neutral
    assert "neutral_female" not in found
    assert not [key for key in found if key.startswith("neutral_")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He's late.", "unknown"),
        ("She, too.", "female"),
        ("Her car.", "female"),
        ("No one.", "unknown"),
        ("", "unknown"),
    ],
)
def test_english_pronouns(text, found):
    assert gender.shown_by_pronoun(text) == found


def winomt(number: int, occupation: str, gold: str) -> dict[str, object]:
    pronoun = {"male": "he", "female": "she", "neutral": "it"}[gold]
    sentence = f"The {occupation}, helped the visitor because {pronoun} was kind."
    return record(number, occupation, gold) | {"sentence": sentence, "index": 1}


def german(one: dict[str, object], woman: bool) -> str:
    nouns = {"driver": "Fahrer", "pilot": "Pilot", "nurse": "Pfleger", "maid": "Diener"}
    noun = nouns[str(one["occupation"])]
    return f"{'Die' if woman else 'Der'} {noun}{'in' if woman else ''} half der Besucherin, weil es nett war."


def test_german_nouns_are_found_by_alignment():
    records = [winomt(number, *case) for number, case in enumerate(CASES)]
    right = scores(lambda one: german(one, one["gender"] == "female"), "de", records)
    assert (right["accuracy"], right["delta_s"]) == (100.0, 0.0)  # the visitor, a woman throughout, is not looked at
    stereotyped = scores(lambda one: german(one, one["occupation"] in WOMEN), "de", records)
    assert (stereotyped["accuracy"], stereotyped["delta_s"], stereotyped["neutral_gap"]) == (50.0, 100.0, 100.0)
    assert scores(lambda one: "", "de", records)["gender_shown"] == 0.0


def test_an_occupation_of_two_words_is_looked_for_at_its_last():
    source = ["the", "construction", "worker", "slept"]
    one = {"sentence": "The construction worker slept.", "index": 1, "occupation": "construction worker"}
    assert gender._place(one, source) == 2
    assert gender._place(one | {"occupation": "somebody", "index": 0}, source) == 0


def test_another_corpus_is_told_the_remedy():
    config = configure(gender.Config, {"language": "en"}, "probes.g")
    with pytest.raises(Problem, match="x-1 has no field sentence: take a corpus of kind winomt"):
        gender.ask(config, [{"id": "x-1", "ms": "dia"}], "ms")
