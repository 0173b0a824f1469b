"""CTC search: log-probabilities a frame → token sequences. Small cases are checked against every alignment there is."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.search.ctc import collapse, greedy, prefix_beam
from pipeline.state import State


def random_log_probs(rows: int, frames: int, size: int, seed: int = 0, scale: float = 1.5) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(rows, frames, size)) * scale
    return logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))


def every_sequence(log_probs: np.ndarray) -> dict[tuple[int, ...], float]:
    """The log-probability of each token sequence, added up over all V^T alignments. log_probs: [T, V]."""
    frames, size = log_probs.shape
    total: dict[tuple[int, ...], float] = defaultdict(float)
    for alignment in product(range(size), repeat=frames):
        probability = np.exp(log_probs[range(frames), alignment].sum())
        total[tuple(collapse(np.array(alignment, dtype=int)))] += probability
    return {tokens: float(np.log(probability)) for tokens, probability in total.items()}


@pytest.mark.parametrize(
    ("alignment", "tokens"),
    [
        ([], []),
        ([0, 0, 0], []),
        ([1, 1, 2, 2], [1, 2]),
        ([1, 0, 1], [1, 1]),
        ([0, 3, 3, 0, 0, 3, 2, 0], [3, 3, 2]),
    ],
)
def test_collapse(alignment: list[int], tokens: list[int]) -> None:
    assert collapse(np.array(alignment, dtype=int)) == tokens


def test_greedy_takes_the_best_symbol_of_each_frame_within_the_length() -> None:
    log_probs = np.log(np.array([[[0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]]]))
    (whole,), (cut,) = greedy(log_probs.repeat(2, axis=0), np.array([4, 2]))
    assert whole.tokens == [1, 1, 2]
    assert whole.score == pytest.approx(np.log(0.8 * 0.6 * 0.7 * 0.8))
    assert cut.tokens == [1]


@pytest.mark.parametrize("seed", range(8))
def test_a_wide_prefix_beam_finds_every_sequence_with_its_probability(seed: int) -> None:
    log_probs = random_log_probs(1, frames=5, size=3, seed=seed)
    truth = every_sequence(log_probs[0])
    (found,) = prefix_beam(log_probs, np.array([5]), beam_size=200, n_best=200)
    assert {tuple(h.tokens): pytest.approx(h.score) for h in found} == truth
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


def test_the_best_sequence_may_not_be_the_best_alignment() -> None:
    """Graves' example: two blanks are the best alignment (0.36), yet `1` in three ways is more probable (0.64)."""
    log_probs = np.log(np.array([[[0.6, 0.4], [0.6, 0.4]]]))
    assert greedy(log_probs, np.array([2]))[0][0].tokens == []
    (best,) = prefix_beam(log_probs, np.array([2]), beam_size=4)[0]
    assert best.tokens == [1]
    assert best.score == pytest.approx(np.log(0.64))


def test_a_narrow_beam_agrees_with_brute_force_on_the_best_sequence() -> None:
    log_probs = random_log_probs(30, frames=6, size=4, scale=3)
    found = prefix_beam(log_probs, np.full(30, 6), beam_size=8)
    for (best,), frames in zip(found, log_probs, strict=True):
        truth = every_sequence(frames)
        assert tuple(best.tokens) == max(truth, key=lambda tokens: truth[tokens])
        # A prefix that comes back after it fell from the beam has lost a little of its probability, never gained any.
        assert best.score <= truth[tuple(best.tokens)] + 1e-9


def test_a_batch_gives_what_each_utterance_gives_alone_in_the_same_order() -> None:
    log_probs = random_log_probs(5, frames=9, size=5)
    lengths = np.array([3, 9, 0, 1, 7])
    together = prefix_beam(log_probs, lengths, beam_size=6, candidates=3, n_best=3)
    for i, length in enumerate(lengths):
        alone = prefix_beam(log_probs[i : i + 1, :length], lengths[i : i + 1], beam_size=6, candidates=3, n_best=3)
        assert [h.tokens for h in together[i]] == [h.tokens for h in alone[0]]
        assert [h.score for h in together[i]] == pytest.approx([h.score for h in alone[0]])


def test_no_frames_is_the_empty_sequence() -> None:
    log_probs = np.zeros((1, 0, 4))
    assert greedy(log_probs, np.array([0]))[0][0].tokens == []
    (best,) = prefix_beam(log_probs, np.array([0]), beam_size=4, n_best=4)[0]
    assert (best.tokens, best.score) == ([], 0.0)


