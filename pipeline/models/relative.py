"""Self-attention that knows how far apart two tokens stand, not where they stand (Shaw et al. 2018)."""

import torch
from torch import Tensor, nn

from pipeline.models.layers import Attention

REACH = 16  # k: tokens further apart count as so far apart (section 3.2)


class RelativeAttention(Attention):
    """Attention with e_ts = q_t · (k_s + a_{s-t}) / sqrt(D/H): equation 4, with one table of distances for all heads.

    Distances change the keys alone: added to the values as well (equation 3) they gave the paper nothing (its table 3).
    """

    def __init__(self, d_model: int, heads: int, dropout: float):
        super().__init__(d_model, heads, dropout)
        self.distances = nn.Parameter(torch.empty(2 * REACH + 1, d_model // heads))

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As Attention's; x [B, T, D] are the last T of the S tokens that the keys stand for."""
        batch, length, d_model = x.shape
        query = self.query(x).view(batch, length, self.heads, -1).transpose(1, 2) * (d_model // self.heads) ** -0.5
        at = torch.arange(keys.shape[-1], device=x.device)
        apart = (at - at[len(at) - length :, None]).clamp(-REACH, REACH) + REACH  # [T, S]
        by_distance = torch.matmul(query, self.distances.T)  # [B, H, T, 2k + 1]
        scores = torch.matmul(query, keys) + by_distance.gather(3, apart.expand(*by_distance.shape[:2], -1, -1))
        weights = torch.softmax(scores if bias is None else scores + bias.to(scores.dtype), dim=-1)
        context = torch.matmul(self.dropout(weights), values)  # [B, H, T, D/H]
        return self.out(context.transpose(1, 2).reshape(batch, length, d_model)), weights
