import random
from pathlib import Path

import pytest

from pipeline.problems import Problem
from pipeline.tokens.brackets import Codec, Config, attach, leaves, linearise, repair, well_formed

TREE = "(S (NP (DT the) (NN dog)) (VP (VBZ barks)) (. .))"
LINEAR = "(S (NP XX XX )NP (VP XX )VP XX )S"
WORDS = ["the", "dog", "barks", "."]
TAGS = ["DT", "NN", "VBZ", "."]


def test_linear_tokens_as_in_the_paper() -> None:
    assert linearise("(S (NP (NNP John)) (VP (VBZ has) (NP (DT a) (NN dog))) (. .))") == (
        ["(S", "(NP", "XX", ")NP", "(VP", "XX", "(NP", "XX", "XX", ")NP", ")VP", "XX", ")S"]
    )
    assert linearise("(NN dog)") == ["XX"]
    assert linearise("( (S (NN dog)) )") == ["(", "(S", "XX", ")S", ")"]  # the files' outer brackets have no label
    assert linearise("") == []


def test_nothing_is_lost_given_words_and_tags() -> None:
    assert leaves(TREE) == (WORDS, TAGS)
    assert attach(linearise(TREE), WORDS, TAGS) == TREE
    assert attach(["XX"], ["dog"], ["NN"]) == "(NN dog)"
    assert attach(LINEAR.split(), ["a", "(", "b", "c"], TAGS) == "(S (NP (DT a) (NN -LRB-)) (VP (VBZ b)) (. c))"


def test_codec(tmp_path: Path) -> None:
    codec = Codec.fit({"tree": [TREE, None, ""]}, field="tree", config=Config())
    assert codec.symbols[4] == "XX"
    assert codec.decode(codec.encode(TREE)) == LINEAR
    assert codec.encode("").shape == (0,) and codec.encode("").dtype == "int32"
    assert codec.tokens(codec.encode("(S (ADJP (JJ big)))")) == ["(S", "<unk>", "XX", "<unk>", ")S"]
    codec.save(tmp_path)
    assert Codec.load(tmp_path).symbols == codec.symbols


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ("(S (NP (DT the)", "2 closing brackets are missing"),
        ("(S (NN dog)))", "closing bracket too many"),
        ("(S dog (NN dog))", "opens behind a word"),
        ("(NP the dog)", "'dog' has no part of speech"),
        ("dog", "'dog' has no part of speech"),
    ],
)
def test_a_broken_tree_is_named(tree: str, reason: str) -> None:
    with pytest.raises(Problem, match=reason):
        linearise(tree)


@pytest.mark.parametrize(
    ("tokens", "words", "good"),
    [
        (LINEAR, None, True),
        (LINEAR, 4, True),
        (LINEAR, 3, False),
        ("XX", 1, True),
        ("", None, False),
        ("XX XX", 2, False),
        ("(S XX )NP", None, False),
        ("(S XX", None, False),
        ("(S XX )S XX", None, False),
        ("(S (NP )NP XX )S", None, False),
        ("(S )S", None, False),
        ("(S <unk> XX )S", None, False),
    ],
)
def test_well_formed(tokens: str, words: int | None, good: bool) -> None:
    assert well_formed(tokens.split(), words) is good


@pytest.mark.parametrize(
    ("tokens", "words", "repaired"),
    [
        (LINEAR, 4, LINEAR),
        ("(S (NP XX XX )NP (VP XX", 3, "(S (NP XX XX )NP (VP XX )VP )S"),  # cut at the length limit
        ("(S (NP XX )NP XX XX XX )S", 2, "(S (NP XX )NP XX )S"),  # leaves too many
        ("(S (NP XX )NP )S", 3, "(S (NP XX )NP XX XX )S"),  # leaves missing
        ("(S (NP XX (VP XX )NP )S", 2, "(S (NP XX (VP XX )VP )NP )S"),  # an inner bracket was left open
        ("(S XX )VP XX )S", 2, "(S XX XX )S"),  # closes what is not open
        ("(S (NP )NP XX <unk> )S", 1, "(S XX )S"),  # empty, and unknown
        ("(NP XX )NP (VP XX )VP", 2, "(NP XX (VP XX )VP )NP"),  # two roots
        ("XX XX", 2, "(S XX XX )S"),
        ("", 2, "(S XX XX )S"),
        ("(S (NP", 2, "(S XX XX )S"),
        ("(S XX )S", 0, ""),
    ],
)
def test_repair(tokens: str, words: int, repaired: str) -> None:
    assert " ".join(repair(tokens.split(), words)) == repaired


def test_whatever_a_model_writes_becomes_a_tree() -> None:
    draw = random.Random(1)
    symbols = ["XX", "(S", ")S", "(NP", ")NP", "(", ")", "<unk>"]
    for _ in range(3000):
        tokens = draw.choices(symbols, k=draw.randint(0, 12))
        words = draw.randint(1, 5)
        assert well_formed(repair(tokens, words), words), (tokens, words)
