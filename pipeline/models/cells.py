"""Recurrent cells from their equations: what a step reads and what is known of the past in, what is known now out.

With W, b the weights of what is read (x_t), U, c those of the past (h_{t-1}), σ the logistic function, ⊙ by element:

    RNN   h_t = tanh(W x_t + b + U h_{t-1} + c)                        Elman 1990
    LSTM  i, f, o = σ(W x_t + b + U h_{t-1} + c), each with its own    Hochreiter and Schmidhuber 1997
          g = tanh(W_g x_t + b_g + U_g h_{t-1} + c_g)
          c_t = f ⊙ c_{t-1} + i ⊙ g;  h_t = o ⊙ tanh(c_t)                f: Gers et al. 2000
    GRU   r, z = σ(W x_t + b + U h_{t-1} + c), each with its own       Cho et al. 2014, section 2.3
          n = tanh(W_n x_t + b_n + r ⊙ (U_n h_{t-1} + c_n))            where the reset stands as in torch
          h_t = (1 - z) ⊙ n + z ⊙ h_{t-1}

Weights have the names, the shapes and the order of `torch.nn.RNN`, `LSTM` and `GRU` of one layer, whose `state_dict`
fits. What is trained at length uses those, which take all steps in one call; these are to be read, to be stepped
through one token at a time, and to be taken apart.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Known = tuple[Tensor, ...]  # h [N, H], and the LSTM's c [N, H]
Name = Literal["rnn", "lstm", "gru"]


class Cell(nn.Module):
    """One layer over time. An heir says how many gates it has, and what they do."""

    gates: ClassVar[int]
    known: ClassVar[int] = 1  # tensors that it remembers
    fast: ClassVar[type[nn.RNNBase]]  # the same, all steps in one call

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.weight_ih_l0 = nn.Parameter(torch.empty(self.gates * hidden, inputs))
        self.weight_hh_l0 = nn.Parameter(torch.empty(self.gates * hidden, hidden))
        self.bias_ih_l0 = nn.Parameter(torch.empty(self.gates * hidden))
        self.bias_hh_l0 = nn.Parameter(torch.empty(self.gates * hidden))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)

    def forward(self, x: Tensor, known: Known | None = None) -> tuple[Tensor, Known]:
        """x [T, B, I] and what is known before it (nothing: zeros) → h of every step [T, B, H], what is known after."""
        if known is None:
            known = tuple(x.new_zeros(x.shape[1], self.hidden) for _ in range(self.known))
        read = F.linear(x, self.weight_ih_l0, self.bias_ih_l0)  # of all steps at once: it needs no past
        states = []
        for now in read:
            past = F.linear(known[0], self.weight_hh_l0, self.bias_hh_l0)
            known = self.advance(now, past, known)
            states.append(known[0])
        return torch.stack(states), known

    @staticmethod
    def advance(now: Tensor, past: Tensor, known: Known) -> Known:
        """W x_t + b and U h_{t-1} + c, [N, gates * H] each, and what was known → what is known now."""
        raise NotImplementedError


class RNN(Cell):
    gates = 1
    fast = nn.RNN

    @staticmethod
    def advance(now: Tensor, past: Tensor, known: Known) -> Known:
        return ((now + past).tanh(),)


class LSTM(Cell):
    gates = 4
    known = 2
    fast = nn.LSTM

    @staticmethod
    def advance(now: Tensor, past: Tensor, known: Known) -> Known:
        i, f, g, o = (now + past).chunk(4, dim=1)
        c = f.sigmoid() * known[1] + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class GRU(Cell):
    gates = 3
    fast = nn.GRU

    @staticmethod
    def advance(now: Tensor, past: Tensor, known: Known) -> Known:
        (r, z, n), (past_r, past_z, past_n) = now.chunk(3, dim=1), past.chunk(3, dim=1)
        r, z = (r + past_r).sigmoid(), (z + past_z).sigmoid()
        n = (n + r * past_n).tanh()
        return (n + z * (known[0] - n),)


CELLS: dict[Name, type[Cell]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
