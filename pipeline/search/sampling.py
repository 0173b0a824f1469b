"""A model's `step` → outputs drawn from its distribution, several a sentence, for a batch of sentences at once.

Each token is drawn from softmax(logits / temperature), cut to the `top_k` likeliest tokens (Fan et al. 2018, section
5.1) and to the nucleus, the fewest tokens whose probabilities reach `top_p` (Holtzman et al. 2020, section 3.1). What
is drawn depends on numbers that are given, one a token, so that a row is answered alike whatever batch it is in.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.records import Hypothesis
from pipeline.search.beam import Step
from pipeline.state import State


def uniforms(seed: int, rows: Sequence[int] | np.ndarray, samples: int, longest: int) -> Tensor:
    """Numbers in [0, 1) for so many samples of so many tokens a row, float64 [B, K, T]: a row's are its own."""
    drawn = [np.random.default_rng((seed, int(row))).random((longest, samples)).T for row in rows]
    return torch.from_numpy(np.stack(drawn))


def sample(
    step: Step,
    state: State,
    *,
    begin: int,
    end: int,
    max_lengths: Tensor,
    drawn: Tensor,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    length_penalty: float = 1.0,
) -> list[list[Hypothesis]]:
    """K samples for each of `len(max_lengths)` sentences; `state` has K prefix rows a sentence.

    `drawn` [B, K, T] are numbers in [0, 1), T being the largest of `max_lengths`; `top_k` 0 is all tokens. A sample Y
    scores log P(Y) / |Y|^length_penalty, with END counted as one of its tokens, and P as the model has it, whatever
    the temperature. One that reaches its `max_lengths` entry is cut there and marked as unfinished. Returns the samples
    of each sentence in the order they were drawn in.
    """
    samples = _Samples(begin, end, max_lengths, drawn, length_penalty)
    while len(samples.alive):
        logits, state, attention = step(samples.last, state)
        logits = logits.float()
        chosen = choose(logits, samples.numbers(), temperature, top_k, top_p)
        sentences = samples.advance(chosen, logits.log_softmax(dim=1), attention)
        if sentences is not None and len(samples.alive):
            state = state.select(samples.rows(sentences), sentences)
    return samples.results


def choose(logits: Tensor, numbers: Tensor, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0) -> Tensor:
    """A token a row of [N, V], [N]: where the cumulative probability of the tokens that remain passes `numbers` [N]."""
    p = (logits / temperature).softmax(dim=1).double()
    order = None
    if top_k or top_p < 1:
        p, order = p.topk(min(top_k, p.shape[1]), dim=1) if top_k else p.sort(dim=1, descending=True, stable=True)
        p = p / p.sum(dim=1, keepdim=True)
        before = p.cumsum(dim=1) - p
        p = p.masked_fill(before >= top_p, 0.0)  # the first token has nothing before it, and stays
    reached = p.cumsum(dim=1)
    wanted = numbers[:, None].to(reached) * reached[:, -1:]
    places = torch.searchsorted(reached, wanted, right=True).clamp(max=p.shape[1] - 1)
    return (places if order is None else order.gather(1, places))[:, 0]


class _Samples:
    def __init__(self, begin: int, end: int, max_lengths: Tensor, drawn: Tensor, length_penalty: float):
        (batch, width, _), device = drawn.shape, max_lengths.device
        self.end, self.width, self.penalty = end, width, length_penalty
        self.results: list[list[Hypothesis]] = [[] for _ in range(batch)]
        self.alive = torch.arange(batch, device=device)  # [B'] sentences with a sample that goes on
        self.limits, self.drawn = max_lengths, drawn.to(device)
        self.last = torch.full((batch * width,), begin, dtype=torch.long, device=device)
        self.tokens = torch.zeros(batch, width, 0, dtype=torch.long, device=device)  # [B', K, t]
        self.totals = torch.zeros(batch, width, device=device)  # log P
        self.lengths = torch.zeros(batch, width, dtype=torch.long, device=device)  # END counted
        self.ended = torch.zeros(batch, width, dtype=torch.bool, device=device)
        self.attention: Tensor | None = None  # [B', K, t, S]

    def numbers(self) -> Tensor:
        """What decides the next tokens [N]."""
        return self.drawn[self.alive, :, self.tokens.shape[2]].flatten()

    def rows(self, sentences: Tensor) -> Tensor:
        """The prefix rows of some of the searched sentences."""
        return (sentences[:, None] * self.width + torch.arange(self.width, device=sentences.device)).flatten()

    def advance(self, chosen: Tensor, log_p: Tensor, attention: Tensor | None) -> Tensor | None:
        """Take one token more. Returns which of the searched sentences go on, None if all of them do."""
        count = len(self.alive)
        gained = log_p.gather(1, chosen[:, None]).view(count, self.width)
        self.totals = self.totals + gained.masked_fill(self.ended, 0.0)
        self.lengths = self.lengths + ~self.ended
        chosen = chosen.view(count, self.width).masked_fill(self.ended, self.end)
        self.ended = self.ended | (chosen == self.end)
        self.tokens = torch.cat([self.tokens, chosen[:, :, None]], dim=2)
        if attention is not None:
            seen = attention.view(count, self.width, 1, -1)
            self.attention = seen if self.attention is None else torch.cat([self.attention, seen], dim=2)
        self.last = chosen.flatten()
        done = self.ended.all(dim=1) | (self.tokens.shape[2] >= self.limits[self.alive])
        if not done.any():
            return None
        for i in done.nonzero()[:, 0].tolist():
            self.results[int(self.alive[i])] = [self._hypothesis(i, k) for k in range(self.width)]
        going = (~done).nonzero()[:, 0]
        for name in ("alive", "tokens", "totals", "lengths", "ended"):
            setattr(self, name, getattr(self, name)[going])
        self.attention = None if self.attention is None else self.attention[going]
        self.last = self.last[self.rows(going)]
        return going

    def _hypothesis(self, i: int, k: int) -> Hypothesis:
        finished, length = bool(self.ended[i, k]), int(self.lengths[i, k])
        tokens = self.tokens[i, k, : length - finished].tolist()  # without END
        attention = self.attention[i, k, : len(tokens)].tolist() if self.attention is not None else None
        return Hypothesis(tokens, float(self.totals[i, k]) / length**self.penalty, finished, attention)
