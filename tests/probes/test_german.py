import pytest

from pipeline.probes.german import shown_by_noun


@pytest.mark.parametrize(
    ("text", "noun", "gender"),
    [
        ("die designerin lacht", "designerin", "female"),
        ("der designer lacht", "designer", "male"),
        ("die designer lachen", "designer", "male"),  # several
        ("mit der angestellten", "angestellten", "female"),
        ("der angestellte lacht", "angestellte", "male"),
        ("die angestellte lacht", "angestellte", "female"),
        ("eine junge sehr nette krankenschwester", "krankenschwester", "female"),
        ("ein feuerwehrmann", "feuerwehrmann", "male"),
        ("das kind lacht", "kind", "neutral"),
        ("einem netten kleinen angestellten", "angestellten", "male"),
        ("er", "er", "male"),
        ("lachen xyz", "xyz", "unknown"),
        ("das kind und so weiter bis xyz", "xyz", "unknown"),  # the article is too far away
        ("ein verein", "verein", "male"),  # ends like *ein*, which makes no woman of it
        ("geht darin", "darin", "unknown"),
    ],
)
def test_the_noun_shows_the_gender_or_else_its_article(text, noun, gender):
    words = text.split()
    assert shown_by_noun(words, words.index(noun)) == gender
