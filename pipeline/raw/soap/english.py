"""English morphology: verb forms from a lexicon entry, agreement, articles, plurals, possessives."""

from dataclasses import dataclass

VOWELS = "aeiou"


@dataclass(frozen=True)
class VerbForms:
    """The five forms of a verb; a particle (`look after`) stands behind each."""

    base: str
    present: str  # third person singular
    past: str
    participle: str
    gerund: str


BE = VerbForms("be", "is", "was", "been", "being")
HAVE = VerbForms("have", "has", "had", "had", "having")
DO = VerbForms("do", "does", "did", "done", "doing")
MODALS = {"will", "can", "must"}


def verb_forms(entry: str) -> VerbForms:
    """`steal/stole/stolen` or `look after` → its forms; what is not given is regular.

    A final consonant is doubled where the entry gives the past so (`hug/hugged`).
    """
    main, _, particle = entry.partition(" ")
    base, past, participle = [*main.split("/"), "", ""][:3]
    past = past or (f"{base}d" if base.endswith("e") else f"{base[:-1]}ied" if _consonant_y(base) else f"{base}ed")
    participle = participle or past
    if past.endswith(2 * base[-1] + "ed") or base in DOUBLING:
        gerund = f"{base}{base[-1]}ing"
    elif base.endswith("ie"):
        gerund = f"{base[:-2]}ying"
    elif base.endswith("e") and not base.endswith("ee"):
        gerund = f"{base[:-1]}ing"
    else:
        gerund = f"{base}ing"
    tail = f" {particle}" if particle else ""
    return VerbForms(base + tail, third_person(base) + tail, past + tail, participle + tail, gerund + tail)


DOUBLING = {"hit", "run", "swim", "begin", "get", "let", "put", "sit", "forget"}


def third_person(base: str) -> str:
    if base == "have":
        return "has"
    if base.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{base}es"
    return f"{base[:-1]}ies" if _consonant_y(base) else f"{base}s"


def plural(noun: str) -> str:
    """`knife/knives` gives its plural; otherwise it is regular, on the last word."""
    if "/" in noun:
        return noun.split("/")[1]
    if noun.endswith(("s", "sh", "ch", "x")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if _consonant_y(noun) else f"{noun}s"


def singular(noun: str) -> str:
    return noun.split("/")[0]


def article(phrase: str) -> str:
    """`a` or `an` before a phrase, by its first sound."""
    return f"an {phrase}" if phrase[0].lower() in VOWELS and not phrase.startswith(("uni", "use")) else f"a {phrase}"


def possessive(name: str, plural_noun: bool) -> str:
    return f"{name}'" if plural_noun and name.endswith("s") else f"{name}'s"


def be(person: int, plural_subject: bool, past: bool = False) -> str:
    if plural_subject or person == 2:
        return "were" if past else "are"
    if past:
        return "was"
    return "am" if person == 1 else "is"


def agree(verb: VerbForms, person: int, plural_subject: bool) -> str:
    """The present form of a verb that agrees with its subject."""
    if verb is BE:
        return be(person, plural_subject)
    return verb.present if person == 3 and not plural_subject else verb.base


def _consonant_y(word: str) -> bool:
    return word.endswith("y") and word[-2] not in VOWELS
