"""Location-sensitive attention (Chorowski et al. 2015) in an LSTM that goes step by step: Tacotron 2's recurrence.

With h_i the memory at source position i, x_t what is known of step t beforehand, and f the features of the location:

    s_t  = LSTM(x_t + W [c_{t-1}; s_{t-1}])
    f_t  = U * [w_{t-1}; Σ_{k<t} w_k]             a convolution over source positions: where it looked, and had looked
    e_ti = v · tanh(Q s_t + K h_i + f_ti)
    w_t  = softmax(e_t);  c_t = Σ_i w_ti h_i

`step` is one step; `Unrolled` is all of them where the inputs are known, with the gradient written out: every weight's
is one large product after the loop, and no graph of small operations is kept. A test holds one against the other.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

sigmoid_backward = torch.ops.aten.sigmoid_backward
tanh_backward = torch.ops.aten.tanh_backward
softmax_backward = torch.ops.aten._softmax_backward_data


class Past(NamedTuple):
    """What a step needs of the steps before it."""

    state: Tensor  # [B, H]: s
    cell: Tensor  # [B, H]
    context: Tensor  # [B, M]: c
    attention: Tensor  # [B, S]: w
    total: Tensor  # [B, S]: the sum of all w so far


class LocationAttention(nn.Module):
    def __init__(self, hidden: int, memory: int, scores: int, kernel: int):
        """`hidden`: H, of the LSTM; `memory`: M; `scores`: A, where tanh is taken; `kernel`: odd, source positions."""
        super().__init__()
        self.hidden, self.memory, self.kernel = hidden, memory, kernel
        self.recurrent = nn.Parameter(torch.empty(4 * hidden, memory + hidden))  # gates: input, forget, output, new
        self.query = nn.Parameter(torch.empty(scores, hidden))
        self.key = nn.Linear(memory, scores)
        self.filters = nn.Parameter(torch.empty(2 * kernel, scores))
        self.score = nn.Parameter(torch.empty(scores))
        for weight, width in (
            (self.recurrent, memory + hidden),
            (self.query, hidden),
            (self.filters, 2 * kernel),
            (self.score, scores),
        ):
            nn.init.uniform_(weight, -(width**-0.5), width**-0.5)

    def begin(self, memory: Tensor) -> Past:
        """Nothing said yet: it has looked at the first position."""
        batch, positions, _ = memory.shape
        first = F.one_hot(torch.zeros(batch, dtype=torch.long, device=memory.device), positions).to(memory.dtype)
        zeros = memory.new_zeros(batch, self.hidden)
        return Past(zeros, zeros, memory.new_zeros(batch, self.memory), first, first)

    def step(self, inputs: Tensor, past: Past, keys: Tensor, memory: Tensor, bias: Tensor) -> Past:
        """inputs [B, 4H], keys [B, S, A], memory [B, S, M], bias [B, S] (0, or -inf where nothing may be seen)."""
        gates = inputs + torch.cat([past.context, past.state], dim=1) @ self.recurrent.T
        i, f, o = gates[:, : 3 * self.hidden].sigmoid().chunk(3, dim=1)
        cell = f * past.cell + i * gates[:, 3 * self.hidden :].tanh()
        state = o * cell.tanh()
        seen = torch.stack([past.attention, past.total], dim=1)  # [B, 2, S]
        features = windows(seen, self.kernel) @ self.filters
        energies = (keys + features + (state @ self.query.T)[:, None]).tanh() @ self.score
        attention = (energies + bias).softmax(dim=1)
        context = torch.bmm(attention[:, None], memory)[:, 0]
        return Past(state, cell, context, attention, past.total + attention)

    def forward(self, inputs: Tensor, memory: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All steps over known inputs [T, B, 4H] → states [T, B, H], contexts [T, B, M], attention [T, B, S]."""
        keys = self.key(memory)
        return Unrolled.apply(  # type: ignore[no-any-return, no-untyped-call]
            inputs.float(), keys.float(), memory.float(), bias, self.begin(memory).attention.float(),
            self.recurrent, self.query, self.filters, self.score,
        )  # fmt: skip


