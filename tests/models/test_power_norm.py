"""PowerNorm against its algorithm, step by step, by hand."""

import numpy as np
import torch

from pipeline.models.power_norm import EPSILON, MEMORY, PowerNorm


def test_a_step_is_normalised_by_what_earlier_steps_have_seen() -> None:
    norm = PowerNorm(1).train()
    first, second = torch.tensor([[[3.0], [4.0]]]), torch.tensor([[[1.0], [1.0]]])
    power = 12.5  # the mean of 9 and 16: the first step has nothing else
    np.testing.assert_allclose(norm(first).detach().flatten(), np.array([3, 4]) / np.sqrt(power + EPSILON), rtol=1e-6)
    np.testing.assert_allclose(norm(second).detach().flatten(), np.ones(2) / np.sqrt(power + EPSILON), rtol=1e-6)
    power = (12.5 + 1) / 2  # two steps: their mean
    norm.eval()
    np.testing.assert_allclose(norm(second).detach().flatten(), np.ones(2) / np.sqrt(power + EPSILON), rtol=1e-6)


def test_the_mean_runs_once_it_has_begun() -> None:
    norm = PowerNorm(1).train()
    norm.steps.fill_(100)
    norm.power.fill_(4.0)
    norm(torch.full((1, 2, 1), 3.0))
    assert norm.power.item() == np.float32(MEMORY * 4 + (1 - MEMORY) * 9)


def test_the_gradient_is_the_algorithms() -> None:
    norm = PowerNorm(2).train()
    norm.steps.fill_(100)
    norm.power.copy_(torch.tensor([4.0, 1.0]))
    norm.slope.copy_(torch.tensor([0.5, 0.0]))
    norm.weight.data.copy_(torch.tensor([2.0, 1.0]))
    x = torch.tensor([[2.0, 1.0], [4.0, -1.0]], requires_grad=True)
    given = torch.tensor([[1.0, 0.0], [3.0, 2.0]])
    norm(x).backward(given)
    # By hand, with epsilon left out: normed = x / (2, 1); the slope by it = weight * given.
    normed, slope = np.array([[1, 1], [2, -1]]), np.array([[2, 0], [6, 2]])
    expected = (slope - np.array([0.5, 0]) * normed) / np.array([2, 1])
    np.testing.assert_allclose(x.grad, expected, rtol=1e-4)
    gamma, push = np.array([2.5, 1]), np.array([7, -1])  # means of normed², and of slope times normed
    moved = np.array([0.5, 0]) * (1 - (1 - MEMORY) * gamma) + (1 - MEMORY) * push
    np.testing.assert_allclose(norm.slope, moved, rtol=1e-4)


def test_without_a_running_share_it_is_division_alone() -> None:
    norm = PowerNorm(3)
    norm.power.copy_(torch.tensor([1.0, 4.0, 9.0]))
    x = torch.randn(2, 5, 3)
    torch.testing.assert_close(norm.eval()(x), x / torch.tensor([1.0, 2.0, 3.0]), rtol=1e-4, atol=1e-5)
