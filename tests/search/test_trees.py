"""What the rules let through is well formed and whole, whatever a model prefers."""

from collections.abc import Iterator
from itertools import product

import pytest
import torch

from pipeline.search.trees import Bounds, Brackets, Rows
from pipeline.tokens.brackets import well_formed

TOKENS = ["<pad>", "<unk>", "<s>", "</s>", "(S", "(NP", "XX", ")S", ")NP", "(ODD"]
END = 3


def written(brackets: Brackets, rows: Rows, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All that the rules let a search write."""
    for number in brackets.allowed(rows)[0].nonzero().flatten().tolist():
        if number == END:
            yield before
        else:
            yield from written(brackets, brackets.read(torch.tensor([number]), rows), (*before, TOKENS[number]))


def test_the_rules_allow_exactly_the_well_formed_trees() -> None:
    """Over two words in eight tokens, none deeper than three: by the rules, and by looking at all sequences."""
    brackets = Brackets(TOKENS, END, Bounds(depth=3, run=3))
    found = list(written(brackets, brackets.begin(torch.tensor([2]), torch.tensor([9]))))
    sequences = (s for length in (4, 6, 8) for s in product(["(S", "(NP", "XX", ")S", ")NP"], repeat=length))
    assert len(found) == len(set(found))
    assert set(found) == {tokens for tokens in sequences if well_formed(tokens, 2)}


@pytest.mark.parametrize(("words", "limit"), [(1, 4), (1, 30), (4, 7), (6, 40), (30, 33)])
def test_whatever_is_drawn_ends_as_a_tree_within_its_limit(words: int, limit: int) -> None:
    brackets = Brackets(TOKENS, END, Bounds(depth=4, run=2))
    torch.manual_seed(2)
    rows = brackets.begin(torch.full((20,), words), torch.full((20,), limit))
    drawn = []
    for _ in range(limit):
        allowed = brackets.allowed(rows)
        tokens = torch.multinomial(allowed.double(), 1)[:, 0]
        drawn.append(tokens)
        rows = brackets.read(tokens, rows)
    for sequence in torch.stack(drawn, dim=1).tolist():
        tokens = [TOKENS[number] for number in sequence[: sequence.index(END)]]
        assert well_formed(tokens, words)
        assert Bounds.of([tokens]).depth <= 4
        assert Bounds.of([tokens]).run <= 2


def test_no_words_are_no_tree() -> None:
    brackets = Brackets(TOKENS, END, Bounds(depth=4, run=2))
    allowed = brackets.allowed(brackets.begin(torch.tensor([0]), torch.tensor([10])))
    assert allowed[0].nonzero().flatten().tolist() == [END]


def test_a_bracket_that_never_closes_in_training_never_opens() -> None:
    brackets = Brackets(TOKENS, END, Bounds(depth=4, run=2))
    allowed = brackets.allowed(brackets.begin(torch.tensor([2]), torch.tensor([10])))
    assert [TOKENS[i] for i in allowed[0].nonzero().flatten()] == ["(S", "(NP"]


def test_bounds_are_the_extremes_of_trees() -> None:
    trees = "(S (NP XX )NP )S", "(S XX (S (S (S XX )S )S )S )S"
    assert Bounds.of([tree.split() for tree in trees]) == Bounds(depth=4, run=3)
    assert Bounds.of([]) == Bounds(1, 1)
