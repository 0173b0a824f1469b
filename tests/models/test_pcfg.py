"""Rules counted by hand; trees that are given are found again; what is read back parses alike."""

import math
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import Data, Side, typed_side
from pipeline.models import pcfg
from pipeline.models.pcfg import Config, Decode, Grammar, Train, count, decode
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.tokens import words
from pipeline.tokens.brackets import Codec, linearise

TREES = [
    "(S (NP (NNP John)) (VP (VBZ runs)) (. .))",
    "(S (NP (DT the) (NN dog)) (VP (VBZ sees) (NP (DT the) (JJ old) (NN man))) (. .))",
    "(S (NP (NNP Mary)) (VP (VBZ sees) (NP (NNP John))) (. .))",
]
TARGET = Codec.fit({"tree": TREES}, field="tree", config=words.Config())  # type: ignore[arg-type]
SOURCE = words.Codec([], words.Config(), text=False)


def weights(grammar: Grammar, parent: str) -> dict[str, float]:
    """The probability of each rule of a parent."""
    place, rules = grammar.names.index(parent), grammar.rules
    found = {grammar.names[child]: math.exp(w) for (above, child), w in rules.unary.items() if above == place}
    for i in np.flatnonzero(rules.parents == place):
        children = f"{grammar.names[rules.lefts[i]]} + {grammar.names[rules.rights[i]]}"
        found[children] = math.exp(float(rules.weights[i]))
    return found


def parsed(grammar: Grammar, sentences: list[list[str]], longest: int = 120) -> list[tuple[str, bool]]:
    source = typed_side(SOURCE, sentences)
    found = decode(model=grammar, source=source, target=TARGET, options=Decode(longest=longest))
    return [(TARGET.decode(one.tokens), one.finished) for [one] in found]


def test_rules_are_counted_by_hand() -> None:
    grammar = count(TREES, Config(vertical=1, horizontal=1))
    assert weights(grammar, "NP") == pytest.approx({"#NNP": 3 / 5, "#DT + #NN": 1 / 5, "#DT + @NP #DT": 1 / 5})
    assert weights(grammar, "VP") == pytest.approx({"#VBZ": 1 / 3, "#VBZ + NP": 2 / 3})
    assert weights(grammar, "S") == pytest.approx({"NP + @S NP": 1.0})
    assert weights(grammar, "@S NP") == pytest.approx({"VP + #.": 1.0})


def test_labels_remember_those_above_them() -> None:
    grammar = count(TREES, Config(vertical=2, horizontal=0))
    assert weights(grammar, "NP^S") == pytest.approx({"#NNP^NP": 2 / 3, "#DT^NP + #NN^NP": 1 / 3})
    assert weights(grammar, "NP^VP") == pytest.approx({"#NNP^NP": 1 / 2, "#DT^NP + @NP^VP ": 1 / 2})
    assert weights(grammar, "S")["NP^S + @S "] == 1.0


def test_trees_of_training_are_found_again_and_new_words_find_a_place() -> None:
    grammar = count(TREES, Config())
    asked = [["John", "runs", "."], ["the", "dog", "sees", "the", "old", "man", "."], ["the", "cow", "sees", "Bo", "."]]
    found = parsed(grammar, asked)
    assert [tree for tree, _ in found[:2]] == [" ".join(linearise(tree)) for tree in TREES[:2]]
    assert found[2] == ("(S (NP XX XX )NP (VP XX (NP XX )NP )VP XX )S", True)


def test_a_sentence_without_a_parse_or_too_long_for_one_gets_a_flat_tree() -> None:
    grammar = count(TREES, Config())
    assert parsed(grammar, [["."], [], ["", "runs", "."]])[:2] == [("(S XX )S", False), ("", False)]
    assert parsed(grammar, [["John", "runs", "."]], longest=2) == [("(S XX XX XX )S", False)]
    [(tree, finished)] = parsed(grammar, [["sees"] * 5000])
    assert (tree.count("XX"), finished) == (5000, False)


def test_a_hundred_words() -> None:
    coordination = "(NP (NP (NNP John)) (CC and) (NP (NNP Mary)))"
    grammar = count([*TREES, f"(S {coordination} (VP (VBZ runs)) (. .))"], Config(vertical=1))
    [(tree, finished)] = parsed(grammar, [["John", *["and", "Mary"] * 48, "runs", "."]])
    assert finished
    assert tree.count("XX") == 99


def test_what_was_saved_parses_alike(tmp_path: Path) -> None:
    side = Side(TARGET, Sequences.of([]), typed=tuple(TREES))
    data = Data({"train": side}, {"train": side})
    grammar, history = pcfg.fit(data=data, config=Config(), options=Train(), needs=(), work=tmp_path)
    assert history == []
    pcfg.save(grammar, tmp_path)
    asked = [["Mary", "sees", "the", "dog", "."]]
    assert parsed(pcfg.load(tmp_path), asked) == parsed(grammar, asked)


def test_no_trees() -> None:
    with pytest.raises(Problem, match="no trees to train on"):
        count([], Config())
