"""Beams that avoid each other's words: by hand, and at the limits of what they are."""

import pytest
import torch
from torch import Tensor

from pipeline.search.beam import beam
from pipeline.search.diverse import diverse
from pipeline.state import State

END, BEGIN = 0, 1


def markov(table: Tensor):  # type: ignore[no-untyped-def]
    def step(tokens: Tensor, state: State) -> tuple[Tensor, State, None]:
        return table[state.prefix["sentence"], tokens], state, None

    return step


def start(sentences: int, width: int) -> State:
    return State({"sentence": torch.arange(sentences).repeat_interleave(width)}, {"source": torch.arange(sentences)})


def search(table: Tensor, beam_size: int, groups: int, diversity: float, n_best: int) -> list[list[list[int]]]:
    found = diverse(
        markov(table),
        start(len(table), beam_size),
        begin=BEGIN,
        end=END,
        max_lengths=torch.full((len(table),), 6),
        beam_size=beam_size,
        groups=groups,
        diversity=diversity,
        n_best=n_best,
    )
    for n in found:
        assert [one.score for one in n] == sorted((one.score for one in n), reverse=True)
    return [[one.tokens for one in n] for n in found]


def test_a_group_takes_another_word_where_the_cost_is_higher_than_what_it_loses() -> None:
    table = torch.full((1, 5, 5), -30.0)
    table[0, BEGIN, 2:] = torch.tensor([0.6, 0.3, 0.1]).log()
    table[0, 2:, END] = 0.0
    assert search(table, 3, 3, 0.0, 3) == [[[2]]]  # at no cost all groups say the same
    assert search(table, 3, 3, 1.0, 3) == [[[2], [3]]]  # log 0.6 - 1 < log 0.3; then log 0.3 - 1 < log 0.6 - 1
    assert search(table, 3, 3, 3.0, 3) == [[[2], [3], [4]]]
    assert search(table, 3, 3, 3.0, 2) == [[[2], [3]]]


def test_what_a_word_costs_is_in_no_score() -> None:
    table = torch.full((1, 4, 4), -30.0)
    table[0, BEGIN, 2:] = torch.tensor([0.8, 0.2]).log()
    table[0, 2:, END] = 0.0
    found = diverse(
        markov(table),
        start(1, 2),
        begin=BEGIN,
        end=END,
        max_lengths=torch.tensor([6]),
        beam_size=2,
        groups=2,
        diversity=5.0,
        length_penalty=0.0,
        n_best=2,
    )
    assert [one.score for one in found[0]] == pytest.approx([torch.tensor(p).log().item() for p in (0.8, 0.2)])


def test_one_group_is_beam_search() -> None:
    torch.manual_seed(1)
    table = torch.randn(4, 6, 6)
    limits = torch.full((4,), 6)
    plain = beam(markov(table), start(4, 3), begin=BEGIN, end=END, max_lengths=limits, beam_size=3, n_best=3)
    assert search(table, 3, 1, 1.0, 3) == [[one.tokens for one in n] for n in plain]


def test_sentences_that_end_at_different_steps_do_not_mix() -> None:
    torch.manual_seed(4)
    table = torch.randn(5, 7, 7) * 2
    table[::2, :, END] += 2.0
    together = search(table, 4, 2, 0.7, 4)
    assert together == [search(table[i : i + 1], 4, 2, 0.7, 4)[0] for i in range(5)]
