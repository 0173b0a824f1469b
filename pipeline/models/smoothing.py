"""Exponential smoothing with coefficients that are learnt: log values of many series → their levels and seasons.

The multiplicative model of Holt and Winters without a trend, written in logs, with any number of seasons
(Smyl 2020, "A hybrid method of exponential smoothing and recurrent neural networks for time series forecasting", §3.2):

    l_t       = α (y_t - Σ_j s_j,t) + (1 - α) l_{t-1}
    s_j,t+m_j = γ_j (y_t - l_t - Σ_{i≠j} s_i,t) + (1 - γ_j) s_j,t

A season is known a period before it is needed. So a block of values no longer than the shortest period is smoothed at
once: its levels are a product with a triangle of powers of 1 - α.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

BLOCK = 32  # values at once where no season says how many


def smooth(
    y: Tensor, alpha: Tensor, gammas: Sequence[Tensor], seasons: Sequence[Tensor], level: Tensor
) -> tuple[Tensor, list[Tensor]]:
    """y [B, T], alpha [B], gammas [B] each, first seasons [B, m_j] each, first level [B] → levels [B, T], and the
    seasons [B, T + m_j] as they were foreseen: each a period before its value was seen."""
    coming = list(seasons)  # [B, m_j]: of the next m_j values
    foreseen = [[season] for season in seasons]
    levels = []
    longest = min([BLOCK, *(season.shape[1] for season in seasons)]) if seasons else BLOCK
    triangle = torch.arange(longest, device=y.device)
    powers = (triangle[:, None] - triangle).clamp(min=0)  # [b, b]
    decay = torch.log1p(-alpha)[:, None]  # [B, 1]
    kernel = (alpha[:, None, None] * torch.exp(decay[..., None] * powers)).tril()  # [B, b, b]
    fading = torch.exp(decay * (triangle + 1))  # [B, b]
    for block in torch.split(y, longest, dim=1):
        size = block.shape[1]
        now = [season[:, :size] for season in coming]
        left = block - sum(now) if now else block
        smoothed = (kernel[:, :size, :size] * left[:, None]).sum(-1) + fading[:, :size] * level[:, None]
        level = smoothed[:, -1]
        levels.append(smoothed)
        error = left - smoothed  # y - l - Σ s
        for j, gamma in enumerate(gammas):
            new = now[j] + gamma[:, None] * error
            foreseen[j].append(new)
            coming[j] = torch.cat([coming[j][:, size:], new], dim=1)
    return torch.cat(levels, dim=1), [torch.cat(parts, dim=1) for parts in foreseen]
