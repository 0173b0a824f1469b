"""Prefixes of linear trees in, the tokens that may come next out: `(S`, `(NP`, `XX`, `)NP`, ..., END.

What has been written of a tree over given words is a stack of open brackets, a count of words left and one of steps
left. It is held in tensors, a row a prefix, so that a search moves it about as it does the rest of a model's state. A
token may come next if a tree over exactly these words can still be ended before the steps run out; so every output
that ends is well formed, and every search ends one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LEAF = "XX"
OTHER, OPENS, CLOSES, IS_LEAF = range(4)

Rows = dict[str, Tensor]  # of prefixes: what stands in `State.prefix`


@dataclass(frozen=True)
class Bounds:
    """What no tree may pass, so that none opens brackets for ever: the extremes of the training trees."""

    depth: int  # brackets that are open at once
    run: int  # brackets that open one after another

    @classmethod
    def of(cls, trees: Sequence[Sequence[str]]) -> "Bounds":
        """Those of linear trees; 1 each where there is none."""
        deepest = longest = 1
        for tokens in trees:
            depth = run = 0
            for token in tokens:
                run = run + 1 if token.startswith("(") else 0
                depth += token.startswith("(") - token.startswith(")")
                deepest, longest = max(deepest, depth), max(longest, run)
        return cls(deepest, longest)


class Brackets:
    """The rules over one vocabulary.

    Rows hold what is open: the labels `stack` [N, D] and the words `starts` [N, D] that they begin at, as many as
    `depth` [N]; how many brackets have opened just now, `run`; how many words are written, `at`, and `left`; and how
    many `steps` are left, [N] each.
    """

    def __init__(self, tokens: Sequence[str], end: int, bounds: Bounds):
        labels = {token[1:] for token in tokens if token.startswith("(") and f"){token[1:]}" in tokens}
        names = sorted(labels)
        self.end, self.bounds = end, bounds
        self.kinds = torch.tensor([_kind(token, labels) for token in tokens])  # [V]
        self.labels = torch.tensor([names.index(t[1:]) if _kind(t, labels) in (OPENS, CLOSES) else -1 for t in tokens])

    def begin(self, words: Tensor, limits: Tensor) -> Rows:
        """Empty prefixes of trees over `words` [N] that have ended after `limits` [N] tokens, END counted.

        A limit is at least words + 3: a root with its two brackets, and END.
        """
        stack = torch.full((len(words), self.bounds.depth), -1, dtype=words.dtype)
        empty = {name: torch.zeros_like(words) for name in ("depth", "run", "at")}
        return {"stack": stack, "starts": torch.zeros_like(stack), **empty, "left": words.clone(), "steps": limits}

    def read(self, tokens: Tensor, rows: Rows) -> Rows:
        """The rows after one token more each [N]; BEGIN counts as none."""
        kind, depth = self.kinds[tokens], rows["depth"]
        opens, closes, leaf = (kind == each for each in (OPENS, CLOSES, IS_LEAF))
        place = depth.clamp(max=self.bounds.depth - 1)[:, None]
        label, start = self.labels[tokens][:, None], rows["at"][:, None]
        written = leaf & (rows["left"] > 0)
        return {
            "stack": rows["stack"].scatter(1, place, label.where(opens[:, None], rows["stack"].gather(1, place))),
            "starts": rows["starts"].scatter(1, place, start.where(opens[:, None], rows["starts"].gather(1, place))),
            # What the rules forbid is followed by a search only where it has nothing else, at a score of -inf.
            "depth": (depth + opens.long() - closes.long()).clamp(0, self.bounds.depth),
            "run": torch.where(opens, rows["run"] + 1, 0),
            "at": rows["at"] + written.long(),
            "left": rows["left"] - written.long(),
            "steps": rows["steps"] - (kind != OTHER).long(),
        }

    def allowed(self, rows: Rows) -> Tensor:
        """bool [N, V]: which tokens may come next."""
        depth, run, left, steps = (rows[name] for name in ("depth", "run", "left", "steps"))
        top = rows["stack"].gather(1, (depth - 1).clamp(min=0)[:, None])  # [N, 1]
        # A bracket more and its closing are two steps beside the words, the brackets to close and END.
        opens = (left > 0) & (depth < self.bounds.depth) & (run < self.bounds.run) & (steps >= left + depth + 3)
        leaf = (left > 0) & (depth > 0)
        closes = (depth > 0) & (run == 0) & ((depth > 1) | (left == 0))
        found = opens[:, None] & (self.kinds == OPENS)
        found |= leaf[:, None] & (self.kinds == IS_LEAF)
        found |= closes[:, None] & (self.kinds == CLOSES) & (self.labels == top)
        found[:, self.end] = (depth == 0) & (left == 0)
        return found

    def hold(self, logits: Tensor, rows: Rows) -> Tensor:
        """[N, V] with -inf where a token may not come next.

        A row from which no tree can come counts for nothing any more and stays as it is: a softmax over nothing is NaN.
        """
        allowed = self.allowed(rows)
        return logits.masked_fill(~allowed & allowed.any(dim=1, keepdim=True), -torch.inf)


def _kind(token: str, labels: set[str]) -> int:
    if token == LEAF:
        return IS_LEAF
    if token[1:] not in labels:
        return OTHER
    return {"(": OPENS, ")": CLOSES}.get(token[0], OTHER)
