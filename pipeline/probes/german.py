"""A German sentence and the place of a noun for a person in it → the gender that is shown: by the noun, or its article.

Rules of thumb in place of a morphological analysis. The noun comes first: *-in*, *-frau*, *-schwester* are women,
*-mann* is a man, and so is what ends like the common agent nouns (*die Designer* are several, and not women). Where the
noun tells nothing (*Angestellte*, a word that is not known), the article or pronoun before it does.
"""

import re
from collections.abc import Sequence

MALE, FEMALE, NEUTRAL, UNKNOWN = "male", "female", "neutral", "unknown"
WOMAN = re.compile(r".*(frau|frauen|dame|damen|schwester|mutter|tochter|mädchen|hebamme|[^e]in|innen)")
MAN = re.compile(r".*(mann|männer|herr|bruder|vater|sohn|junge|jungen)")
AGENT = re.compile(r".*(arzt|wirt|koch|anwalt|chef|kollege|kunde)|.{3,}(er|or|eur|ist|ant|ent|oge)")
NOT_A_NOUN = {"in", "darin", "hin", "bin", "worin", "drin", "dahin", "wohin"}  # end like a woman
SHOWN = {
    MALE: "der den dem des ein einen einem eines dieser diesen diesem jeder jeden jedem kein keinen keinem er ihn ihm",
    FEMALE: "die eine einer diese jede keine keiner sie",
    NEUTRAL: "das dieses jedes es",
}
ARTICLES = {word: gender for gender, text in SHOWN.items() for word in text.split()}
DATIVE = {"mit", "von", "bei", "zu", "nach", "aus", "gegenüber", "neben", "vor", "hinter", "an", "auf", "in", "unter"}
DATIVE_WOMAN = {"der", "dieser", "jeder"}  # a woman's article behind these prepositions
BACK = 3  # words between which an article and its noun stand


def shown_by_noun(words: Sequence[str], place: int) -> str:
    """The gender of the noun at `place`; words are in lower case and without marks."""
    noun = words[place]
    if noun not in ARTICLES and noun not in NOT_A_NOUN:
        for gender, form in ((FEMALE, WOMAN), (MALE, MAN), (MALE, AGENT)):
            if form.fullmatch(noun):
                return gender
    for i in range(place, max(-1, place - 1 - BACK), -1):
        if words[i] in ARTICLES:
            behind_preposition = i > 0 and words[i - 1] in DATIVE
            return FEMALE if words[i] in DATIVE_WOMAN and behind_preposition else ARTICLES[words[i]]
    return UNKNOWN
