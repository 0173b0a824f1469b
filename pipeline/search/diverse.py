"""A model's `step` → n-best outputs that differ from one another: diverse beam search (Vijayakumar et al. 2018).

Several beams search together, each at a cost for the words that those before it have just taken.
"""

import torch
from torch import Tensor

from pipeline.records import Hypothesis
from pipeline.search.beam import Beam, Step
from pipeline.state import State


def diverse(
    step: Step,
    state: State,
    *,
    begin: int,
    end: int,
    max_lengths: Tensor,
    beam_size: int,
    groups: int,
    diversity: float,
    length_penalty: float = 1.0,
    n_best: int = 1,
) -> list[list[Hypothesis]]:
    """N-best lists of `groups` beams of beam_size / groups hypotheses (section 3.1, algorithm 1).

    At each step the groups choose one after another, and a token costs a group `diversity` for each time that the
    groups before it chose it for this sentence at this step (their Hamming diversity). That decides what is chosen; it
    is no part of a score, and END costs nothing. Returns each group's best, then each one's second, ..., up to n_best
    in all and none twice, in the order of their scores.
    """
    width = beam_size // groups
    searches = [Beam(begin, end, max_lengths, width, length_penalty, width) for _ in range(groups)]
    places = torch.arange(len(max_lengths) * beam_size, device=max_lengths.device).view(-1, groups, width)
    states = [state.select(places[:, group].flatten()) for group in range(groups)]
    while any(len(search.alive) for search in searches):
        chosen: Tensor | None = None  # [B, V] how often, by the groups that have chosen
        for group, search in enumerate(searches):
            if not len(search.alive):
                continue
            logits, after, attention = step(search.last, states[group])
            if chosen is None:
                chosen = logits.new_zeros(len(max_lengths), logits.shape[1])
            alive = search.alive.to(logits.device)
            cost = (diversity * chosen[alive]).repeat_interleave(width, dim=0)
            hypotheses, sentences = search.advance(logits, attention, cost=cost)
            if len(search.alive):
                states[group] = after.select(hypotheses, sentences)
                owners = search.alive.to(logits.device).repeat_interleave(width)
                chosen.index_put_((owners, search.last), torch.ones_like(owners, dtype=chosen.dtype), accumulate=True)
                chosen[:, end] = 0.0
    return [_in_turn([search.results[i] for search in searches], n_best) for i in range(len(max_lengths))]


def _in_turn(lists: list[list[Hypothesis]], count: int) -> list[Hypothesis]:
    """The first ones of all lists, then the second ones, until there are `count` different ones; best first."""
    found: dict[tuple[int, ...], Hypothesis] = {}
    for rank in range(max(map(len, lists))):
        for one in (ranked[rank] for ranked in lists if rank < len(ranked)):
            if len(found) < count:
                found.setdefault(tuple(one.tokens), one)
    return sorted(found.values(), key=lambda hypothesis: -hypothesis.score)
