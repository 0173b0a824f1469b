"""English forms, as lines in and out."""

import pytest

from pipeline.raw.soap.english import HAVE, agree, article, be, plural, possessive, singular, verb_forms


@pytest.mark.parametrize(
    ("entry", "forms"),
    [
        ("steal/stole/stolen", "steal steals stole stolen stealing"),
        ("hide/hid/hidden", "hide hides hid hidden hiding"),
        ("hug/hugged", "hug hugs hugged hugged hugging"),
        ("lie/lied", "lie lies lied lied lying"),
        ("cry", "cry cries cried cried crying"),
        ("play", "play plays played played playing"),
        ("wash", "wash washes washed washed washing"),
        ("see/saw/seen", "see sees saw seen seeing"),
        ("hit/hit/hit", "hit hits hit hit hitting"),
        ("look after", "look after|looks after|looked after|looked after|looking after"),
        ("run/ran/run away", "run away|runs away|ran away|run away|running away"),
    ],
)
def test_verb_forms(entry: str, forms: str) -> None:
    verb = verb_forms(entry)
    found = [verb.base, verb.present, verb.past, verb.participle, verb.gerund]
    assert found == (forms.split("|") if "|" in forms else forms.split())


@pytest.mark.parametrize(
    ("noun", "many"), [("knife/knives", "knives"), ("key", "keys"), ("secretary", "secretaries"), ("dress", "dresses")]
)
def test_plurals(noun: str, many: str) -> None:
    assert plural(noun) == many
    assert "/" not in singular(noun)


def test_agreement() -> None:
    assert [agree(HAVE, person, many) for person, many in ((1, False), (3, False), (3, True))] == [
        "have",
        "has",
        "have",
    ]
    assert [be(1, False), be(2, False), be(3, False), be(3, True), be(3, False, past=True)] == (
        ["am", "are", "is", "are", "was"]
    )


def test_articles_and_possessives() -> None:
    assert [article("old man"), article("ring"), article("egg")] == ["an old man", "a ring", "an egg"]
    assert [possessive("Farid", False), possessive("the doctors", True)] == ["Farid's", "the doctors'"]
