"""Which language a text is in."""

from math import exp, log

import pytest

from pipeline.alignment.language import UNSEEN, Languages, Letters

ENGLISH = ["the king is in the house", "she will not go there", "this is the thing that they want"]
MALAY = ["raja itu ada di dalam rumah", "dia tidak akan pergi ke sana", "inilah benda yang mereka mahu"]


def test_texts_that_were_never_seen() -> None:
    languages = Languages({"ms": MALAY, "en": ENGLISH})
    assert languages.of("the thing is not there", "ms", 3.0) == "en"
    assert languages.of("Dia tidak ada di rumah.", "ms", 3.0) == "ms"
    assert languages.of("THEY WANT THE HOUSE", "ms", 3.0) == "en"


def test_little_proves_nothing_against_the_language_that_is_expected() -> None:
    languages = Languages({"ms": MALAY, "en": ENGLISH})
    assert languages.of("th", "ms", 0.0) == "en"
    assert languages.of("th", "ms", 8.0) == "ms"
    assert Languages({"ms": [], "en": []}).of("戏剧", "ms", 0.0) == "ms"


def test_probabilities_by_hand() -> None:
    """One text `a`: the letter a and the end, each in its own context of one and of two letters."""
    model = Letters(["a"])
    first = (1 + 2 * UNSEEN) / (2 + 2)  # a, without context: seen once of two letters, of which two kinds
    second = (1 + first) / (1 + 1)  # after the edge
    third = (1 + second) / (1 + 1)  # after two edges
    assert exp(model.log_prob("a") / 2) == pytest.approx(third)
    assert model.log_prob("b") < log(third)