def test_certain_frames_leave_the_impossible_out() -> None:
    with np.errstate(divide="ignore"):
        log_probs = np.log(np.array([[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]))
    found = prefix_beam(log_probs, np.array([3]), beam_size=5, n_best=5)[0]
    assert [(h.tokens, h.score) for h in found] == [([1, 1], 0.0)]


def test_candidates_bound_what_may_follow() -> None:
    log_probs = random_log_probs(1, frames=4, size=6)
    found = prefix_beam(log_probs, np.array([4]), beam_size=50, candidates=1, n_best=50)[0]
    best_of_a_frame = set((log_probs[0, :, 1:].argmax(axis=1) + 1).tolist())
    assert {token for h in found for token in h.tokens} <= best_of_a_frame


class Bigram:
    """λ log P(b | a) as a prior; it writes every prefix into its state, row by row, to see what becomes of it."""

    def __init__(self, log_probs: np.ndarray):
        self.table = torch.from_numpy(0.5 * log_probs)
        self.asked: list[tuple[int, ...]] = []

    def start(self, rows: int) -> State:
        return State({"past": torch.zeros(rows, 0, dtype=torch.long), "length": torch.zeros(rows).long()}, {})

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        past, length = state.prefix["past"], state.prefix["length"]
        room = int(length.max()) + 1 - past.shape[1]
        past = torch.cat([past, past.new_zeros(len(past), max(0, room))], dim=1)
        past[torch.arange(len(past)), length] = tokens
        self.asked += [tuple(row[: n + 1].tolist()) for row, n in zip(past, length, strict=True)]
        return self.table[tokens], State({"past": past, "length": length + 1}, {})


@pytest.mark.parametrize("penalty", [0.0, 0.7])
def test_a_prior_is_added_to_every_sequence_and_its_end(penalty: float) -> None:
    size, begin, end = 4, 0, 3
    bigram = random_log_probs(1, frames=size, size=size, seed=9)[0]
    prior = Bigram(bigram)
    log_probs = random_log_probs(1, frames=4, size=size)
    (found,) = prefix_beam(
        log_probs,
        np.array([4]),
        beam_size=500,
        n_best=500,
        length_penalty=penalty,
        prior=prior,
        begin=begin,
        end=end,
    )
    truth = {
        tokens: score / (len(tokens) + 1) ** penalty
        + sum(0.5 * bigram[a, b] for a, b in zip((begin, *tokens), (*tokens, end), strict=True))
        for tokens, score in every_sequence(log_probs[0]).items()
    }
    assert {tuple(h.tokens): pytest.approx(h.score) for h in found} == truth
    assert len(prior.asked) == len(set(prior.asked)), "a prefix is asked about once while it stays in the beam"
    assert set(prior.asked) == {(begin, *tokens) for tokens in truth}, "each state holds its own prefix"


def test_a_prior_keeps_its_states_with_their_utterances() -> None:
    size, lengths = 5, np.array([3, 8, 0, 6])
    prior = Bigram(random_log_probs(1, frames=size, size=size, seed=9)[0])
    log_probs = random_log_probs(4, frames=8, size=size, scale=0.5)
    options = {"beam_size": 4, "n_best": 4, "prior": prior, "end": 4}
    together = prefix_beam(log_probs, lengths, **options)  # type: ignore[arg-type]
    for i, length in enumerate(lengths):
        (alone,) = prefix_beam(log_probs[i : i + 1, :length], lengths[i : i + 1], **options)  # type: ignore[arg-type]
        assert [h.tokens for h in together[i]] == [h.tokens for h in alone]
        assert [h.score for h in together[i]] == pytest.approx([h.score for h in alone])


def test_a_prior_can_change_the_best_sequence() -> None:
    """`1` and `2` sound alike; the prior has heard of 2 alone."""
    log_probs = np.log(np.array([[[0.1, 0.5, 0.4, 1e-9]]]))
    table = np.log(np.array([[0.01, 0.01, 0.97, 0.01]] * 4))
    [[heard]] = prefix_beam(log_probs, np.array([1]), beam_size=4)
    [[fused]] = prefix_beam(log_probs, np.array([1]), beam_size=4, prior=Bigram(table), end=3)
    assert (heard.tokens, fused.tokens) == ([1], [2])
