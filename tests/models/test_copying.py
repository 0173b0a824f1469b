"""The mixture of saying and copying, by hand and by brute force."""

import pytest
import torch

from pipeline.models.copying import Copying, Past, Pointed, log_likelihood, mixture


def drawn(coverage: bool, location: bool = False) -> tuple[Copying, torch.Tensor, torch.Tensor]:
    """A mechanism over 2 sentences of 5 steps and 4 source tokens, in which everything has a weight."""
    torch.manual_seed(1)
    made = Copying(6, 3, coverage=coverage, location=location)
    for weight in (made.cover, made.follow):
        if weight is not None:
            torch.nn.init.normal_(weight)
    return made, torch.randn(2, 5, 6), torch.randn(2, 4, 3)


def point(made: Copying, states: torch.Tensor, memory: torch.Tensor) -> Pointed:
    hidden = torch.tensor([[False] * 4, [False, False, True, True]])
    past = Past(torch.zeros(2, 4), torch.zeros(2, 4))
    return made(states, made.key(memory), hidden, past, torch.ones(states.shape[:2]))


@pytest.mark.parametrize("location", [False, True])
@pytest.mark.parametrize("coverage", [False, True])
def test_the_equations_one_after_another(coverage: bool, location: bool) -> None:
    made, states, memory = drawn(coverage, location)
    found = point(made, states, memory)
    again = 0.0
    for b, length in ((0, 4), (1, 2)):
        covered, last = torch.zeros(length), torch.zeros(length)
        for t in range(5):
            query = made.query.weight @ states[b, t] / 6**0.5
            keys = memory[b, :length] @ made.key.weight.T
            scores = keys @ query
            if made.cover is not None:
                scores = scores + covered * (made.cover @ query)
            if made.follow is not None:
                scores = scores + torch.cat([torch.zeros(1), last[:-1]]) * (made.follow @ query)
            a = scores.softmax(dim=0)
            gate = made.gate.weight[0] @ torch.cat([states[b, t], a @ keys]) + made.gate.bias[0]
            torch.testing.assert_close(found.attention[b, t], torch.cat([a, torch.zeros(4 - length)]))
            torch.testing.assert_close(found.gate[b, t], gate)
            again += torch.minimum(a, covered).sum().item()
            covered, last = covered + a, a
        torch.testing.assert_close(found.past.covered[b, :length], covered)
        torch.testing.assert_close(found.past.last[b, :length], last)
    assert found.again.item() == pytest.approx(again if coverage else 0.0, abs=1e-4)


def test_a_word_is_said_or_copied_from_wherever_it_stands() -> None:
    """g = 1/2, P uniform over 4 words; the source is 2 3 2, looked at by 1/2, 1/4, 1/4."""
    pointed = Pointed(
        torch.tensor([[[0.5, 0.25, 0.25]]]), torch.zeros(1, 1), torch.zeros(()), Past(*torch.zeros(2, 1, 3))
    )
    found = mixture(torch.zeros(1, 1, 4), pointed, torch.tensor([[2, 3, 2]]))
    torch.testing.assert_close(found.exp()[0, 0], torch.tensor([0.125, 0.125, 0.5, 0.25]))


def test_the_likelihood_is_that_of_the_mixture_which_is_a_distribution() -> None:
    made, states, memory = drawn(coverage=True, location=True)
    pointed = point(made, states, memory)
    logits, source = torch.randn(2, 5, 9), torch.randint(9, (2, 4))
    words = mixture(logits, pointed, source)
    torch.testing.assert_close(words.exp().sum(dim=2), torch.ones(2, 5))
    labels = torch.randint(9, (2, 5))
    torch.testing.assert_close(
        log_likelihood(logits, pointed, source, labels), words.gather(2, labels[:, :, None])[:, :, 0]
    )


def test_what_is_not_in_the_source_is_said_and_leaves_finite_gradients() -> None:
    made, states, memory = drawn(coverage=True, location=True)
    logits = torch.randn(2, 5, 9, requires_grad=True)
    pointed = point(made, states, memory)
    loss = -log_likelihood(logits, pointed, torch.zeros(2, 4, dtype=torch.long), torch.full((2, 5), 8)).sum()
    (loss + pointed.again).backward()
    gradients = [logits.grad, *(parameter.grad for parameter in made.parameters())]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
