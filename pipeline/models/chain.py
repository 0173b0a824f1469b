"""Scores of tags and of neighbouring tags → a linear chain: its exact loss, its marginals, its best path; in batches.

With e_t(j) the score of tag j at place t, and T(i, j) that of j after i (Lafferty et al. 2001):

    s(y) = start(y_1) + Σ_t e_t(y_t) + Σ_t T(y_{t-1}, y_t) + end(y_L);    p(y) = exp s(y) / Z

Forward-backward (Rabiner 1989, section III) in probabilities scaled to 1 at every place (section V A), instead of in
logarithms: a step is one product of matrices for the whole batch. The backward pass is a forward pass over the sentence
turned round, so both are made at once, and padding, which then comes last in either, needs no mask. The gradient of
log Z is the marginals: it is taken on the way forward, and the loss is a node of autograd without a graph behind it.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

WIDE = 60.0  # between the highest and the lowest transition: beyond it a float32's probability of a path may be 0


class Chain(nn.Module):
    """The scores that a place does not tell: of a tag after another, of the first and of the last."""

    def __init__(self, tags: int):
        super().__init__()
        self.transitions = nn.Parameter(torch.empty(tags, tags).uniform_(-0.1, 0.1))
        self.start = nn.Parameter(torch.empty(tags).uniform_(-0.1, 0.1))
        self.end = nn.Parameter(torch.empty(tags).uniform_(-0.1, 0.1))

    def forward(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """Scores [B, L, C], tags [B, L], lengths [B], one at least → Σ -log p(tags), of all sentences together."""
        weights = (self.transitions, self.start, self.end)
        with torch.autocast(emissions.device.type, enabled=False):
            return _Loss.apply(emissions, *weights, tags, lengths)  # type: ignore[no-any-return, no-untyped-call]

    @torch.no_grad()
    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Scores [B, L, C], lengths [B] → P(tag at place), [B, L, C]; nothing behind a sentence's end."""
        return both_ways(emissions, self.transitions, self.start, self.end, lengths).marginals

    @torch.no_grad()
    def best(self, emissions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Scores [B, L, C], lengths [B] → the best tags [B, L], 0 behind a sentence's end, and log p of each path [B].

        Of equally good tags that of the lowest number is taken, from the end on (Viterbi 1967).
        """
        tags, scores = viterbi(emissions, self.transitions, self.start, self.end, lengths)
        log_z = both_ways(emissions, self.transitions, self.start, self.end, lengths).log_z
        return tags, scores - log_z.to(scores)


class Ways(NamedTuple):
    log_z: Tensor  # [B]
    marginals: Tensor  # [B, L, C]
    pairs: Tensor  # [C, C]: how many tags j after tags i are expected, in all sentences together


def both_ways(emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, lengths: Tensor) -> Ways:
    """Forward-backward over scores [B, L, C] with transitions [C, C], start and end [C], lengths [B]."""
    batch, steps, count = emissions.shape
    exact = torch.float64 if emissions.dtype == torch.float64 or _range(transitions) > WIDE else torch.float32
    highest = transitions.max().to(exact)
    factors = (transitions.to(exact) - highest).exp()  # [C, C]
    scores = _with_ends(emissions.to(exact), start, end, lengths).transpose(0, 1)  # [L, B, C]
    place = torch.arange(steps, device=lengths.device)[:, None]
    inside = place < lengths  # [L, B]
    mirror = torch.where(inside, lengths - 1 - place, place)[:, :, None].expand(-1, -1, count)
    top = scores.amax(dim=2, keepdim=True)
    seen = (scores - top).exp_()  # [L, B, C]
    seen = torch.stack([seen, seen.gather(0, mirror)], dim=1)  # [L, 2, B, C]: as it stands, and turned round
    steps_of = torch.stack([factors, factors.T])
    before = torch.empty_like(seen)  # what is known of each place from those that were read before it
    after = torch.empty_like(seen)  # and with the place itself, in sum 1
    sums = seen.new_empty(steps, 2, batch, 1)
    before[0] = 1
    for t in range(steps):
        if t:
            torch.bmm(after[t - 1], steps_of, out=before[t])
        torch.mul(before[t], seen[t], out=after[t])
        torch.sum(after[t], dim=2, keepdim=True, out=sums[t])
        after[t].div_(sums[t])
    logs = (sums[:, 0, :, 0].log() + top[:, :, 0]).masked_fill(~inside, 0).sum(dim=0)
    log_z = logs + (lengths - 1) * highest
    behind = before[:, 1].gather(0, mirror)  # [L, B, C]: what follows each place
    marginals = after[:, 0] * behind
    marginals /= marginals.sum(dim=2, keepdim=True)
    marginals *= inside[:, :, None]
    # A pair's probability: forward up to i, its factor, backward from j on; over what all pairs of the place have.
    later = after[:, 1].gather(0, mirror)[1:]  # [L - 1, B, C]
    total = (before[1:, 0] * later).sum(dim=2, keepdim=True)
    weighed = later * inside[1:, :, None] / total
    pairs = factors * (after[:-1, 0].flatten(0, 1).T @ weighed.flatten(0, 1))
    return Ways(log_z, marginals.transpose(0, 1), pairs)


def viterbi(
    emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """The best tags [B, L], 0 behind a sentence's end, and their scores s(y) [B].

    The longest sentences stand first, so that a step is of those that go on. On the way forward only the best scores
    are kept; which tag they came from is asked on the way back, of the one tag that was taken.
    """
    order = lengths.argsort(descending=True, stable=True)
    scores = _with_ends(emissions, start, end, lengths)[order].permute(1, 2, 0).contiguous()  # [L, C, B]
    steps, _, batch = scores.shape
    going = (torch.arange(steps, device=lengths.device)[:, None] < lengths).sum(dim=1).tolist()  # sentences at a place
    transitions = transitions.to(scores)
    onward = transitions[:, :, None]  # [C, C, 1]
    places = scores.unbind()
    for t in range(1, steps):
        n = going[t]
        paths = places[t - 1][:, None, :n] + onward  # [C, C, n]: from, to
        places[t][:, :n].add_(paths.amax(dim=0))
    reached, last = scores[lengths[order] - 1, :, torch.arange(batch, device=lengths.device)].max(dim=1)
    tags = [last]
    for t in range(steps - 2, -1, -1):
        n = going[t + 1]
        now = tags[-1].clone()
        came = transitions.index_select(1, now[:n]).add_(places[t][:, :n])
        now[:n] = came.max(dim=0).indices
        tags.append(now)
    found = torch.stack(tags[::-1], dim=1)  # [B, L]
    found *= torch.arange(steps, device=lengths.device) < lengths[order, None]
    back = order.argsort()
    return found[back], reached[back]


def _with_ends(emissions: Tensor, start: Tensor, end: Tensor, lengths: Tensor) -> Tensor:
    """[B, L, C]: the first place's scores with what it is to begin, the last place's with what it is to end."""
    scores = emissions.clone()
    scores[:, 0] += start.to(scores)
    scores[torch.arange(len(scores), device=lengths.device), lengths - 1] += end.to(scores)
    return scores


def _range(transitions: Tensor) -> float:
    low, high = transitions.detach().aminmax()
    return float(high - low)


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, tags: Tensor, lengths: Tensor
    ) -> Tensor:
        """log Z less the score of the given path. Its slope by a score: what is expected less what is given."""
        found = both_ways(emissions, transitions, start, end, lengths)
        rows, place = torch.arange(len(tags), device=tags.device), torch.arange(tags.shape[1], device=tags.device)
        inside = place < lengths[:, None]  # [B, L]
        first, last = tags[:, 0], tags[rows, lengths - 1]
        steps = inside[:, 1:]
        count = len(transitions)
        taken = (tags[:, :-1] * count + tags[:, 1:])[steps]
        given = torch.bincount(taken, minlength=count * count).view(count, count)
        score = emissions.gather(2, tags[:, :, None])[:, :, 0][inside].double().sum()
        score += (given * transitions.double()).sum() + start[first].double().sum() + end[last].double().sum()
        by_place = found.marginals.contiguous()
        by_place.scatter_add_(2, tags[:, :, None], -inside[:, :, None].to(by_place))
        ctx.save_for_backward(
            by_place.to(emissions.dtype),
            (found.pairs - given).to(transitions.dtype),
            by_place[:, 0].sum(dim=0).to(start.dtype),
            by_place[rows, lengths - 1].sum(dim=0).to(end.dtype),
        )
        return (found.log_z.double().sum() - score).to(emissions.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        return *(slope * grad for slope in ctx.saved_tensors), None, None
