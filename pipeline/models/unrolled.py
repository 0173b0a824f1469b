"""The decoder of `pipeline.models.attention` over known inputs: gates in, attentional states out, the gradient by hand.

With the gradient written out, every weight's is one large product after the loop, and no graph of small operations is
kept. A test holds value and gradient against `attention.Network.step` under autograd.
"""

from typing import Any

import torch
from torch import Tensor

sigmoid_backward = torch.ops.aten.sigmoid_backward
tanh_backward = torch.ops.aten.tanh_backward
softmax_backward = torch.ops.aten._softmax_backward_data


class Unrolled(torch.autograd.Function):
    """`attention.Network.step` over all steps of known inputs; forward and backward as loops.

    tanh(x) is 2 σ(2x) - 1 here: torch's vectorised sigmoid takes a tenth of its tanh's time on a CPU. Large products
    are in autocast's type, everything else in float32. The energies [U, B, T, H] are not kept but computed again.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        inputs: Tensor,  # [U, B, 4H]
        first: Tensor,  # [L, B, H]
        keys: Tensor,  # [B, T, H]
        values: Tensor,  # [B, T, H]
        bias: Tensor,  # [B, T]
        masks: Tensor | None,  # [L, B, 2H]: dropout of what enters a layer, one mask for all steps
        query: Tensor,  # [2H, H] or [H, H]
        score: Tensor | None,  # [H]
        *layers: Tensor,  # L recurrent weights [4H, 2H], then L - 1 biases [4H]
    ) -> tuple[Tensor, Tensor]:
        device = inputs.device.type
        kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else inputs.dtype
        steps, batch, _ = inputs.shape
        depth, _, hidden = first.shape
        biases = layers[depth:]
        with torch.autocast(device, enabled=False):
            recurrent = [weight.to(kind) for weight in layers[:depth]]
            query = query.to(kind)
            masks = masks if masks is None else masks.to(kind)
            entering = inputs.new_empty(depth, steps, batch, 2 * hidden, dtype=kind)
            gates = inputs.new_empty(depth, steps, batch, 4 * hidden)
            cells = inputs.new_zeros(depth, steps + 1, batch, hidden)
            squashed = inputs.new_empty(depth, steps, batch, hidden)  # tanh of the cells
            tops = inputs.new_empty(steps, batch, hidden, dtype=kind)  # s_t of the last layer
            projected = inputs.new_empty(steps, batch, len(query))
            attention = inputs.new_empty(steps, *bias.shape)
            states = inputs.new_empty(steps, batch, hidden)
            energies = Energies(keys, score)
            s = list(first)
            a = torch.zeros_like(first[0])
            for t in range(steps):
                below = a
                for layer in range(depth):
                    z, g, c = entering[layer, t], gates[layer, t], cells[layer, t + 1]
                    z[:, :hidden], z[:, hidden:] = below, s[layer]
                    if masks is not None:
                        z *= masks[layer]
                    torch.add(inputs[t] if layer == 0 else biases[layer - 1], z @ recurrent[layer].T, out=g)
                    g[:, : 3 * hidden].sigmoid_()
                    tanh_(g[:, 3 * hidden :])
                    i, f, o, new = g.chunk(4, dim=1)
                    torch.mul(f, cells[layer, t], out=c).addcmul_(i, new)
                    tanh_(squashed[layer, t].copy_(c))
                    below = s[layer] = o * squashed[layer, t]
                tops[t] = below
                projected[t] = tops[t] @ query.T
                scores = energies.scores(projected[t], below)
                torch.softmax(scores.add_(bias), dim=1, out=attention[t])
                a = states[t]
                torch.bmm(attention[t][:, None], values, out=a[:, None])
                tanh_(a.add_(projected[t, :, -hidden:]))
        ctx.save_for_backward(
            keys, values, masks, query, score, entering, gates, cells, squashed, tops, projected, attention, states,
            *recurrent,
        )  # fmt: skip
        ctx.mark_non_differentiable(attention)
        return states, attention

    @staticmethod
    def backward(ctx: Any, d_states: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        (
            keys, values, masks, query, score, entering, gates, cells, squashed, tops, projected, attention, states,
            *recurrent,
        ) = ctx.saved_tensors  # fmt: skip
        depth, steps, _, _ = gates.shape
        hidden = states.shape[2]
        with torch.autocast(states.device.type, enabled=False):
            d_gates = torch.empty_like(gates, dtype=entering.dtype)
            d_projected = torch.empty_like(projected)
            d_s = torch.zeros_like(squashed[:, 0])  # [L, B, H]
            d_c = torch.zeros_like(d_s)
            d_a = torch.zeros_like(d_s[0])
            energies = Energies(keys, score)
            for t in reversed(range(steps)):
                d_a = tanh_backward(d_a + d_states[t], states[t])
                d_projected[t, :, -hidden:] = d_a
                d_attention = (values * d_a[:, None]).sum(dim=2)
                d_scores = softmax_backward(d_attention, attention[t], 1, attention.dtype)
                d_top = energies.backward(d_scores, projected[t], tops[t], d_projected[t])
                d_s[-1] += d_projected[t].to(query.dtype) @ query
                if d_top is not None:
                    d_s[-1] += d_top
                for layer in reversed(range(depth)):
                    g, d_cell = gates[layer, t], d_c[layer]
                    i, f, o, new = g.chunk(4, dim=1)
                    d_cell += tanh_backward(d_s[layer] * o, squashed[layer, t])
                    d_g = torch.cat(
                        [d_cell * new, d_cell * cells[layer, t], d_s[layer] * squashed[layer, t], d_cell * i], dim=1
                    )
                    d_cell *= f
                    d_gates[layer, t, :, : 3 * hidden] = sigmoid_backward(d_g[:, : 3 * hidden], g[:, : 3 * hidden])
                    d_gates[layer, t, :, 3 * hidden :] = tanh_backward(d_g[:, 3 * hidden :], new)
                    d_z = d_gates[layer, t] @ recurrent[layer]
                    if masks is not None:
                        d_z *= masks[layer]
                    d_s[layer] = d_z[:, hidden:]
                    if layer:
                        d_s[layer - 1] += d_z[:, :hidden]
                    else:
                        d_a = d_z[:, :hidden].to(d_a.dtype)
            d_values = torch.bmm(attention.permute(1, 2, 0), d_projected[:, :, -hidden:].transpose(0, 1))
            d_query = d_projected.flatten(0, 1).to(tops.dtype).T @ tops.flatten(0, 1)
            d_recurrent = [d.flatten(0, 1).T @ z.flatten(0, 1) for d, z in zip(d_gates, entering, strict=True)]
            d_biases = [d.sum(dim=(0, 1), dtype=states.dtype) for d in d_gates[1:]]
        gradients = [d_gates[0], d_s, energies.d_keys, d_values, None, None, d_query, energies.d_score]
        return tuple(None if d is None else d.to(states.dtype) for d in (*gradients, *d_recurrent, *d_biases))


class Energies:
    """The scores of a step, and their gradient summed over steps: of the keys and of the vector v."""

    def __init__(self, keys: Tensor, score: Tensor | None):
        self.keys = keys
        self.score = score
        self.d_keys = torch.zeros_like(keys)
        self.d_score: Tensor | None = None
        if score is not None:
            self.d_score = torch.zeros_like(score)
            self.doubled = 2 * keys
            self.buffer = torch.empty_like(keys)

    def _sigmoids(self, projected: Tensor) -> Tensor:
        """σ(2 (W s + U h)), whose tanh is one affine step away."""
        hidden = self.keys.shape[2]
        torch.add(self.doubled, projected[:, None, :hidden], alpha=2, out=self.buffer)
        return self.buffer.sigmoid_()

    def scores(self, projected: Tensor, s: Tensor) -> Tensor:
        """[B, T], up to a constant, which softmax does not see: v · tanh = 2 v · σ - Σ v."""
        if self.score is None:
            return (self.keys * s[:, None]).sum(dim=2)
        return self._sigmoids(projected) @ (2 * self.score)

    def backward(self, d_scores: Tensor, projected: Tensor, s: Tensor, d_projected: Tensor) -> Tensor | None:
        """Adds to the sums, fills in what reaches the projected state, returns what reaches the state itself."""
        if self.score is None or self.d_score is None:
            self.d_keys.addcmul_(d_scores[:, :, None], s[:, None].to(d_scores.dtype))
            return (self.keys * d_scores[:, :, None]).sum(dim=1)
        sigmoids = self._sigmoids(projected)
        self.d_score += 2 * (d_scores.flatten() @ sigmoids.flatten(0, 1))
        d_energy = sigmoid_backward(d_scores[:, :, None] * (4 * self.score), sigmoids)  # 1 - tanh² = 4 σ (1 - σ)
        self.d_keys += d_energy
        d_projected[:, : self.keys.shape[2]] = d_energy.sum(dim=1)
        return None


def tanh_(x: Tensor) -> Tensor:
    return x.mul_(2).sigmoid_().mul_(2).sub_(1)
