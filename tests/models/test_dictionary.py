"""Most frequent tags, counted by hand."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.data import Data, Side
from pipeline.models import dictionary
from pipeline.sequences import Sequences
from pipeline.tokens import words

SENTENCES = [["the", "back", "door"], ["back", "the", "bill"], ["the", "back"], ["promise", "to", "back"]]
TAGS = [["D", "J", "N"], ["V", "D", "N"], ["D", "N"], ["V", "T", "V"]]


def test_a_word_has_its_most_frequent_tag_and_an_unknown_one_that_of_words_seen_once() -> None:
    codec = words.Codec.fit({"upos": TAGS}, field="upos", config=words.Config())
    target = Side(codec, Sequences.of([codec.encode(tags) for tags in TAGS]), typed=tuple(TAGS))
    source = Side(None, Sequences.of([np.zeros(len(found)) for found in SENTENCES]), typed=tuple(SENTENCES))
    model, history = dictionary.fit(
        data=Data({"train": source}, {"train": target}),
        config=dictionary.Config(),
        options=dictionary.Train(),
        needs=(),
        work=Path(),
    )
    assert history == []
    asked = Side(None, Sequences.of([np.zeros(4)]), typed=(["back", "the", "zorp", "The"],))
    [[found]] = dictionary.decode(model=model, source=asked, target=codec, options=dictionary.Decode(marginals=True))
    # `back` is J, V, N, V; of the words seen once door and bill are N, promise V, to T
    assert codec.decode(found.tokens) == ["V", "D", "N", "N"]
    assert found.score == pytest.approx(np.log(1 / 2 * 1 * 1 / 2 * 1 / 2))
