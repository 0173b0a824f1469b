import pytest

from pipeline.tokens.moses import detokenise, tokenise

ENGLISH = [
    ("A dog runs.", "A dog runs ."),
    ("Mr. Smith met Dr. No. 5 at 10.30 a.m. sharp.", "Mr. Smith met Dr. No. 5 at 10.30 a.m. sharp ."),
    ("I said no. Then I left", "I said no . Then I left"),
    ("It cost 1,000,50 dollars, or 3,x", "It cost 1,000,50 dollars , or 3 , x"),
    ("the dog's bone, the dogs' bones, don't", "the dog 's bone , the dogs ' bones , don 't"),
    ("the 1990's 'best' show", "the 1990 's ' best ' show"),
    ("wait... what?!", "wait ... what ? !"),
    ('"Yes" (he said): a/b & c_d', '" Yes " ( he said ) : a / b & c _ d'),
    ("a well-known e.g. example", "a well-known e.g. example"),
    ("the U.S. Army", "the U.S. Army"),
    ("a visit to the U.S.", "a visit to the U.S ."),  # the line ends: so does the sentence
    ("on Dec. 15 or Dec. Then", "on Dec. 15 or Dec . Then"),
    ("he went away. and came back", "he went away. and came back"),  # a lower-case word follows: no sentence ends
    ("  tabs\tand\nlines  ", "tabs and lines"),
    ("", ""),
]
GERMAN = [
    ("Am 3. Mai, z.B. um 8 Uhr.", "Am 3. Mai , z.B. um 8 Uhr ."),
    ("Ein „rotes“ Haus für Fußgänger.", "Ein „ rotes “ Haus für Fußgänger ."),
    ("Wie geht's?", "Wie geht ' s ?"),
    ("Der Bus der Linie 28.", "Der Bus der Linie 28 ."),
]
FRENCH = [
    ("L'homme n'est pas là, aujourd'hui.", "L' homme n' est pas là , aujourd' hui ."),
    ("M. Dupont a dit : « oui » !", "M. Dupont a dit : « oui » !"),
]


@pytest.mark.parametrize(("text", "tokens"), ENGLISH)
def test_english(text: str, tokens: str) -> None:
    assert tokenise(text, "en") == tokens


@pytest.mark.parametrize(("text", "tokens"), GERMAN)
def test_german(text: str, tokens: str) -> None:
    assert tokenise(text, "de") == tokens


@pytest.mark.parametrize(("text", "tokens"), FRENCH)
def test_french(text: str, tokens: str) -> None:
    assert tokenise(text, "fr") == tokens


def test_a_language_without_rules_gets_the_general_ones() -> None:
    assert tokenise("Apa khabar? Baik.", "ms") == "Apa khabar ? Baik ."


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", 'He said: "the dog\'s (old) bone, $5." Why?'),
        ("en", "The boys' 'new' ball... isn't 3.5 % bigger."),
        ("en", "Jackson's 'Thriller' video."),
        ("de", "Ein „rotes“ Haus, das Peter's Hund (alt) mag."),
        ("fr", "L'homme n'est pas là : « oui » !"),
    ],
)
def test_detokenising_undoes_tokenising(language: str, text: str) -> None:
    tokens = tokenise(text, language)
    assert " ".join(tokens.split()) == tokens
    assert detokenise(tokens, language).replace(" %", "%") == text.replace(" %", "%")
