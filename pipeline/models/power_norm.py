"""PowerNorm (Shen et al. 2020): each feature divided by its running quadratic mean, not tokens by their own spread."""

from typing import Any

import torch
from torch import Tensor, nn

MEMORY = 0.9  # α: the share of the past in a running mean (section 3.2)
EPSILON = 1e-5


class PowerNorm(nn.Module):
    """y = γ x / ψ + β over the last dimension, [..., D] → [..., D].

    ψ² is the running mean of x² over tokens (algorithm 2). Since a step is normalised by what earlier steps have seen,
    no gradient goes through ψ; ν, the running mean of the gradient's share along x, takes its place. Padding counts as
    tokens: batches of one length have little of it. The first steps are plain means of what has been seen, so that ψ
    need not be known at the start.
    """

    def __init__(self, d_model: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))
        self.power: Tensor
        self.slope: Tensor
        self.steps: Tensor
        self.register_buffer("power", torch.ones(d_model))  # ψ²
        self.register_buffer("slope", torch.zeros(d_model))  # ν
        self.register_buffer("steps", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            if not self.training:
                return x * (self.power + EPSILON).rsqrt() * self.weight + self.bias
            seen = x.detach().flatten(0, -2).square().mean(dim=0)
            if not self.steps:
                self.power.copy_(seen)  # the first step has nothing but itself
            normed: Tensor = _PowerNorm.apply(x, self.power.clone(), self.slope, self._memory)  # type: ignore[no-untyped-call]
            with torch.no_grad():
                self.power.lerp_(seen, 1 - self._memory)
                self.steps += 1
            return normed * self.weight + self.bias

    @property
    def _memory(self) -> float:
        """α, and less at first: the mean of n steps gives the n-th one its n-th part."""
        return min(MEMORY, 1 - 1 / (float(self.steps) + 1))


class _PowerNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, power: Tensor, slope: Tensor, memory: float) -> Tensor:
        scale = (power + EPSILON).rsqrt()
        normed = x * scale
        ctx.save_for_backward(normed, scale)
        ctx.slope, ctx.memory = slope, memory
        return normed

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:  # type: ignore[override]
        """Algorithm 2's backward pass: ν moves by Γ = mean x̂² and Λ = mean of gradient times x̂."""
        normed, scale = ctx.saved_tensors
        slope, share = ctx.slope, 1 - ctx.memory
        given = (grad - slope * normed) * scale
        flat, along = normed.flatten(0, -2), grad.flatten(0, -2)
        gamma, push = flat.square().mean(dim=0), (along * flat).mean(dim=0)
        slope.mul_(1 - share * gamma).add_(share * push)
        return given, None, None, None
