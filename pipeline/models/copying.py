"""What a decoder says, or what it points at in its source: the copy mechanism for any model of states over a source.

The pointer-generator of See et al. 2017, with an attention of its own (Luong's multiplicative score in place of their
additive one), so that the body below it may be any. With s_t the body's state, h_i what it knows of source position i:

    c_t  = Σ_{t' < t} a_t'                        coverage (section 2.3, equation 10): how often it has pointed there
    e_ti = (Q s_t) · (K h_i + w c_ti + l a_{t-1,i-1})   equation 11; without coverage, equation 1
    a_t  = softmax(e_t);  h*_t = Σ_i a_ti K h_i   where it points, and what it sees there (equations 2 and 3)
    g_t  = σ(u · h*_t + v · s_t + b)              how far it says rather than copies (equation 8)
    p(y) = g_t P(y) + (1 - g_t) Σ_{i: x_i = y} a_ti                                          (equation 9)

and pointing again where it has pointed costs Σ_i min(a_ti, c_ti) (equation 12). The term with l is not theirs: it knows
the place behind the one pointed at last, where a copy goes on (location-aware attention, Chorowski et al. 2015, section
2.2, whose filter is one place wide here). Both sides share one vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAST = 1e-30  # a probability of nothing, as a logarithm can take it


class Past(NamedTuple):
    """Where all steps before have pointed."""

    covered: Tensor  # [B, S]: c of the next step
    last: Tensor  # [B, S]: a of the last step


class Pointed(NamedTuple):
    """Where T steps point."""

    attention: Tensor  # [B, T, S]: a
    gate: Tensor  # [B, T]: the logit of g
    again: Tensor  # []: Σ min(a, c) over the steps that are counted
    past: Past  # of the step after them


class Copying(nn.Module):
    def __init__(self, states: int, memory: int, *, coverage: bool, location: bool):
        """The widths of s_t and of h_i."""
        super().__init__()
        self.query = nn.Linear(states, states, bias=False)
        self.key = nn.Linear(memory, states, bias=False)
        self.cover = nn.Parameter(torch.zeros(states)) if coverage else None
        self.follow = nn.Parameter(torch.zeros(states)) if location else None
        self.gate = nn.Linear(2 * states, 1)

    def forward(self, states: Tensor, keys: Tensor, hidden: Tensor, past: Past, counted: Tensor) -> Pointed:
        """states [B, T, D]; keys [B, S, D] = K h; hidden [B, S], what cannot be pointed at; counted [B, T], the steps
        whose pointing again is summed up."""
        query = self.query(states) * states.shape[2] ** -0.5  # [B, T, D]
        scores = (query @ keys.transpose(1, 2)).float().masked_fill(hidden[:, None], -torch.inf)  # [B, T, S]
        again = scores.new_zeros(())
        if self.cover is None and self.follow is None:
            attention = scores.softmax(dim=2)
            past = Past(past.covered + attention.sum(dim=1), attention[:, -1])
        else:
            # What a coverage of 1 adds to a score, and what having pointed one place before adds: [B, T] each.
            cover, follow = (None if w is None else (query @ w).float() for w in (self.cover, self.follow))
            steps = []
            for t in range(states.shape[1]):
                score, (covered, last) = scores[:, t], past
                if cover is not None:
                    score = score + cover[:, t, None] * covered
                if follow is not None:
                    score = score + follow[:, t, None] * F.pad(last, (1, 0))[:, :-1]
                a = score.softmax(dim=1)
                if cover is not None:
                    again = again + (torch.minimum(a, covered).sum(dim=1) * counted[:, t]).sum()
                past = Past(covered + a, a)
                steps.append(a)
            attention = torch.stack(steps, dim=1)
        seen = attention.to(keys.dtype) @ keys
        gate = self.gate(torch.cat([states, seen.to(states.dtype)], dim=2))[:, :, 0].float()
        return Pointed(attention, gate, again, past)


def log_likelihood(logits: Tensor, pointed: Pointed, source: Tensor, labels: Tensor) -> Tensor:
    """log p(y_t) [B, T] of `labels` [B, T], without the mixture of all other words: logits [B, T, V], source [B, S]."""
    said = -F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape)
    same = source[:, None] == labels[:, :, None]  # [B, T, S]
    copied = (pointed.attention * same).sum(dim=2).clamp(min=LEAST).log()
    return torch.logaddexp(F.logsigmoid(pointed.gate) + said, F.logsigmoid(-pointed.gate) + copied)


def mixture(logits: Tensor, pointed: Pointed, source: Tensor) -> Tensor:
    """log p of every word [B, T, V], from logits [B, T, V] and the source's tokens [B, S]."""
    said = logits.float().softmax(dim=2) * pointed.gate.sigmoid()[:, :, None]
    copied = pointed.attention * (-pointed.gate).sigmoid()[:, :, None]  # [B, T, S]
    return said.scatter_add(2, source[:, None].expand_as(copied), copied).clamp(min=LEAST).log()
