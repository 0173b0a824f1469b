"""What recurrent architectures share: LSTMs over padded rows, in both directions."""

import torch
from torch import Tensor, nn


class Bidirectional(nn.Module):
    """An LSTM over an utterance, and another over the same utterance backwards (Schuster and Paliwal 1997).

    Both begin at an end of the utterance itself: padding comes after it in either direction. So they need no packed
    sequences, which a CPU computes three times as slowly. What both say is brought to mean 0 and deviation 1 a step.
    """

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.forwards = nn.LSTM(inputs, hidden)
        self.backwards = nn.LSTM(inputs, hidden)
        self.norm = nn.LayerNorm(2 * hidden)
        for name, parameter in self.named_parameters():
            if "weight_hh" in name:
                for gate in parameter.data.chunk(4):  # input, forget, cell, output
                    nn.init.orthogonal_(gate)
            elif ".bias" in name:
                nn.init.zeros_(parameter)
            if "bias_ih" in name:
                nn.init.ones_(parameter.data[hidden : 2 * hidden])  # remember at first: Jozefowicz et al. 2015

    def forward(self, x: Tensor, mirror: Tensor) -> Tensor:
        """x [S, B, C], mirror [S * B] from `mirror_of` → [S, B, 2 * hidden]."""
        after, _ = self.forwards(x)
        before, _ = self.backwards(_rearranged(x, mirror))
        return self.norm(torch.cat([after, _rearranged(before, mirror)], dim=2))


def mirror_of(lengths: Tensor, steps: int) -> Tensor:
    """Which row of [S * B] comes to each place when every utterance is turned round within its own length: [S * B]."""
    step = torch.arange(steps, device=lengths.device)[:, None]  # [S, 1]
    turned = torch.where(step < lengths, lengths - 1 - step, step)  # [S, B]
    return (turned * len(lengths) + torch.arange(len(lengths), device=lengths.device)).flatten()


def _rearranged(x: Tensor, order: Tensor) -> Tensor:
    """[S, B, C] with its S * B rows in another order."""
    return x.flatten(0, 1).index_select(0, order).view_as(x)
