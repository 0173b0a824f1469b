"""A cell, untrained → how much each step of the past adds to its gradient: vanishing and exploding.

The gradient of a loss at step T by the recurrent weights U is a sum over the steps at which U was used (Pascanu et al.
2013, equation 4); what step T - k adds is the outer product of the gradient there, δ, and the state before it, h, whose
norm is ‖δ‖ ‖h‖. Where that shrinks with the distance k, nothing far away is learnt (Bengio et al. 1994); where it
grows, an update is one step far away. Clipping the norm of the sum (Pascanu et al., algorithm 1) bounds the update, and
with it makes what is near as small as it has to be: the far steps' share stays what it was.

Leaves charts: for each gain, without clipping and with it, log10 of that norm over k for every cell.
"""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.models.cells import CELLS, Cell, Known, Name
from pipeline.params import Row

Gain = Annotated[float, Field(gt=0)]
Curve = list[tuple[int, float]]
AXES = ("steps_back", "log10_gradient_norm")


class Config(Row):
    cells: tuple[Name, ...] = Field(("rnn", "lstm", "gru"), min_length=1)
    gains: tuple[Gain, ...] = Field((1.0, 4.0), min_length=1)  # U is this times an orthogonal matrix, a gate each
    steps: int = Field(60, ge=2)  # T
    hidden: int = Field(64, ge=1)
    inputs: int = Field(16, ge=1)  # drawn from N(0, 1 / inputs), a vector a step
    sequences: int = Field(32, ge=1)  # whose norms' geometric mean is drawn
    clip: float = Field(1.0, gt=0)  # norm of the gradient of a sequence by U
    seed: int = Field(1, ge=0)


def draw(config: Config) -> dict[str, dict[str, Curve]]:
    """Chart → line → points (k, log10 of the norm)."""
    torch.set_num_threads(1)
    charts: dict[str, dict[str, Curve]] = {}
    for gain in config.gains:
        for name in config.cells:
            alone, clipped = norms(_cell(name, gain, config), config)
            for chart, found in ((f"gain_{gain:g}", alone), (f"gain_{gain:g}_clipped", clipped)):
                charts.setdefault(chart, {})[name] = list(enumerate(found.tolist()))
    return charts


def norms(cell: Cell, config: Config) -> tuple[Tensor, Tensor]:
    """log10 of the norm of what each step adds, by distance [T - 1]: as it is, and with the sum's norm clipped."""
    states, deltas = _gradients(cell, config)
    each = deltas.norm(dim=2) * states.norm(dim=2)  # [T - 1, B]
    total = torch.einsum("tbg,tbh->bgh", deltas, states).flatten(1).norm(dim=1)  # [B]
    scale = (config.clip / total).clamp(max=1.0)
    tiny = torch.finfo(each.dtype).tiny  # a norm may be all but nothing; its logarithm is a number
    means = [(values.clamp(min=tiny).log().mean(dim=1) / math.log(10)) for values in (each, each * scale)]
    return means[0].flip(0), means[1].flip(0)


def _gradients(cell: Cell, config: Config) -> tuple[Tensor, Tensor]:
    """h_{t-1} [T - 1, B, H] and δ_t [T - 1, B, gates * H], the gradient of a loss at T by U h_{t-1}, t = 2 to T."""
    torch.manual_seed(config.seed)
    kind = torch.float64
    x = torch.randn(config.steps, config.sequences, config.inputs, dtype=kind) * config.inputs**-0.5
    direction = F.normalize(torch.randn(config.sequences, config.hidden, dtype=kind), dim=1)
    known: Known = tuple(x.new_zeros(config.sequences, config.hidden) for _ in range(cell.known))
    states, pasts = [], []
    for now in F.linear(x, cell.weight_ih_l0, cell.bias_ih_l0):
        states.append(known[0])
        pasts.append(F.linear(known[0], cell.weight_hh_l0, cell.bias_hh_l0))
        known = cell.advance(now, pasts[-1], known)
    deltas = torch.autograd.grad((known[0] * direction).sum(), pasts)
    return torch.stack(states[1:]).detach(), torch.stack(deltas[1:])  # the first state is nothing, and adds nothing


def _cell(name: Name, gain: float, config: Config) -> Cell:
    torch.manual_seed(config.seed)
    cell = CELLS[name](config.inputs, config.hidden).double()
    for parameter in (cell.bias_ih_l0, cell.bias_hh_l0):
        nn.init.zeros_(parameter)
    nn.init.normal_(cell.weight_ih_l0)
    for gate in cell.weight_hh_l0.data.chunk(cell.gates):
        nn.init.orthogonal_(gate, gain=gain)
    if name == "lstm":
        nn.init.ones_(cell.bias_ih_l0.data[config.hidden : 2 * config.hidden])  # Jozefowicz et al. 2015
    return cell
