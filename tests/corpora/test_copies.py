"""Which records are copies of one another."""

import pytest

from pipeline.corpora.copies import folded, marks


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tidak, terima kasih!", "tidak terima  kasih"),
        ("Straße", "STRASSE"),
        ("cafe\u0301 — 50 %", "Café 50%"),
        ("ＡＢＣ１", "abc1"),
        ("„Ja“", "ja"),
        ("İstanbul", "i̇stanbul"),
    ],
)
def test_case_punctuation_and_spaces_make_no_other_sentence(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert marks([one]) == marks([other])
    assert marks([one], "exact") != marks([other], "exact")


@pytest.mark.parametrize(("one", "other"), [("año", "ano"), ("कि", "की"), ("50", "5"), ("?", "!"), ("的", "地")])
def test_other_letters_do(one: str, other: str) -> None:
    assert not marks([one]) & marks([other])


def test_a_pair_is_a_copy_by_one_side_or_by_both() -> None:
    one, other = ["ya", "Yes."], ["betul", "yes"]
    assert marks(one) & marks(other)
    assert not marks(one, of="all") & marks(other, of="all")
    assert marks(one, of="all") == marks(["Ya!", "yes"], of="all")


def test_the_same_text_in_two_languages_and_missing_texts_are_no_copies() -> None:
    assert not marks(["ya", None]) & marks([None, "ya"])
    assert not marks([None, None]) and len(marks([None, "ya"])) == 1
