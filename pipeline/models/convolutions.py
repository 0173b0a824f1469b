"""What architectures of convolutions share: a layer over padded rows, and what hides the padding."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.models.layers import Dropout


class Convolution(nn.Module):
    """x + f(norm(x)): a convolution over places, [B, S, C] → [B, S, C]."""

    def __init__(self, channels: int, kernel: int, dropout: float):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.convolution = nn.Conv1d(channels, channels, kernel, padding=kernel // 2)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        """`shown` [B, S, 1] is 0 in the padding, which stays silent: nothing depends on its neighbours in a batch."""
        heard = self.convolution((self.norm(x) * shown).transpose(1, 2)).transpose(1, 2)
        return x + self.dropout(F.relu(heard))


def within(lengths: Tensor, width: int) -> Tensor:
    """1 within each row's length, 0 behind it: [B, width, 1]."""
    return (torch.arange(width, device=lengths.device) < lengths[:, None])[:, :, None].float()
