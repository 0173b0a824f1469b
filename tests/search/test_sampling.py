"""Drawing from a model: the right shares, the same answer whatever the batch, and what is cut off."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline.search.sampling import choose, sample, uniforms
from pipeline.state import State

END, BEGIN = 0, 1
P = torch.tensor([0.5, 0.3, 0.15, 0.05])


def markov(table: Tensor):  # type: ignore[no-untyped-def]
    """A step whose next token depends on the sentence and the last token alone."""

    def step(tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        rows = state.prefix["sentence"]
        return table[rows, tokens], state, torch.full((len(tokens), 2), 0.5)

    return step


def start(sentences: int, width: int) -> State:
    return State({"sentence": torch.arange(sentences).repeat_interleave(width)}, {"source": torch.arange(sentences)})


def chosen(count: int = 20_000, **options: Any) -> Tensor:
    """Which share of many draws each of four tokens has."""
    numbers = (torch.arange(count) + 0.5) / count
    found = choose(P.log().expand(count, -1), numbers, **options)
    return torch.bincount(found, minlength=4) / count


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, P),
        ({"temperature": 0.5}, P**2 / (P**2).sum()),
        ({"top_k": 2}, torch.tensor([0.625, 0.375, 0, 0])),
        ({"top_k": 9}, P),
        ({"top_p": 0.8}, torch.tensor([0.625, 0.375, 0, 0])),
        ({"top_p": 0.81}, torch.tensor([0.5, 0.3, 0.15, 0]) / 0.95),
        ({"top_p": 1e-9}, torch.tensor([1.0, 0, 0, 0])),
        ({"top_k": 3, "top_p": 0.5}, torch.tensor([1.0, 0, 0, 0])),  # of what top_k leaves: 0.526 is enough
    ],
)
def test_tokens_are_drawn_as_often_as_they_should_be(options: dict[str, Any], expected: Tensor) -> None:
    torch.testing.assert_close(chosen(**options), expected, atol=2e-4, rtol=0)


def test_no_number_draws_what_is_impossible() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf]])
    for number in (0.0, 0.5, 1 - 2**-53):
        assert choose(logits, torch.tensor([number], dtype=torch.float64)).tolist() == [1]


def test_a_sample_is_scored_by_the_model_whatever_the_temperature() -> None:
    torch.manual_seed(2)
    tables = torch.randn(3, 5, 5)
    drawn = uniforms(7, range(3), 4, 6)
    found = sample(
        markov(tables),
        start(3, 4),
        begin=BEGIN,
        end=END,
        max_lengths=torch.tensor([6, 3, 6]),
        drawn=drawn,
        temperature=0.7,
        length_penalty=0.5,
    )
    for table, limit, samples in zip(tables.log_softmax(dim=2), (6, 3, 6), found, strict=True):
        assert len(samples) == 4
        for one in samples:
            path = [BEGIN, *one.tokens, *([END] if one.finished else [])]
            total = sum(table[a, b].item() for a, b in pairwise(path))
            assert one.score == pytest.approx(total / math.sqrt(len(path) - 1), abs=1e-5)
            assert END not in one.tokens and one.attention == [[0.5, 0.5]] * len(one.tokens)
            assert one.finished or len(one.tokens) == limit


def test_a_row_is_drawn_alike_alone_and_among_others() -> None:
    torch.manual_seed(3)
    table = torch.randn(1, 9, 9)
    everything = torch.cat([table, table * 0.3, table])  # the second ends elsewhere

    def samples(tables: Tensor, rows: list[int], longest: int) -> list[list[list[int]]]:
        drawn = uniforms(5, rows, 2, longest)
        limits = torch.full((len(rows),), longest)
        n_best = sample(markov(tables), start(len(rows), 2), begin=BEGIN, end=END, max_lengths=limits, drawn=drawn)
        return [[one.tokens for one in found] for found in n_best]

    together = samples(everything, [10, 11, 12], 40)
    assert samples(table, [12], 40) == together[2:]
    assert together[0] != together[2]  # the same sentence in another row
