"""Beam search against all sequences of a tiny model, and at its limits."""

from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from pipeline.records import Hypothesis
from pipeline.search.beam import beam, top
from pipeline.state import State

END = 0


def markov(table: Tensor):  # type: ignore[no-untyped-def]
    """A step whose next token depends on the last one alone; the state counts tokens and remembers its sentence."""

    def step(tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        rows = state.prefix["sentence"]
        state = State({"sentence": rows, "count": state.prefix["count"] + 1}, state.source)
        return table[rows, tokens], state, torch.full((len(tokens), 2), 0.5)

    return step


def start(sentences: int, width: int) -> State:
    rows = torch.arange(sentences).repeat_interleave(width)
    return State({"sentence": rows, "count": torch.zeros_like(rows)}, {"source": torch.arange(sentences)})


class Bigram:
    """What a table says of each token after the last one, as a prior; its state is the tokens so far."""

    def __init__(self, table: Tensor):
        self.table = table

    def start(self, rows: int) -> State:
        return State({"past": torch.zeros(rows, 0, dtype=torch.long)}, {})

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        past = torch.cat([state.prefix["past"], tokens[:, None]], dim=1)
        return self.table[past[:, -1]], State({"past": past}, {})


def best_of_all(
    table: Tensor, length: int, penalty: float, prior: Tensor | None = None
) -> list[tuple[float, list[int]]]:
    log_p = table.log_softmax(dim=1)
    found = []
    for words in range(length):
        for tokens in product(range(1, table.shape[0]), repeat=words):
            path = [1, *tokens, END]
            total = sum(log_p[a, b].item() for a, b in pairwise(path))
            given = 0.0 if prior is None else sum(prior[a, b].item() for a, b in pairwise(path))
            found.append((total / (words + 1) ** penalty + given, list(tokens)))
    return sorted(found, key=lambda pair: -pair[0])


def three_best(tables: Tensor, penalty: float, prior: Bigram | None = None) -> list[list[Hypothesis]]:
    """By a beam that is wide enough to lose nothing."""
    return beam(
        markov(tables),
        start(len(tables), 64),
        begin=1,
        end=END,
        max_lengths=torch.full((len(tables),), 5),
        beam_size=64,
        length_penalty=penalty,
        n_best=3,
        prior=prior,
    )


@pytest.mark.parametrize("penalty", [0.0, 0.6])
def test_a_wide_beam_finds_the_best_sequences(penalty: float) -> None:
    torch.manual_seed(3)
    tables = torch.randn(5, 4, 4) * 2
    tables[:, :, END] += 1.0
    found = three_best(tables, penalty)
    for sentence in range(5):
        expected = best_of_all(tables[sentence], 5, penalty)[:3]
        assert [h.tokens for h in found[sentence]] == [tokens for _, tokens in expected]
        for hypothesis, (score, tokens) in zip(found[sentence], expected, strict=True):
            assert hypothesis.score == pytest.approx(score, abs=1e-4)
            assert hypothesis.attention == [[0.5, 0.5]] * len(tokens)


@pytest.mark.parametrize("penalty", [0.0, 0.6])
def test_a_prior_is_added_whatever_the_length_penalty(penalty: float) -> None:
    torch.manual_seed(4)
    tables, prior = torch.randn(5, 4, 4) * 2, torch.randn(4, 4).log_softmax(dim=1)
    tables[:, :, END] += 1.0
    found = three_best(tables, penalty, Bigram(prior))
    for sentence in range(5):
        expected = best_of_all(tables[sentence], 5, penalty, prior)[:3]
        assert [h.tokens for h in found[sentence]] == [tokens for _, tokens in expected]
        assert [h.score for h in found[sentence]] == pytest.approx([score for score, _ in expected], abs=1e-4)


def test_greedy_takes_the_likeliest_token_each_time() -> None:
    table = torch.full((1, 3, 3), -9.0)
    table[0, 1, 2] = table[0, 2, END] = 5.0
    [[found]] = beam(markov(table), start(1, 1), begin=1, end=END, max_lengths=torch.tensor([9]), beam_size=1)
    assert found.tokens == [2] and found.finished


def test_a_search_that_never_stops_is_cut_and_marked() -> None:
    table = torch.zeros(2, 3, 3)
    table[:, :, END] = -1e9
    limits = torch.tensor([2, 6])
    found = beam(markov(table), start(2, 2), begin=1, end=END, max_lengths=limits, beam_size=2)
    assert [len(n[0].tokens) for n in found] == [2, 6]
    assert not any(n[0].finished for n in found)


def test_top_is_exact() -> None:
    torch.manual_seed(0)
    values = torch.randn(7, 5000).round(decimals=4)
    ours, places = top(values, 10)
    torch.testing.assert_close(ours, values.topk(10, dim=1).values, atol=0, rtol=0)
    torch.testing.assert_close(values.gather(1, places), ours, atol=0, rtol=0)
