"""The recurrence over all steps at once is the recurrence step by step: its values, and every gradient."""

import pytest
import torch
from torch import Tensor

from pipeline.models.location import LocationAttention, Unrolled, diagonals, windows

STEPS, BATCH, POSITIONS, HIDDEN, MEMORY, SCORES, KERNEL = 5, 3, 7, 4, 6, 5, 3


@pytest.fixture
def attention() -> LocationAttention:
    torch.manual_seed(0)
    return LocationAttention(HIDDEN, MEMORY, SCORES, KERNEL).double()


def given() -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, a memory, and what hides the end of the second row."""
    torch.manual_seed(1)
    inputs = torch.randn(STEPS, BATCH, 4 * HIDDEN, dtype=torch.float64, requires_grad=True)
    memory = torch.randn(BATCH, POSITIONS, MEMORY, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(BATCH, POSITIONS, dtype=torch.float64)
    bias[1, 4:] = -torch.inf
    return inputs, memory, bias


def stepwise(attention: LocationAttention, inputs: Tensor, memory: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
    past, keys = attention.begin(memory), attention.key(memory)
    steps = []
    for x in inputs:
        past = attention.step(x, past, keys, memory, bias)
        steps.append((past.state, past.context, past.attention))
    return tuple(torch.stack(list(each)) for each in zip(*steps, strict=True))


def unrolled(attention: LocationAttention, inputs: Tensor, memory: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
    weights = attention.recurrent, attention.query, attention.filters, attention.score
    first = attention.begin(memory).attention
    found: tuple[Tensor, ...] = Unrolled.apply(inputs, attention.key(memory), memory, bias, first, *weights)  # type: ignore[no-untyped-call]
    return found


def test_all_steps_are_the_steps(attention: LocationAttention) -> None:
    inputs, memory, bias = given()
    torch.manual_seed(2)
    slopes = [torch.randn(STEPS, BATCH, size, dtype=torch.float64) for size in (HIDDEN, MEMORY, POSITIONS)]
    gradients = []
    values = []
    for way in (stepwise, unrolled):
        found = way(attention, inputs, memory, bias)
        total = sum(((one * slope).sum() for one, slope in zip(found, slopes, strict=True)), torch.zeros(()))
        gradients.append(torch.autograd.grad(total, [inputs, memory, *attention.parameters()]))
        values.append(found)
    for left, right in (*zip(*values, strict=True), *zip(*gradients, strict=True)):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-11)


def test_what_is_hidden_is_not_seen(attention: LocationAttention) -> None:
    inputs, memory, bias = given()
    _, contexts, weights = unrolled(attention, inputs, memory, bias)
    assert not weights[:, 1, 4:].any()
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(STEPS, BATCH, dtype=torch.float64))
    torch.testing.assert_close(contexts, torch.einsum("tbs,bsm->tbm", weights, memory))


def test_a_module_takes_its_steps_in_float32(attention: LocationAttention) -> None:
    inputs, memory, bias = given()
    expected = stepwise(attention, inputs, memory, bias)
    found = attention.float()(inputs.float(), memory.float(), bias.float())
    for left, right in zip(found, expected, strict=True):
        torch.testing.assert_close(left, right.float(), rtol=1e-4, atol=1e-5)


def test_windows_see_both_places_and_nothing_beyond_the_ends() -> None:
    seen = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    expected = [[[0, 1, 2, 0, 4, 5], [1, 2, 3, 4, 5, 6], [2, 3, 0, 5, 6, 0]]]
    assert windows(seen, 3).tolist() == expected


def test_diagonals_take_the_gradient_of_windows() -> None:
    torch.manual_seed(0)
    seen = torch.randn(2, 2, 5, requires_grad=True)
    slopes = torch.randn(2, 5, 14)
    (expected,) = torch.autograd.grad((windows(seen, 7) * slopes).sum(), seen)
    room, places = diagonals(slopes, 2, 5, 7)
    places.copy_(slopes.view(places.shape))
    torch.testing.assert_close(room.sum(dim=2)[:, :, 3:8], expected)
