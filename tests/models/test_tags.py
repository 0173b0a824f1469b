"""What every tagger must bear: a tag that training lacks, a word without letters, no words at all, 5,000 words."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data import Data, Side
from pipeline.models import tags
from pipeline.outcomes import Weighed
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.tokens import words

SENTENCES = [
    ["the", "dog", "barks"],
    ["the", "cat", "sleeps"],
    ["a", "dog", "sleeps"],
    ["Mary", "sees", "the", "walking", "dog"],
    ["John", "sees", "a", "sleeping", "cat"],
    ["the", "walks", "tire", "the", "dogs"],
    ["Mary", "walks"],
]
TAGS = [list(tags) for tags in ("DNV", "DNV", "DNV", "PVDJN", "PVDJN", "DNVDN", "PV")]
KINDS: dict[str, dict[str, Any]] = {
    "dictionary": {},
    "hmm": {},
    "crf": {"steps": 30, "l2": 0.01},
    "tagger": {"epochs": 30, "batch": 40, "lr": 0.02, "warmup": 5, "precision": "float32"},
}
SMALL = {"words": 8, "letters": 4, "spelt": 4, "parts": 8, "shapes": 4, "hidden": 8, "dropout": 0.0}


def sides(sentences: list[list[str]], labels: list[list[str]]) -> tuple[Side, Side]:
    config = words.Config()
    codecs = [
        words.Codec.fit({field: values}, field=field, config=config)
        for field, values in (("words", SENTENCES), ("upos", TAGS))
    ]
    source, target = (
        Side(codec=codec, sequences=Sequences.of([codec.encode(value) for value in values]), typed=tuple(values))
        for codec, values in zip(codecs, (sentences, labels), strict=True)
    )
    return source, target


def trained(kind: str, tmp_path: Path, **config: Any) -> tuple[Any, Any, Side]:
    """The craft, its model as it was saved and read again, and the target."""
    craft = import_module(f"pipeline.models.{kind}")
    source, target = sides(SENTENCES, TAGS)
    # a sentence without words and one with a tag that training lacks stand in dev
    dev = sides([*SENTENCES[:3], [], ["odd"]], [*TAGS[:3], [], ["X"]])
    model, _ = craft.fit(
        data=Data({"train": source, "dev": dev[0]}, {"train": target, "dev": dev[1]}),
        config=craft.Config(**(SMALL if kind == "tagger" else {}) | config),
        options=craft.Train(**KINDS[kind]),
        needs=(),
        work=tmp_path / "work",
    )
    folder = tmp_path / "model"
    folder.mkdir()
    craft.save(model, folder)
    return craft, craft.load(folder), target


def tagged(craft: Any, model: Any, target: Side, *sentences: list[str], **options: Any) -> list[Any]:
    source, _ = sides(list(sentences), [])
    found = craft.decode(model=model, source=source, target=target.codec, options=craft.Decode(**options))
    return [hypothesis for [hypothesis] in found]


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_its_sentences_and_bears_what_is_odd(kind: str, tmp_path: Path) -> None:
    craft, model, target = trained(kind, tmp_path)
    long = ["the", "dog", "sees"] * 1666 + ["a", "cat"]
    odd = [["", "dog"], [], ["never-seen", "42nd", "\U0001f415", "x" * 300], long]
    found = tagged(craft, model, target, *SENTENCES, *odd)
    right = [target.codec.decode(one.tokens) == gold for one, gold in zip(found, TAGS, strict=False)]
    assert sum(right) >= (5 if kind == "dictionary" else 7)
    assert [len(one.tokens) for one in found[7:]] == [2, 0, 4, 5000]
    assert all(np.isfinite(one.score) for one in found)
    assert target.codec.decode(found[-1].tokens[:3]) == ["D", "N", "V"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_has_probabilities_of_all_tags(kind: str, tmp_path: Path) -> None:
    craft, model, target = trained(kind, tmp_path)
    plain = tagged(craft, model, target, *SENTENCES, [])
    weighed = tagged(craft, model, target, *SENTENCES, [], marginals=True)
    for one, other in zip(plain, weighed, strict=True):
        assert isinstance(other, Weighed)
        assert one.tokens == other.tokens
        assert other.marginals.shape == (len(one.tokens), len(target.codec))
        assert other.marginals.sum(axis=1) == pytest.approx(np.ones(len(one.tokens)), abs=1e-5)
        assert not other.marginals[:, : tags.TAGS].any()


@pytest.mark.parametrize("kind", KINDS)
def test_words_and_tags_must_be_as_many(kind: str, tmp_path: Path) -> None:
    craft = import_module(f"pipeline.models.{kind}")
    source, target = sides(SENTENCES[:1], [TAGS[0][:2]])
    data = Data({"train": source, "dev": source}, {"train": target, "dev": target})
    with pytest.raises(Problem, match="0 has 3 words and 2 tags: mend the corpus"):
        craft.fit(data=data, config=craft.Config(), options=craft.Train(), needs=(), work=tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_learn_from_is_told(kind: str, tmp_path: Path) -> None:
    craft = import_module(f"pipeline.models.{kind}")
    source, target = sides([[]], [[]])
    data = Data({"train": source, "dev": source}, {"train": target, "dev": target})
    with pytest.raises(Problem, match=r"tag.* to (learn from|train on)"):
        craft.fit(data=data, config=craft.Config(), options=craft.Train(), needs=(), work=tmp_path)


def test_a_network_without_a_chain_tags_each_word_for_itself(tmp_path: Path) -> None:
    craft, model, target = trained("tagger", tmp_path, crf=False)
    assert model.chain is None
    found = tagged(craft, model, target, *SENTENCES, marginals=True)
    assert [target.codec.decode(one.tokens) for one in found] == TAGS
    for one in found:
        assert one.score == pytest.approx(np.log(one.marginals.max(axis=1)).sum(), abs=1e-3)


def test_crf_scores_are_probabilities_of_whole_sentences(tmp_path: Path) -> None:
    """No path is likelier than its best places allow, and after short sentences the best one is most of all paths."""
    craft, model, target = trained("crf", tmp_path)
    for one in tagged(craft, model, target, *SENTENCES, marginals=True):
        assert one.score <= np.log(one.marginals.max(axis=1)).min() + 1e-6
        assert np.exp(one.score) > 0.4
