"""Many derived sentences: well formed in three languages, and of every kind."""

import re
from random import Random

import pytest

from pipeline.raw.soap.acts import Acts
from pipeline.raw.soap.grammar import Sentence
from pipeline.raw.soap.trees import dependencies


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    acts = Acts(Random(5), held_out=True)
    return [acts.sentence() for _ in range(1500)]


def test_the_same_seed_says_the_same(sentences: list[Sentence]) -> None:
    again = Acts(Random(5), held_out=True)
    assert [again.sentence() for _ in range(50)] == sentences[:50]


def test_every_kind_of_act_occurs(sentences: list[Sentence]) -> None:
    assert {sentence.act for sentence in sentences} == {"statement", "question", "command", "formula"}


def test_sentences_are_well_formed(sentences: list[Sentence]) -> None:
    for said in sentences:
        for text in (said.ms, said.en):
            assert re.fullmatch(r"[A-Z][A-Za-z',-]*(?: [A-Za-z',-]+)*[.?!]", text), text
            assert not re.search(r"\b(?!will\b)(\w+) \1\b", text), text
        assert re.fullmatch(r"[\u4e00-\u9fff，]+[。？！]", said.zh), said.zh
        assert not re.search("的的|了了|在在|是是|，，", said.zh), said.zh
        assert {"?": "？", "!": "！", ".": "。"}[said.en[-1]] == said.zh[-1]
        assert said.ms[-1] == said.en[-1]


def test_every_word_has_a_head_and_a_relation(sentences: list[Sentence]) -> None:
    for said in sentences:
        found = dependencies(said.tree)
        assert len(found) == len(list(said.tree.leaves()))
        assert [relation for head, relation in found if head == 0] == ["root"]
        assert "dep" not in {relation for _, relation in found}, said.ms


def test_some_words_have_several_tags(sentences: list[Sentence]) -> None:
    tags: dict[str, set[str]] = {}
    for said in sentences:
        for leaf in said.tree.leaves():
            tags.setdefault(leaf.word.lower(), set()).add(leaf.upos)
    ambiguous = {word for word, found in tags.items() if len(found) > 1}
    assert {"itu", "yang", "baru", "untuk", "lelaki", "kerana", "bila", "kuat", "kunci"} <= ambiguous
