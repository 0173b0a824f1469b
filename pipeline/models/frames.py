"""What models that read audio share: frames as tensors, and the strided convolutions that make fewer steps of them."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

KERNEL = 5  # steps that a convolution sees
ROUND = 32  # frames: batches are as wide as a multiple of it


def frames_of(frames: np.ndarray, lengths: np.ndarray) -> tuple[Tensor, Tensor]:
    """Frames [B, T, F] as a tensor whose width is a multiple of ROUND, and at least that: no utterance is too short.

    A CPU's LSTM is compiled anew for each width, and kept: few widths save a gigabyte.
    """
    width = max(-(-frames.shape[1] // ROUND), 1) * ROUND
    wide = np.zeros((len(frames), width, frames.shape[2]), np.float32)
    wide[:, : frames.shape[1]] = frames
    return torch.from_numpy(wide), torch.from_numpy(lengths.astype(np.int64))


def strided(inputs: int, channels: int, subsampling: int) -> nn.ModuleList:
    """Convolutions of stride 2 that together take `subsampling` (1, 2, 4, 8) frames a step; one of stride 1 for 1."""
    strides = [2] * int(math.log2(subsampling)) or [1]
    return nn.ModuleList(
        nn.Conv1d(inputs if i == 0 else channels, channels, KERNEL, stride, padding=KERNEL // 2)
        for i, stride in enumerate(strides)
    )


def convolved(frames: Tensor, lengths: Tensor, convolutions: nn.ModuleList) -> tuple[Tensor, Tensor]:
    """Frames [B, T, F] and their counts [B] → [B, C, S] and the counts of steps [B]."""
    x = frames.transpose(1, 2)  # [B, F, T]
    for convolution in convolutions:
        assert isinstance(convolution, nn.Conv1d)
        # Padding is silent before each layer: an utterance's output does not depend on its neighbours.
        x = x * (torch.arange(x.shape[2], device=x.device) < lengths[:, None])[:, None]
        x = F.relu(convolution(x))
        lengths = (lengths + convolution.stride[0] - 1) // convolution.stride[0]
    return x, lengths
