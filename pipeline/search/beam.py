"""A model's `step` → n-best outputs, for a batch of sentences at once. Greedy search is beam_size 1.

The model keeps what it has computed of the prefix in a State, and a step costs one token however long the prefix is.
Sentences that are done leave the batch.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from pipeline.records import Hypothesis
from pipeline.search.prior import Prior
from pipeline.state import State

# step(tokens [N], state) → unnormalised log-probabilities [N, V], the next state, attention [N, S] or None.
Step = Callable[[Tensor, State], tuple[Tensor, State, Tensor | None]]


def beam(
    step: Step,
    state: State,
    *,
    begin: int,
    end: int,
    max_lengths: Tensor,
    beam_size: int,
    length_penalty: float = 1.0,
    n_best: int = 1,
    prior: Prior | None = None,
) -> list[list[Hypothesis]]:
    """Beam search over `len(max_lengths)` sentences; `state` has beam_size prefix rows a sentence.

    A hypothesis Y scores log P(Y) / |Y|^length_penalty + what `prior` adds for its tokens, with END counted as one of
    them; a length_penalty of 0 is no normalisation. A sentence is done when beam_size hypotheses have ended and the
    best prefix alive, scored at its present length, is below the worst of them. One that reaches its `max_lengths`
    entry is cut there and marked as unfinished. Returns n-best lists, best first. The vocabulary has two entries at
    least.
    """
    search = Beam(begin, end, max_lengths, beam_size, length_penalty, n_best)
    prior_state = None if prior is None else prior.start(len(search.last))
    added: Tensor | None = None
    while len(search.alive):
        logits, state, attention = step(search.last, state)
        if prior is not None and prior_state is not None:
            added, prior_state = prior.step(search.last, prior_state)
        hypotheses, sentences = search.advance(logits, attention, added)
        if len(search.alive):
            state = state.select(hypotheses, sentences)
            prior_state = prior_state and prior_state.select(hypotheses)
    return search.results


class Beam:
    """The prefixes of a search, and what has ended of them: `advance` takes one step."""

    def __init__(self, begin: int, end: int, max_lengths: Tensor, beam_size: int, length_penalty: float, n_best: int):
        batch, device = len(max_lengths), max_lengths.device
        self.end, self.width, self.penalty, self.n_best = end, beam_size, length_penalty, n_best
        self.results: list[list[Hypothesis]] = [[] for _ in range(batch)]
        self.alive = torch.arange(batch)  # [B'] sentences still searched
        self.limits = max_lengths.cpu()
        self.last = torch.full((batch * beam_size,), begin, dtype=torch.long, device=device)
        self.tokens = torch.zeros(batch * beam_size, 0, dtype=torch.long, device=device)  # [N, t]
        self.attention: Tensor | None = None  # [N, t, S]
        self.scores = torch.full((batch, beam_size), -torch.inf, device=device)  # [B', K] log P of the prefixes
        self.scores[:, 0] = 0.0  # all K rows of a sentence begin alike: one counts
        self.given = torch.zeros_like(self.scores)  # [B', K] what the prior has added for them

    def advance(
        self, logits: Tensor, attention: Tensor | None, added: Tensor | None = None, cost: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Take one token more. Returns the rows of the prefix to go on with, and of the source if it shrank.

        Prefixes of one length are ranked by |Y|^length_penalty times their score, log P + |Y|^length_penalty · given;
        less, where there is a `cost` [N, V] of choosing a token now, that: it is in no score.
        """
        count, width = len(self.alive), self.width
        length = self.tokens.shape[1] + 1
        factor = length**self.penalty
        log_probs = logits.log_softmax(dim=1)
        ranked = log_probs if added is None else log_probs + factor * added
        ranked = ranked if cost is None else ranked - cost
        before = self.scores if added is None else self.scores + factor * self.given
        values, tokens = top(ranked, 2 * width)  # [N, M], M = 2K where V allows: enough even if K of them are END
        each = values.shape[1]
        totals = (before.view(-1, 1) + values).view(count, -1)  # [B', K * M]
        totals, order = totals.topk(2 * width, dim=1)  # [B', 2K] best first
        rows = order // each + torch.arange(count, device=order.device)[:, None] * width  # of N
        tokens = tokens.view(count, -1).gather(1, order)
        if cost is not None:
            totals = totals + cost[rows, tokens]
        given = self.given.view(-1)[rows]
        if added is not None:
            given = given + added[rows, tokens]
        if attention is not None:
            past = self.attention
            step = attention[:, None]
            self.attention = step if past is None else torch.cat([past, step], dim=1)

        ended = (tokens == self.end) & totals.isfinite()
        ended[:, width:] = False  # below the beam
        self._collect(ended, rows, totals, length)
        # The K best that go on: a stable sort puts the ended ones last and keeps the order of the others.
        going = (tokens == self.end).to(torch.int8).sort(dim=1, stable=True).indices[:, :width]
        totals, given, rows, tokens = (x.gather(1, going) for x in (totals, given, rows, tokens))
        kept = self._still_alive(length, totals, rows, tokens)
        shrunk = len(kept) < count
        if shrunk:
            chosen = kept.to(rows.device)
            totals, given, rows, tokens = (x[chosen] for x in (totals, given, rows, tokens))
            self.alive = self.alive[kept]
        self.scores = totals if added is None else totals - factor * given
        self.given = given
        flat = rows.reshape(-1)
        self.last = tokens.reshape(-1)
        self.tokens = torch.cat([self.tokens.index_select(0, flat), self.last[:, None]], dim=1)
        if self.attention is not None:
            attention_rows = self.attention.index_select(0, flat)
            self.attention = attention_rows
        return flat, kept.to(flat.device) if shrunk else None

    def _collect(self, ended: Tensor, rows: Tensor, totals: Tensor, length: int) -> None:
        for i, j in ended.nonzero().tolist():
            row = rows[i, j]
            self._add(int(self.alive[i]), self.tokens[row].tolist(), float(totals[i, j]), length, row, True)

    def _add(self, sentence: int, tokens: list[int], total: float, length: int, row: Tensor, finished: bool) -> None:
        attention = self.attention[row, : len(tokens)].tolist() if self.attention is not None else None
        found = self.results[sentence]
        found.append(Hypothesis(tokens, total / length**self.penalty, finished, attention))
        found.sort(key=lambda hypothesis: -hypothesis.score)
        del found[max(self.width, self.n_best) :]

    def _still_alive(self, length: int, totals: Tensor, rows: Tensor, tokens: Tensor) -> Tensor:
        """[B''] which of the searched sentences go on; those cut at their limit are collected as unfinished."""
        going = []
        best = totals.amax(dim=1).tolist()
        for i, sentence in enumerate(self.alive.tolist()):
            found, limit = self.results[sentence], int(self.limits[sentence])
            if length >= limit:
                if not found:
                    row = rows[i, 0]
                    prefix = [*self.tokens[row].tolist(), int(tokens[i, 0])]
                    self._add(sentence, prefix, float(totals[i, 0]), length, row, False)
                del found[self.n_best :]
            elif len(found) >= self.width and best[i] / length**self.penalty <= found[self.width - 1].score:
                del found[self.n_best :]
            else:
                going.append(i)
        return torch.tensor(going, dtype=torch.long)


def top(values: Tensor, k: int, block: int = 128) -> tuple[Tensor, Tensor]:
    """The k largest of each row [N, V] and where they are: exact, and several times faster than topk over a long row.

    The k largest lie within the k blocks of the largest maxima.
    """
    rows, width = values.shape
    blocks = width // block
    if blocks <= 2 * k:
        best = values.topk(min(k, width), dim=1)
        return best.values, best.indices
    head = values[:, : blocks * block].view(rows, blocks, block)
    chosen = head.amax(dim=2).topk(k, dim=1).indices  # [N, k]
    candidates = head[torch.arange(rows, device=values.device)[:, None], chosen].flatten(1)
    best = torch.cat([candidates, values[:, blocks * block :]], dim=1).topk(k, dim=1)
    number, place = best.indices // block, best.indices % block
    # What stands behind the chosen blocks is the rest of the row, which fills no block.
    number = torch.where(number < k, chosen.gather(1, number.clamp(max=k - 1)), number - k + blocks)
    return best.values, number * block + place
