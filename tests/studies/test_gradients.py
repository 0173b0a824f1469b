import pytest
import torch
from torch.nn import functional as F

from pipeline.models.cells import CELLS
from pipeline.studies import gradients
from pipeline.studies.gradients import Config, draw, norms

SMALL = Config(steps=6, hidden=4, inputs=3, sequences=2, clip=0.01)


@pytest.mark.parametrize("name", CELLS)
def test_the_steps_add_up_to_the_gradient_of_the_weights(name):
    cell = gradients._cell(name, 1.5, SMALL)
    states, deltas = gradients._gradients(cell, SMALL)
    torch.manual_seed(SMALL.seed)
    x = torch.randn(6, 2, 3, dtype=torch.float64) * 3**-0.5
    direction = F.normalize(torch.randn(2, 4, dtype=torch.float64), dim=1)
    _, known = cell(x)
    (expected,) = torch.autograd.grad((known[0] * direction).sum(), cell.weight_hh_l0)
    torch.testing.assert_close(torch.einsum("tbg,tbh->gh", deltas, states), expected)


def test_by_hand_a_step_further_counts_for_the_weight_times_the_slope():
    config = Config(steps=3, hidden=1, inputs=1, sequences=1, clip=100.0)
    cell = CELLS["rnn"](1, 1).double()
    for parameter, value in zip(cell.parameters(), (1.0, 0.5, 0.0, 0.0), strict=True):
        torch.nn.init.constant_(parameter, value)
    torch.manual_seed(config.seed)
    x = torch.randn(3, dtype=torch.float64)
    h1 = x[0].tanh()
    h2 = (x[1] + 0.5 * h1).tanh()
    h3 = (x[2] + 0.5 * h2).tanh()
    near = (1 - h3**2) * h2  # the direction is 1 or -1
    far = (1 - h3**2) * 0.5 * (1 - h2**2) * h1
    alone, clipped = norms(cell, config)
    torch.testing.assert_close(10**alone, torch.stack([near, far]).abs())
    torch.testing.assert_close(clipped, alone)


def test_clipping_bounds_the_sum_and_leaves_the_shares():
    config = SMALL.model_copy(update={"sequences": 1})
    cell = gradients._cell("rnn", 4.0, config)
    states, deltas = gradients._gradients(cell, config)
    total = torch.einsum("tbg,tbh->gh", deltas, states).norm()
    assert total > config.clip
    alone, clipped = norms(cell, config)
    torch.testing.assert_close(clipped, alone + (config.clip / total).log10())


def test_small_weights_vanish_large_ones_explode_and_an_lstm_carries_furthest():
    charts = draw(Config(steps=40, hidden=32, sequences=8))
    vanishing, exploding = charts["gain_1"], charts["gain_4"]
    far = {name: points[-1][1] - points[0][1] for name, points in vanishing.items()}
    assert far["rnn"] < far["lstm"] < 0
    assert exploding["rnn"][-1][1] - exploding["rnn"][0][1] > 3
    assert max(y for _, y in charts["gain_4_clipped"]["rnn"]) <= 0
    assert list(charts) == ["gain_1", "gain_1_clipped", "gain_4", "gain_4_clipped"]


def test_what_vanishes_altogether_has_a_logarithm():
    points = draw(Config(steps=600, hidden=2, sequences=1, gains=(0.01,)))["gain_0.01"]["rnn"]
    assert points[-1][1] == pytest.approx(-307.65, abs=0.01)
