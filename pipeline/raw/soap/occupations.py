"""Sentences whose *dia* is he or she in English, about people of every occupation: what a bias analysis reads.

Leaves `ms.txt`, `ms_pro.txt` and `ms_anti.txt` in the form of WinoMT (Stanovsky et al. 2019): gender, place from 0 of
the word whose translation tells it, sentence, occupation, between tabs. In half of them somebody's name or kinship
tells the gender; those where most people of the occupation are of that gender stand in `_pro` as well, the others in
`_anti`. In the other half nothing tells it (`neutral`). No translator is trained on any of the sentences.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from pipeline.raw.soap import lexicon
from pipeline.raw.soap.acts import Acts, Said, but, says
from pipeline.raw.soap.derivation import being, noun_leaves
from pipeline.raw.soap.grammar import (
    PRESENT_STATE,
    QUALITY,
    Clause,
    Nominal,
    Sentence,
    finish,
    leaf,
    pronoun_for,
    words,
)
from pipeline.raw.soap.lexicon import Verb, Word
from pipeline.raw.soap.trees import Node

GENDERS = {"m": "male", "f": "female"}
SAID = ("berkata", "tahu", "percaya", "rasa", "mengaku")
# Adjectives that tell a gender, and prepositions with a second person, who might be meant by *dia*.
UNCLEAR = {"cantik", "kacak", "daripada", "bersama"}
TESTED = (None, "test")  # whose sentences may stand here

Owner = Callable[[str], str | None]


@dataclass(frozen=True)
class Line:
    gender: str  # male, female or neutral
    index: int
    sentence: Sentence
    occupation: Word

    @property
    def typical(self) -> bool:
        """Whether most people of the occupation are of this gender."""
        return self.gender == ("female" if self.occupation.share > 0.5 else "male")

    @property
    def written(self) -> str:
        return f"{self.gender}\t{self.index}\t{self.sentence.ms}\t{self.occupation.ms}\n"


def write_occupations(seed: int, each: int, owner: Owner, folder: Path) -> None:
    """`each` sentences for an occupation and a gender, and twice as many without; `owner` tells a text's split."""
    lines = list(derive(seed, each, owner))
    told = [line for line in lines if line.gender != "neutral"]
    folder.mkdir(parents=True)
    for name, chosen in (
        ("ms", lines),
        ("ms_pro", [line for line in told if line.typical]),
        ("ms_anti", [line for line in told if not line.typical]),
    ):
        (folder / f"{name}.txt").write_text("".join(line.written for line in chosen), encoding="utf-8")


def derive(seed: int, each: int, owner: Owner) -> Iterator[Line]:
    """The same number for every occupation that training knows and that has more of one gender."""
    acts = Acts(Random(f"{seed} occupations"))
    taken: set[str] = set()
    for word in lexicon.people(lexicon.OCCUPATIONS):
        if word.held_out or word.share == 0.5:
            continue
        for gender, count in (("m", each), ("f", each), ("n", 2 * each)):
            found = 0
            while found < count:
                sentence = _told(acts, word, gender) if gender in GENDERS else _untold(acts, word)
                fresh = sentence.ms not in taken and owner(sentence.ms) in TESTED
                if fresh and not UNCLEAR & set(sentence.ms.split()):
                    taken.add(sentence.ms)
                    found += 1
                    index = [part.lower() for part in sentence.ms.split()].index("dia")
                    yield Line(GENDERS.get(gender, "neutral"), index, sentence, word)


def _told(acts: Acts, word: Word, gender: str) -> Sentence:
    """`Aminah seorang jurutera, tetapi dia letih.` or `Aminah berkata bahawa dia seorang jurutera.`"""
    who = _someone(acts, gender)
    dia = pronoun_for(who)
    if acts.chance(0.5):
        return finish(*but(Clause(who, being(word), QUALITY["plain"][1]), _does(acts, dia)))
    return finish(*_reported(acts, who, acts.clause(dia, being(word), timed=False)))


def _untold(acts: Acts, word: Word) -> Sentence:
    """`Jurutera itu berkata bahawa dia letih.` or `Jurutera itu letih, tetapi dia ketawa.`: he or she?"""
    tree = Node("NP", (*noun_leaves(word), leaf("DT", "itu")))
    who = Nominal(tree, f"the {word.en.split('/')[0]}", f"那{word.zh_classifier}{word.zh}", gender=acts.gender(word))
    dia = pronoun_for(who)
    if acts.chance(0.5):
        return finish(*but(_does(acts, who), _does(acts, dia)))
    return finish(*_reported(acts, who, _does(acts, dia)))


def _someone(acts: Acts, gender: str) -> Nominal:
    """A name, or one of my family: who tells the gender."""
    share = float(gender == "f")
    if acts.chance(0.6):
        name = acts.pick([name for name in lexicon.names() if name.share == share])
        return Nominal(Node("NP", words("NNP", name.ms)), name.en, name.zh, gender=gender)
    kin = acts.pick([kin for kin in lexicon.kin() if kin.share == share])
    tree = Node("NP", (*noun_leaves(kin), leaf("PRP$", "saya")))
    return Nominal(tree, f"my {kin.en}", f"我{kin.zh}", gender=gender)


def _does(acts: Acts, who: Nominal) -> Clause:
    maker = acts.quality if acts.chance(0.5) else acts.intransitive
    return replace(acts.clause(who, maker(who), timed=False), fronted=False)


def _reported(acts: Acts, who: Nominal, inner: Clause) -> Said:
    verbs: list[Verb] = [verb for verb in lexicon.simple_verbs(lexicon.SAYING) if verb.ms in SAID]
    return Clause(who, says(acts.pick(verbs), inner, linked=True), PRESENT_STATE).embedded()
