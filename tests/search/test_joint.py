"""CTC beside the decoder, against every alignment there is."""

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.problems import Problem
from pipeline.search.beam import beam
from pipeline.search.ctc import collapse
from pipeline.search.joint import joint
from pipeline.state import State

BEGIN, END, V = 2, 3, 6  # tokens are 4 and 5; 0 is the blank
TOKENS = (4, 5)


def heard(steps: int, rows: int = 1, seed: int = 0) -> Tensor:
    """Log-probabilities [B, S, V] of the blank and the tokens."""
    logits = torch.randn(rows, steps, V, generator=torch.Generator().manual_seed(seed))
    logits[:, :, 1:4] = -torch.inf
    return logits.log_softmax(dim=2)


def decoder(tokens: Tensor, state: State) -> tuple[Tensor, State, None]:
    """Anything may follow anything."""
    return torch.zeros(len(tokens), V), state, None


def begun(log_probs: Tensor, width: int = 1) -> State:
    return State({"past": torch.zeros(len(log_probs) * width, 1)}, {"heard": log_probs})


def summed(log_probs: Tensor, prefix: tuple[int, ...], whole: bool) -> float:
    """The probability of all alignments [S] that stand for the prefix, or begin with it."""
    p = log_probs.exp().double().numpy()
    total = 0.0
    for alignment in product((0, *TOKENS), repeat=len(p)):
        said = tuple(collapse(np.array(alignment)))
        if said == prefix if whole else said[: len(prefix)] == prefix:
            total += float(np.prod([p[t, symbol] for t, symbol in enumerate(alignment)]))
    return total


@pytest.mark.parametrize("prefix", [(), (4,), (4, 4), (5, 4), (4, 4, 5)])
def test_every_next_token_has_the_probability_of_its_alignments(prefix: tuple[int, ...]) -> None:
    log_probs = heard(5)
    step, state = joint(decoder, begun(log_probs), torch.tensor([5]), 1.0, begin=BEGIN, end=END)
    for token in (BEGIN, *prefix):
        scores, state, _ = step(torch.tensor([token]), state)
    before = summed(log_probs[0], prefix, whole=False)
    for token in TOKENS:
        expected = summed(log_probs[0], (*prefix, token), whole=False) / before
        assert scores[0, token].exp().item() == pytest.approx(expected, rel=1e-4, abs=1e-9)
    assert scores[0, END].exp().item() == pytest.approx(summed(log_probs[0], prefix, whole=True) / before, rel=1e-4)
    assert scores[0, [*TOKENS, END]].exp().sum().item() == pytest.approx(1, rel=1e-4)


def test_padding_after_an_utterance_changes_nothing() -> None:
    log_probs = heard(9, rows=2, seed=3)
    alone = joint(decoder, begun(log_probs[:1, :5]), torch.tensor([5]), 0.5, begin=BEGIN, end=END)
    beside = joint(decoder, begun(log_probs), torch.tensor([5, 9]), 0.5, begin=BEGIN, end=END)
    scores = []
    for (step, state), rows in ((alone, 1), (beside, 2)):
        for token in (BEGIN, 4, 5):
            found, state, _ = step(torch.full((rows,), token), state)
        scores.append(found[0, [*TOKENS, END]])
    torch.testing.assert_close(scores[0], scores[1], atol=1e-4, rtol=1e-4)


def test_a_beam_of_both_finds_the_most_probable_text() -> None:
    log_probs = heard(5, rows=2, seed=8) * 2
    log_probs = log_probs.log_softmax(dim=2)
    width = 16
    step, state = joint(decoder, begun(log_probs, width), torch.tensor([5, 5]), 1.0, begin=BEGIN, end=END)
    limits = torch.tensor([7, 7])
    found = beam(step, state, begin=BEGIN, end=END, max_lengths=limits, beam_size=width, length_penalty=0)
    texts = [text for n in range(6) for text in product(TOKENS, repeat=n)]
    for row in range(2):
        best = max(texts, key=lambda text: summed(log_probs[row], text, whole=True))
        assert tuple(found[row][0].tokens) == best


def test_more_tokens_than_steps_are_improbable_not_undefined() -> None:
    step, state = joint(decoder, begun(heard(2)), torch.tensor([2]), 0.5, begin=BEGIN, end=END)
    for token in (BEGIN, 4, 5, 4, 5, 5):
        scores, state, _ = step(torch.tensor([token]), state)
        assert torch.isfinite(scores).all()


def test_a_model_without_ctc_is_told() -> None:
    with pytest.raises(Problem, match=r"decode\.ctc: the model has learnt no CTC"):
        joint(decoder, State({"past": torch.zeros(1, 1)}, {}), torch.tensor([2]), 0.5, begin=BEGIN, end=END)
