"""The chart against all trees of a small grammar, counted out one by one."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.search.cky import Rules, Tree, cky

NAMES = ("S", "NP", "VP", "PP", "V", "N", "P", "D")
S, NP, VP, PP, V, N, P, D = range(8)
RULES = [(S, NP, VP, 1.0), (NP, D, N, 0.5), (NP, NP, PP, 0.3), (VP, V, NP, 0.6), (VP, VP, PP, 0.4), (PP, P, NP, 1.0)]
UNARY = {(NP, N): 0.2}
ROOTS = [0.0, *[-math.inf] * 7]


def grammar(rules: list[tuple[int, int, int, float]], unary: dict[tuple[int, int], float]) -> Rules:
    columns = [np.array(column) for column in zip(*sorted(rules), strict=True)]
    logs = {pair: math.log(p) for pair, p in unary.items()}
    weights = np.log(columns[3]).astype(np.float32)
    return Rules(8, *columns[:3], weights, logs, np.array(ROOTS, dtype=np.float32))


def leaf(*tags: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array(tags), np.full(len(tags), -math.log(len(tags)))


def every(symbol: int, tags: list[list[int]], start: int, rules: Rules, unary: int) -> Iterator[tuple[Tree, float]]:
    """All trees of a symbol over the words whose tags are given, with at most so many one-child rules in a row."""
    if len(tags) == 1 and symbol in tags[0]:
        yield (symbol, start, []), -math.log(len(tags[0]))
    for (parent, child), weight in rules.unary.items():
        if parent == symbol and unary:
            for below, score in every(child, tags, start, rules, unary - 1):
                yield (symbol, start, [below]), score + weight
    for parent, left, right, weight in zip(rules.parents, rules.lefts, rules.rights, rules.weights, strict=True):
        for split in range(1, len(tags)) if parent == symbol else ():
            for one, first in every(left, tags[:split], start, rules, 3):
                for other, second in every(right, tags[split:], start + split, rules, 3):
                    yield (symbol, start, [one, other]), first + second + float(weight)


def brackets(tree: Tree) -> str:
    symbol, _, children = tree
    return NAMES[symbol] + (f"({' '.join(map(brackets, children))})" if children else "")


def test_a_sentence_that_may_be_read_in_two_ways_by_hand() -> None:
    """We saw the man with the telescope: 0.4 for the verb's, 0.3 for the noun's."""
    rules = grammar(RULES, UNARY)
    tags = [leaf(tag) for tag in (N, V, D, N, P, D, N)]
    found = cky(tags, rules)
    assert found is not None
    assert brackets(found[0]) == "S(NP(N) VP(VP(V NP(D N)) PP(P NP(D N))))"
    assert math.exp(found[1]) == pytest.approx(0.2 * 0.4 * 0.6 * 0.5 * 0.5, rel=1e-5)
    nouns = grammar([(*rule[:3], 0.1) if rule[1] == VP else rule for rule in RULES], UNARY)
    found = cky(tags, nouns)
    assert found is not None
    assert brackets(found[0]) == "S(NP(N) VP(V NP(NP(D N) PP(P NP(D N)))))"


@pytest.mark.parametrize("seed", range(8))
def test_the_best_of_all_trees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = {tuple(rng.integers(0, 8, 3).tolist()) for _ in range(14)}
    rules = grammar(
        [(*rule, rng.uniform(0.1, 1)) for rule in drawn],  # type: ignore[misc]
        {(S, NP): 0.5, (NP, V): 0.9, (V, S): 0.8, (S, N): 0.3, (NP, S): 0.99},
    )
    tags = [sorted(set(rng.integers(4, 8, 2).tolist())) for _ in range(4)]
    found = cky([leaf(*each) for each in tags], rules)
    best = max(every(S, tags, 0, rules, 3), key=lambda pair: pair[1], default=None)
    assert (found is None) == (best is None)
    if found and best:
        assert found[1] == pytest.approx(best[1], abs=1e-4)
        assert found[0] == best[0]


def test_words_that_the_grammar_has_no_tree_for() -> None:
    rules = grammar(RULES, UNARY)
    assert cky([leaf(V), leaf(V)], rules) is None
    assert cky([leaf(N)], rules) is None
    assert cky([], rules) is None


def test_a_chain_of_rules_of_one_child() -> None:
    rules = grammar(RULES, {(S, VP): 0.5, (VP, NP): 0.5, (NP, N): 0.5, (S, N): 0.1, (N, S): 1.0})
    found = cky([leaf(N)], rules)
    assert found is not None
    assert brackets(found[0]) == "S(VP(NP(N)))"
    assert math.exp(found[1]) == pytest.approx(0.125)
