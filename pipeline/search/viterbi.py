"""Emission and transition log-probabilities → the one best sequence of states, exactly (Viterbi 1967), and how likely
each state is at each place (Rabiner 1989, section III).

Every position has candidate states of its own, so that a tagger searches only the tags that a word may have. The state
after the last one, S, stands before the first position and behind the last.
"""

from collections.abc import Sequence

import numpy as np

Candidates = tuple[np.ndarray, np.ndarray]  # states int [K], log P(observation | state) float [K]


def viterbi(steps: Sequence[Candidates], transitions: np.ndarray) -> tuple[list[int], float]:
    """The states of the best path through `steps`, and its log-probability.

    `transitions` are log P(c | b) [S + 1, S + 1], b before c, or log P(c | a, b) [S + 1, S + 1, S + 1]. Of equal paths
    the one whose candidates stand first wins. T·K² or T·K³ additions, in log space: no sentence is too long.
    """
    return (_first_order if transitions.ndim == 2 else _second_order)(steps, transitions)


def _first_order(steps: Sequence[Candidates], transitions: np.ndarray) -> tuple[list[int], float]:
    boundary = len(transitions) - 1
    previous = np.array([boundary])
    best = np.zeros(1)  # [K]: of the paths that end in each candidate
    pointers: list[np.ndarray] = []  # from each candidate to the one before it
    for states, scores in steps:
        paths = best[:, None] + transitions[np.ix_(previous, states)]  # [K before, K]
        pointers.append(paths.argmax(axis=0))
        best = paths.max(axis=0) + scores
        previous = states
    final = best + transitions[previous, boundary]
    place = int(final.argmax())
    score = float(final[place])
    found = []
    for (states, _), pointer in zip(reversed(steps), reversed(pointers), strict=True):
        found.append(int(states[place]))
        place = pointer[place]
    return found[::-1], score


def _second_order(steps: Sequence[Candidates], transitions: np.ndarray) -> tuple[list[int], float]:
    boundary = len(transitions) - 1
    before = previous = np.array([boundary])
    best = np.zeros((1, 1))  # [K before, K]: of the paths that end in each pair
    pointers: list[np.ndarray] = []  # from each pair to the candidate before it
    for states, scores in steps:
        paths = best[:, :, None] + transitions[np.ix_(before, previous, states)]  # [K two before, K before, K]
        pointers.append(paths.argmax(axis=0))
        best = paths.max(axis=0) + scores
        before, previous = previous, states
    final = best + transitions[before[:, None], previous, boundary]
    left, right = np.unravel_index(final.argmax(), final.shape)
    score = float(final[left, right])
    found = []
    for (states, _), pointer in zip(reversed(steps), reversed(pointers), strict=True):
        found.append(int(states[right]))
        left, right = pointer[left, right], left
    return found[::-1], score


def posteriors(steps: Sequence[Candidates], transitions: np.ndarray) -> list[np.ndarray]:
    """P(state | all observations) of every position's candidates, [K] each, by the forward and the backward algorithm.

    The transitions are those that `viterbi` takes. Probabilities are scaled to 1 at every position: none underflows.
    """
    boundary = len(transitions) - 1
    before = previous = np.array([boundary])
    forward = np.ones((1, 1))  # P(two candidates | observations up to the second) [K before, K]
    reached: list[np.ndarray] = []
    arcs: list[np.ndarray] = []  # P(observation, its candidate | two before) [K two before or 1, K before, K]
    for states, scores in steps:
        arcs.append(_probabilities(transitions, before, previous, states) * np.exp(scores - scores.max()))
        forward = _scaled((forward[:, :, None] * arcs[-1]).sum(axis=0))
        reached.append(forward)
        before, previous = previous, states
    backward = _probabilities(transitions, before, previous, np.array([boundary]))[:, :, 0]
    found = []
    for forward, arc in zip(reversed(reached), reversed(arcs), strict=True):
        found.append(_scaled((forward * backward).sum(axis=0)))
        backward = _scaled((arc * backward).sum(axis=2))
    return found[::-1]


def _probabilities(transitions: np.ndarray, before: np.ndarray, previous: np.ndarray, states: np.ndarray) -> np.ndarray:
    """P(c | a, b) [K two before, K before, K], or P(c | b) [1, K before, K]."""
    if transitions.ndim == 2:
        return np.exp(transitions[np.ix_(previous, states)])[None]
    return np.exp(transitions[np.ix_(before, previous, states)])


def _scaled(values: np.ndarray) -> np.ndarray:
    scaled: np.ndarray = values / values.sum()
    return scaled
