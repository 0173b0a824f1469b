"""One clause in three languages, as lines."""

from random import Random

import pytest

from pipeline.raw.soap import lexicon
from pipeline.raw.soap.derivation import Derivation
from pipeline.raw.soap.english import BE
from pipeline.raw.soap.grammar import (
    EVENT,
    HE,
    QUALITY,
    SHE,
    STATE,
    THEY,
    TIMES,
    Clause,
    I,
    Nominal,
    Predicate,
    Time,
    leaf,
    pronoun_for,
    words,
)
from pipeline.raw.soap.trees import Node

FARID = Nominal(Node("NP", (leaf("NNP", "Farid"),)), "Farid", "法里德", gender="m")
AMINAH = Nominal(Node("NP", (leaf("NNP", "Aminah"),)), "Aminah", "阿米娜", gender="f")
LETTER = Nominal(Node("NP", (leaf("NN", "surat"), leaf("DT", "itu"))), "the letter", "那封信")
YESTERDAY = Time(Node("NP-TMP", (leaf("NN", "semalam"),)), "yesterday", "昨天")


def act(verb: str, what: Nominal) -> Predicate:
    found = next(v for v in lexicon.transitive() if v.ms == verb)
    return Derivation(Random(0)).act_on(found, what)


@pytest.mark.parametrize(
    ("frame", "ms", "en", "zh"),
    [
        ("plain", "Farid mencuri surat itu.", "Farid stole the letter.", "法里德偷了那封信。"),
        ("perfect", "Farid sudah mencuri surat itu.", "Farid has already stolen the letter.", "法里德已经偷了那封信。"),
        ("progressive", "Farid sedang mencuri surat itu.", "Farid is stealing the letter.", "法里德正在偷那封信。"),
        ("future", "Farid akan mencuri surat itu.", "Farid will steal the letter.", "法里德会偷那封信。"),
        ("not", "Farid tidak mencuri surat itu.", "Farid did not steal the letter.", "法里德没有偷那封信。"),
        ("cannot", "Farid tidak boleh mencuri surat itu.", "Farid cannot steal the letter.", "法里德不能偷那封信。"),
        ("not_yet", "Farid belum mencuri surat itu.", "Farid has not stolen the letter yet.", "法里德还没有偷那封信。"),
        (
            "not_want",
            "Farid tidak mahu mencuri surat itu.",
            "Farid does not want to steal the letter.",
            "法里德不想偷那封信。",
        ),
        (
            "never",
            "Farid tidak pernah mencuri surat itu.",
            "Farid has never stolen the letter.",
            "法里德从来没有偷过那封信。",
        ),
        ("try", "Farid cuba mencuri surat itu.", "Farid tried to steal the letter.", "法里德试图偷那封信。"),
    ],
)
def test_frames(frame: str, ms: str, en: str, zh: str) -> None:
    said = Clause(FARID, act("mencuri", LETTER), EVENT[frame][1]).statement()
    assert (said.ms, said.en, said.zh) == (ms, en, zh)


def test_a_state_stands_in_the_present_and_agrees() -> None:
    said = [Clause(who, act("mencintai", AMINAH), STATE["plain"][1]).statement().en for who in (FARID, I, THEY)]
    assert said == ["Farid loves Aminah.", "I love Aminah.", "They love Aminah."]


def test_time_stands_at_either_end() -> None:
    clause = Clause(FARID, act("membaca", LETTER), EVENT["plain"][1], YESTERDAY)
    assert clause.statement().en == "Farid read the letter yesterday."
    assert clause.statement().zh == "法里德昨天读了那封信。"
    fronted = Clause(FARID, act("membaca", LETTER), EVENT["plain"][1], YESTERDAY, fronted=True).statement()
    assert (fronted.ms, fronted.zh) == ("Semalam, Farid membaca surat itu.", "昨天，法里德读了那封信。")


@pytest.mark.parametrize(
    ("frame", "question"),
    [
        ("plain", "did Farid steal the letter"),
        ("perfect", "has Farid already stolen the letter"),
        ("want", "does Farid want to steal the letter"),
        ("must", "must Farid steal the letter"),
    ],
)
def test_english_questions(frame: str, question: str) -> None:
    assert Clause(FARID, act("mencuri", LETTER), EVENT[frame][1]).en_question() == question


def test_adjectives_take_be_in_english_and_hen_in_mandarin() -> None:
    angry = Predicate((leaf("JJ", "marah"),), BE, "angry", "生气", frames="quality", label="ADJP", bare="很")
    said = [Clause(AMINAH, angry, QUALITY[name][1]).statement() for name in ("plain", "not", "still")]
    assert [s.en for s in said] == ["Aminah is angry.", "Aminah is not angry.", "Aminah is still angry."]
    assert [s.zh for s in said] == ["阿米娜很生气。", "阿米娜不生气。", "阿米娜还很生气。"]


def test_dia_is_he_or_she_by_its_antecedent() -> None:
    assert pronoun_for(FARID) is HE
    assert pronoun_for(AMINAH) is SHE
    assert HE.tree == SHE.tree


def test_times_have_a_tag_for_each_word() -> None:
    assert all(len(ms.split()) == len(tags.split()) for _, ms, tags, _, _ in TIMES)
    assert words("NN", "tukang masak") == (leaf("NN", "tukang"), leaf("NN", "masak"))
