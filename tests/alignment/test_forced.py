"""Texts placed in sound, against every alignment there is."""

import itertools

import numpy as np
import pytest

from pipeline.alignment.forced import Place, place
from pipeline.search.ctc import collapse


def ratios(steps: int, letters: int, seed: int) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(0, 2, (steps, letters)).astype(np.float32)
    found: np.ndarray = logits - logits.max(axis=1, keepdims=True)
    return found


def said(*letters: int, of: int = 5, cost: float = 9.0) -> np.ndarray:
    """Log-ratios of a recogniser that hears these letters, one a step, and is sure of it."""
    found = np.full((len(letters), of), -cost, np.float32)
    found[np.arange(len(letters)), letters] = 0
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("text", [[1], [1, 2], [2, 2], [1, 2, 1]])
def test_the_best_of_all_alignments_within_all_stretches(text: list[int], seed: int) -> None:
    sound = ratios(6, 3, seed)
    best = -np.inf
    for first, last in itertools.combinations(range(7), 2):
        for path in itertools.product(range(3), repeat=last - first):
            if collapse(np.array(path)) == text:
                best = max(best, float(sound[np.arange(first, last), list(path)].sum()))
    found = place(sound, np.array(text), 0, 6, apart=99)
    assert found is not None and found.total == pytest.approx(best, abs=1e-4)
    assert found.score == pytest.approx(best / len(text), abs=1e-4)


def test_a_text_in_the_middle() -> None:
    sound = said(0, 3, 0, 1, 0, 2, 2, 0, 4, 0)
    assert place(sound, np.array([1, 2]), 0, 10, apart=5) == Place(3, 7, 0.0, 2)
    assert place(sound, np.array([1, 2]), 2, 9, apart=5) == Place(3, 7, 0.0, 2)
    found = place(sound, np.array([1, 2]), 5, 10, apart=5)
    assert found is not None and found.score == -4.5  # the first letter is not heard there


def test_a_text_that_does_not_fit_or_is_empty() -> None:
    sound = said(1, 2, 0)
    assert place(sound, np.array([1, 1]), 0, 2, apart=5) is None  # a blank must stand between
    assert place(sound, np.array([], int), 0, 3, apart=5) is None
    assert place(sound, np.array([1]), 2, 2, apart=5) is None


def test_letters_that_are_not_heard_set_no_ends() -> None:
    sound = said(0, 0, 0, 1, 2, 1, 0, 0, 0)
    found = place(sound, np.array([3, 1, 2, 1, 4]), 0, 9, apart=5)
    assert found is not None and (found.start, found.end) == (3, 6)
    assert found.total == pytest.approx(-18.0)


def test_a_letter_that_stands_apart_sets_no_end() -> None:
    sound = said(3, 0, 0, 0, 0, 0, 1, 2, 1, 2, 0, 0, 0, 0, 0, 4)
    found = place(sound, np.array([3, 1, 2, 1, 2, 4]), 0, 16, apart=3)
    assert found is not None and (found.start, found.end) == (6, 10)
    found = place(sound, np.array([3, 1, 2, 1, 2, 4]), 0, 16, apart=9)
    assert found is not None and (found.start, found.end) == (0, 16)
