"""The loss and its slope against every path, one by one, and against small steps in each weight."""

from itertools import pairwise, product

import numpy as np
import pytest

from pipeline.models.clues import Clues
from pipeline.models.crf import Objective, Train, minimised

SENTENCES = [["the", "dog", "barks"], ["dogs", "bark"], ["Stop"]]
GOLD = np.array([0, 1, 2, 1, 2, 2])
LENGTHS = np.array([3, 2, 1])
TAGS = 3


def objective(l2: float = 0.5) -> Objective:
    return Objective(Clues.of(SENTENCES).matrix(SENTENCES), GOLD, LENGTHS, TAGS, l2)


def test_the_loss_adds_up_every_path() -> None:
    ours = objective()
    vector = np.random.default_rng(0).normal(size=ours.size)
    weights, transitions, start, end = ours.parts(vector)
    emissions = Clues.of(SENTENCES).matrix(SENTENCES) @ weights
    expected, first = 0.5 / 2 * vector @ vector, 0
    for length in LENGTHS:
        scores = {
            path: start[path[0]]
            + end[path[-1]]
            + sum(emissions[first + i, tag] for i, tag in enumerate(path))
            + sum(transitions[a, b] for a, b in pairwise(path))
            for path in product(range(TAGS), repeat=int(length))
        }
        expected += np.logaddexp.reduce(list(scores.values())) - scores[tuple(GOLD[first : first + length].tolist())]
        first += length
    assert ours(vector)[0] == pytest.approx(expected)


def test_the_slope_is_what_small_steps_find() -> None:
    ours = objective()
    vector = np.random.default_rng(1).normal(size=ours.size)
    _, slope = ours(vector)
    for i in [*range(0, ours.size, 7), *range(ours.size - TAGS * (TAGS + 2), ours.size)]:
        step = np.zeros(ours.size)
        step[i] = 1e-5
        assert (ours(vector + step)[0] - ours(vector - step)[0]) / 2e-5 == pytest.approx(slope[i], abs=1e-6)


def test_a_clue_has_weights_for_the_tags_that_it_was_seen_with() -> None:
    ours = objective()
    weights, *_ = ours.parts(np.ones(ours.size))
    clues = Clues.of(SENTENCES)
    assert weights[clues.columns["0 the"]].tolist() == [1, 0, 0]
    assert weights[clues.columns["0"]].tolist() == [1, 1, 1]


def test_it_ends_where_the_slope_is_flat_and_twice_alike() -> None:
    ours = objective()
    history: list[dict[str, float]] = []
    options = Train(steps=200, tolerance=1e-12)
    found = minimised(ours, options, history)
    assert np.abs(ours(found)[1]).max() < 1e-3
    losses = [numbers["train_loss"] for numbers in history]
    assert losses == sorted(losses, reverse=True)
    assert np.array_equal(found, minimised(ours, options, []))
