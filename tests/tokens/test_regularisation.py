"""BPE-dropout: at a rate of 0 it is byte-pair encoding, at more it varies, and it spells the same text."""

from typing import Any

import numpy as np
import pytest

from pipeline.problems import Problem
from pipeline.tokens import characters, sentencepiece
from pipeline.tokens.regularisation import Splittings

TEXTS = ["the lower tower", "a newer shower", "lowest  of the low", "", "power, over (power)"]


def codec(**options: Any) -> sentencepiece.Codec:
    config = sentencepiece.Config(**({"vocab_size": 40} | options))
    return sentencepiece.Codec.fit({"en": TEXTS * 5}, field="en", config=config)


def test_without_dropping_it_is_the_vocabularys_own_splitting() -> None:
    known = codec()
    texts = [text for text in TEXTS if "  " not in text]
    drawn = Splittings(known, texts, rate=0.0, seed=1).draw(np.arange(len(texts)), epoch=0)
    assert [drawn[i].tolist() for i in range(len(texts))] == [known.encode(text).tolist() for text in texts]


def test_a_text_varies_from_epoch_to_epoch_and_says_the_same() -> None:
    known = codec()
    splittings = Splittings(known, TEXTS, rate=0.3, seed=1)
    epochs = [splittings.draw(np.array([1, 4]), epoch) for epoch in range(8)]
    assert len({tuple(epoch[1].tolist()) for epoch in epochs}) > 3
    assert {known.decode(epoch[1]) for epoch in epochs} == {TEXTS[4]}
    again = Splittings(known, TEXTS, rate=0.3, seed=1).draw(np.array([4]), epoch=5)
    assert again[0].tolist() == epochs[5][1].tolist()  # whatever was drawn before


def test_everything_dropped_leaves_characters() -> None:
    known = codec()
    drawn = Splittings(known, ["lower"], rate=0.999999, seed=1).draw(np.array([0]), epoch=0)
    assert known.tokens(drawn[0]) == ["▁", "l", "o", "w", "e", "r"]


def test_a_character_never_seen_is_unknown() -> None:
    known = codec()
    drawn = Splittings(known, ["low 語"], rate=0.0, seed=1).draw(np.array([0]), epoch=0)
    assert known.UNKNOWN in drawn[0]


@pytest.mark.parametrize("other", [characters.Codec.fit({"en": TEXTS}, field="en", config=characters.Config())])
def test_other_tokens_have_no_merges(other: Any) -> None:
    with pytest.raises(Problem, match="bpe_dropout: only tokens of kind sentencepiece with model_type bpe"):
        Splittings(other, TEXTS, rate=0.1, seed=1)
    with pytest.raises(Problem, match="bpe_dropout"):
        Splittings(codec(model_type="unigram", vocab_size=25), TEXTS, rate=0.1, seed=1)
