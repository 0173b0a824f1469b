import pytest
import torch
from torch import nn

from pipeline.models.cells import CELLS


def wave(shape, start=0):
    return (torch.arange(start, start + torch.Size(shape).numel(), dtype=torch.float32) * 0.7).sin().view(shape)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_equals_torchs_in_value_and_gradient(name):
    torch.manual_seed(1)
    cell = CELLS[name](5, 7)
    twin = cell.fast(5, 7)
    twin.load_state_dict(cell.state_dict())
    found = []
    for layer in (cell, twin):
        x = wave((9, 3, 5)).requires_grad_()
        first = [wave((3, 7), start=i).requires_grad_() for i in range(cell.known)]
        beside = first if layer is cell else [h[None] for h in first]  # torch's have an axis for layers
        states, last = layer(x, tuple(beside) if layer is cell or cell.known > 1 else beside[0])
        last = last if isinstance(last, tuple) else (last,)
        loss = (states * wave(states.shape)).sum() + sum((h * wave(h.shape, start=i)).sum() for i, h in enumerate(last))
        gradients = torch.autograd.grad(loss, [x, *first, *layer.parameters()])
        found.append((states, *(h.view(3, 7) for h in last), *gradients))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", CELLS)
def test_nothing_known_is_zeros(name):
    cell = CELLS[name](2, 3)
    x = wave((4, 2, 2))
    zeros = tuple(torch.zeros(2, 3) for _ in range(cell.known))
    torch.testing.assert_close(cell(x)[0], cell(x, zeros)[0])


def test_an_rnn_by_hand():
    cell = CELLS["rnn"](1, 1)
    for name, value in (("weight_ih_l0", 2.0), ("weight_hh_l0", 0.5), ("bias_ih_l0", 0.1), ("bias_hh_l0", 0.2)):
        nn.init.constant_(getattr(cell, name), value)
    states, (last,) = cell(torch.tensor([[[1.0]], [[-1.0]]]))
    first = torch.tensor(2.3).tanh()
    second = (-2 + 0.5 * first + 0.3).tanh()
    torch.testing.assert_close(states.flatten(), torch.stack([first, second]))
    assert last.item() == states[-1].item()


def test_an_lstm_whose_gates_are_shut_keeps_what_it_knows():
    cell = CELLS["lstm"](1, 1)
    for parameter in cell.parameters():
        nn.init.zeros_(parameter)
    cell.bias_ih_l0.data = torch.tensor([-50.0, 50.0, 0.0, 50.0])  # nothing enters, all stays, all is shown
    _, (h, c) = cell(wave((20, 1, 1)), (torch.zeros(1, 1), torch.full((1, 1), 0.8)))
    assert c.item() == pytest.approx(0.8)
    assert h.item() == pytest.approx(torch.tensor(0.8).tanh().item())


def test_a_gru_whose_update_gate_is_open_keeps_what_it_knows():
    cell = CELLS["gru"](1, 1)
    for parameter in cell.parameters():
        nn.init.zeros_(parameter)
    cell.bias_ih_l0.data = torch.tensor([0.0, 50.0, 9.0])
    _, (h,) = cell(wave((20, 1, 1)), (torch.full((1, 1), 0.3),))
    assert h.item() == pytest.approx(0.3)