def windows(seen: Tensor, kernel: int) -> Tensor:
    """[B, 2, S] → what a filter sees around each position, zeros beyond the ends: [B, S, 2 * kernel]."""
    batch, _, positions = seen.shape
    around = F.pad(seen, (kernel // 2, kernel // 2)).unfold(2, kernel, 1)  # [B, 2, S, K]
    return around.transpose(1, 2).reshape(batch, positions, 2 * kernel)


def diagonals(like: Tensor, batch: int, positions: int, kernel: int) -> tuple[Tensor, Tensor]:
    """Room for the gradient of `windows`: zeros [B, 2, K, S + K - 1], and in it the places [B, S, 2, K] where the slope
    of each tap of each window belongs. Its sum over K, but for the ends, is the slope of what was seen."""
    width = positions + kernel - 1
    room = like.new_zeros(batch, 2, kernel, width)
    strides = (2 * kernel * width, 1, kernel * width, width + 1)  # tap k of position s lies at column s + k
    return room, room.as_strided((batch, positions, 2, kernel), strides)


class Unrolled(torch.autograd.Function):
    """`LocationAttention.step` over all steps; forward and backward as loops.

    tanh(x) is 2 σ(2x) - 1 here: torch's vectorised sigmoid takes a tenth of its tanh's time on a CPU. Products with the
    recurrent weights are in autocast's type, everything else in float32.
    """

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any,
        inputs: Tensor,  # [T, B, 4H]
        keys: Tensor,  # [B, S, A]
        memory: Tensor,  # [B, S, M]
        bias: Tensor,  # [B, S]
        first: Tensor,  # [B, S]
        recurrent: Tensor,  # [4H, M + H]
        query: Tensor,  # [A, H]
        filters: Tensor,  # [2K, A]
        score: Tensor,  # [A]
    ) -> tuple[Tensor, Tensor, Tensor]:
        device = inputs.device.type
        kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else inputs.dtype
        steps, batch, _ = inputs.shape
        _, positions, scores = keys.shape
        wide, hidden, kernel = memory.shape[2], query.shape[1], len(filters) // 2
        with torch.autocast(device, enabled=False):
            weights = recurrent.to(kind)
            entering = inputs.new_empty(steps, batch, wide + hidden, dtype=kind)
            gates = inputs.new_empty(steps, batch, 4 * hidden)
            cells = inputs.new_zeros(steps + 1, batch, hidden)
            squashed = inputs.new_empty(steps, batch, hidden)  # tanh of the cells
            states = inputs.new_empty(steps, batch, hidden)
            seen = inputs.new_empty(steps, batch, positions, 2 * kernel)
            # What is inside tanh, as σ(2x). Of v · tanh = 2 v · σ - Σ v the last is constant: softmax does not see it.
            sigmoids = inputs.new_empty(steps, batch, positions, scores)
            attention = inputs.new_empty(steps, batch, positions)
            contexts = inputs.new_empty(steps, batch, wide)
            doubled = (2 * keys).view(batch * positions, scores)
            filters_doubled, score_doubled = 2 * filters, 2 * score
            s, c = torch.zeros_like(states[0]), torch.zeros_like(contexts[0])
            edges = F.pad(torch.stack([first, first], dim=1), (kernel // 2, kernel // 2))  # [B, 2, S + K - 1]
            looked = edges[:, :, kernel // 2 : kernel // 2 + positions]
            around = edges.unfold(2, kernel, 1).transpose(1, 2)  # [B, S, 2, K], a view
            for t in range(steps):
                z, g = entering[t], gates[t]
                z[:, :wide], z[:, wide:] = c, s
                torch.add(inputs[t], z @ weights.T, out=g)
                g[:, : 3 * hidden].sigmoid_()
                tanh_(g[:, 3 * hidden :])
                i, f, o, new = g.chunk(4, dim=1)
                torch.mul(f, cells[t], out=cells[t + 1]).addcmul_(i, new)
                tanh_(squashed[t].copy_(cells[t + 1]))
                s = torch.mul(o, squashed[t], out=states[t])
                seen[t].view(around.shape).copy_(around)
                e = sigmoids[t]
                torch.addmm(doubled, seen[t].view(-1, 2 * kernel), filters_doubled, out=e.view(-1, scores))
                e.add_((s @ query.T)[:, None], alpha=2).sigmoid_()
                torch.softmax((e @ score_doubled).add_(bias), dim=1, out=attention[t])
                looked[:, 0] = attention[t]
                looked[:, 1] += attention[t]
                c = contexts[t]
                torch.bmm(attention[t][:, None], memory, out=c[:, None])
        ctx.save_for_backward(
            memory, weights, query, filters, score, entering, gates, cells, squashed, states, seen, sigmoids, attention,
        )  # fmt: skip
        return states, contexts, attention

    @staticmethod
    def backward(ctx: Any, d_states: Tensor, d_contexts: Tensor, d_attention: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        memory, weights, query, filters, score, entering, gates, cells, squashed, states, seen, sigmoids, attention = (
            ctx.saved_tensors
        )
        steps, batch, hidden = states.shape
        wide, kernel, scores = memory.shape[2], len(filters) // 2, len(score)
        with torch.autocast(states.device.type, enabled=False):
            score_fourfold = 4 * score
            d_gates = torch.empty_like(gates, dtype=entering.dtype)
            d_energies = torch.empty_like(sigmoids)  # of the terms inside tanh
            d_queries = states.new_empty(steps, batch, scores)
            d_seen = torch.empty_like(d_contexts)  # what reaches each context
            d_scores = torch.empty_like(attention)
            d_s = torch.zeros_like(states[0])
            d_cell = torch.zeros_like(d_s)
            d_c = torch.zeros_like(d_contexts[0])
            positions = attention.shape[2]
            d_looked = attention.new_zeros(batch, 2, positions)  # of the last attention, and of their sum
            room, places = diagonals(attention, batch, positions, kernel)
            for t in reversed(range(steps)):
                torch.add(d_contexts[t], d_c, out=d_seen[t])
                d_w = torch.bmm(memory, d_seen[t][:, :, None])[:, :, 0]
                d_w += d_attention[t]
                d_w += d_looked[:, 0]
                d_w += d_looked[:, 1]
                d_scores[t] = softmax_backward(d_w, attention[t], 1, attention.dtype)
                d_e = torch.mul(d_scores[t][:, :, None], score_fourfold, out=d_energies[t])
                sigmoid_backward.grad_input(d_e, sigmoids[t], grad_input=d_e)  # 1 - tanh² = 4 σ (1 - σ)
                torch.sum(d_e, dim=1, out=d_queries[t])
                places.copy_((d_e.view(-1, scores) @ filters.T).view(places.shape))
                before = room.sum(dim=2)[:, :, kernel // 2 : kernel // 2 + positions]
                d_looked[:, 0] = before[:, 0]
                d_looked[:, 1] += before[:, 1]
                d_s += d_states[t]
                d_s += d_queries[t] @ query
                i, f, o, new = gates[t].chunk(4, dim=1)
                d_cell += tanh_backward(d_s * o, squashed[t])
                d_g = torch.cat([d_cell * new, d_cell * cells[t], d_s * squashed[t], d_cell * i], dim=1)
                d_cell *= f
                d_gates[t, :, : 3 * hidden] = sigmoid_backward(d_g[:, : 3 * hidden], gates[t, :, : 3 * hidden])
                d_gates[t, :, 3 * hidden :] = tanh_backward(d_g[:, 3 * hidden :], new)
                d_z = (d_gates[t] @ weights).to(d_s.dtype)
                d_c, d_s = d_z[:, :wide], d_z[:, wide:].clone()
            d_recurrent = (d_gates.flatten(0, 1).T @ entering.flatten(0, 1)).to(states.dtype)
            d_query = d_queries.flatten(0, 1).T @ states.flatten(0, 1)
            d_filters = seen.view(-1, 2 * kernel).T @ d_energies.view(-1, scores)
            d_score = 2 * (d_scores.flatten() @ sigmoids.view(-1, scores))
            d_memory = torch.bmm(attention.permute(1, 2, 0), d_seen.transpose(0, 1))
            d_keys = d_energies.sum(dim=0)
        return d_gates.to(states.dtype), d_keys, d_memory, None, None, d_recurrent, d_query, d_filters, d_score


def tanh_(x: Tensor) -> Tensor:
    return x.mul_(2).sigmoid_().mul_(2).sub_(1)
