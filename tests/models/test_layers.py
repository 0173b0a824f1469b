"""Layers against their formulas and against torch's."""

import pytest
import torch
from torch.nn import functional as F

from pipeline.models import layers


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_equals_torchs_in_value_and_gradient(smoothing: float) -> None:
    torch.manual_seed(0)
    targets = torch.randint(0, 300, (1100,))
    hidden, weight = torch.randn(1100, 32), torch.randn(300, 32)
    ours = [x.clone().requires_grad_() for x in (hidden, weight)]
    theirs = [x.clone().requires_grad_() for x in (hidden, weight)]
    loss = layers.smoothed_cross_entropy(*ours, targets, smoothing)
    expected = F.cross_entropy(theirs[0] @ theirs[1].T, targets, label_smoothing=smoothing, reduction="sum")
    (loss / 1100).backward()
    (expected / 1100).backward()
    torch.testing.assert_close(loss, expected)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad, atol=1e-5, rtol=1e-5)


def test_cross_entropy_of_a_certain_wrong_answer_is_finite() -> None:
    hidden = torch.tensor([[200.0]], requires_grad=True)
    loss = layers.smoothed_cross_entropy(hidden, torch.tensor([[1.0], [-1.0]]), torch.tensor([1]), 0.0)
    loss.backward()
    assert loss.item() == pytest.approx(400.0)
    assert hidden.grad is not None and hidden.grad.item() == pytest.approx(2.0)


def test_dropout_keeps_the_mean_and_the_rate() -> None:
    torch.manual_seed(0)
    dropout = layers.Dropout(0.3).train()
    x = dropout(torch.ones(100_001))
    assert (x == 0).double().mean().item() == pytest.approx(77 / 256, abs=0.005)
    assert x.mean().item() == pytest.approx(1.0, abs=0.01)
    assert torch.equal(dropout.eval()(torch.ones(3)), torch.ones(3))


def test_attention_by_hand() -> None:
    torch.manual_seed(0)
    attention = layers.Attention(4, 1, 0.0)
    x = torch.randn(1, 3, 4)
    keys, values = attention.keys_values(x)
    out, weights = attention(x, keys, values)
    query = attention.query(x)[0]
    key, value = attention.key_value(x)[0].split(4, dim=1)
    expected = torch.softmax(query @ key.T / 2.0, dim=1)
    torch.testing.assert_close(weights[0, 0], expected)
    torch.testing.assert_close(out[0], attention.out(expected @ value))


def test_positions_are_those_of_the_paper() -> None:
    table = layers.sinusoids(3, 4)
    torch.testing.assert_close(table[0], torch.tensor([0.0, 0.0, 1.0, 1.0]))
    torch.testing.assert_close(table[2, 1], torch.tensor(2 / 100.0).sin())
