"""What each word may be and a weighted grammar in, the best tree of the words out: CKY (Jurafsky and Martin, ch. 17).

A chart cell holds the log-probability of the best tree of every symbol over a span of words. Cells of one width are
filled together, [S, spans], and of one width all splits of one place: a sentence of n words takes n²/2 steps of array
arithmetic. Trees are not stored while it is filled: the best one is found again from the top, from the scores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

Tree = tuple[int, int, list["Tree"]]  # symbol, first word, children; a tag has none


@dataclass(frozen=True)
class Rules:
    """A grammar over S symbols. Rules of two children are sorted by their parent; weights are log-probabilities."""

    symbols: int
    parents: np.ndarray  # int [R]
    lefts: np.ndarray  # int [R]
    rights: np.ndarray  # int [R]
    weights: np.ndarray  # float32 [R]
    unary: Mapping[tuple[int, int], float]  # (parent, child) → weight
    roots: np.ndarray  # float32 [S], -inf for what is no root

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lefts [P] and rights [P] of the distinct pairs of children, and which of them each rule has [R]."""
        keys, places = np.unique(self.lefts.astype(np.int64) * self.symbols + self.rights, return_inverse=True)
        return keys // self.symbols, keys % self.symbols, places.reshape(-1)

    @cached_property
    def groups(self) -> tuple[np.ndarray, np.ndarray]:
        """The symbols that have rules of two children, and where the rules of each begin."""
        return np.unique(self.parents, return_index=True)

    @cached_property
    def chains(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[tuple[int, int], int]]:
        """The best chains of one-child rules: parents, descendants and weights, sorted by parents; and by both of them
        the child that the chain goes through first.

        A weight is no probability above 1, so no chain is better for passing a symbol twice.
        """
        best: dict[tuple[int, int], float] = {}
        first: dict[tuple[int, int], int] = {}
        new = {pair: float(weight) for pair, weight in self.unary.items() if pair[0] != pair[1]}
        first |= {pair: pair[1] for pair in new}
        above: dict[int, list[tuple[int, float]]] = {}
        for (parent, child), weight in new.items():
            above.setdefault(child, []).append((parent, weight))
        while new:
            best |= new
            longer: dict[tuple[int, int], float] = {}
            for (middle, end), weight in new.items():
                for parent, step in above.get(middle, []):
                    total = weight + step
                    known = max(best.get((parent, end), -np.inf), longer.get((parent, end), -np.inf))
                    if parent != end and total > known:
                        longer[parent, end] = total
                        first[parent, end] = middle
            new = longer
        order = sorted(best)
        ends = np.array(order, dtype=np.int64).reshape(-1, 2)
        return ends[:, 0], ends[:, 1], np.array([best[pair] for pair in order], dtype=np.float32), first


def cky(leaves: Sequence[tuple[np.ndarray, np.ndarray]], rules: Rules) -> tuple[Tree, float] | None:
    """The best tree, and its log-probability; None where the grammar has none for these words.

    `leaves`: of each word the symbols that it may be, int [C], and their weights, float [C].
    """
    if not leaves:
        return None
    chart = Chart(leaves, rules)
    totals = chart.closed[-1][:, 0] + rules.roots
    root = int(totals.argmax())
    if not np.isfinite(totals[root]):
        return None
    return chart.tree(root, 0, len(leaves)), float(totals[root])


class Chart:
    """By width of a span less one: the scores [S, spans] of trees whose root has two children (or is a tag), and
    those with chains of one-child rules above them."""

    def __init__(self, leaves: Sequence[tuple[np.ndarray, np.ndarray]], rules: Rules):
        self.rules = rules
        count = len(leaves)
        lowest = np.full((rules.symbols, count), -np.inf, dtype=np.float32)
        for place, (symbols, weights) in enumerate(leaves):
            lowest[symbols, place] = weights
        self.opened, self.closed = [lowest], [self._close(lowest)]
        for width in range(2, count + 1):
            cell = self._combine(width, count - width + 1)
            self.opened.append(cell)
            self.closed.append(self._close(cell))

    def _combine(self, width: int, spans: int) -> np.ndarray:
        """The best over all splits and all rules of two children."""
        lefts, rights, places = self.rules.pairs
        best = np.full((len(lefts), spans), -np.inf, dtype=np.float32)
        one, other = np.empty_like(best), np.empty_like(best)
        for split in range(1, width):
            np.take(self.closed[split - 1][:, :spans], lefts, axis=0, out=one, mode="clip")
            np.take(self.closed[width - split - 1][:, split : split + spans], rights, axis=0, out=other, mode="clip")
            np.maximum(best, np.add(one, other, out=one), out=best)
        cell = np.full((self.rules.symbols, spans), -np.inf, dtype=np.float32)
        parents, starts = self.rules.groups
        if len(parents):
            cell[parents] = np.maximum.reduceat(best[places] + self.rules.weights[:, None], starts, axis=0)
        return cell

    def _close(self, cell: np.ndarray) -> np.ndarray:
        parents, ends, weights, _ = self.rules.chains
        closed = cell.copy()
        if len(parents):
            heads, starts = np.unique(parents, return_index=True)
            above = np.maximum.reduceat(cell[ends] + weights[:, None], starts, axis=0)
            closed[heads] = np.maximum(cell[heads], above)
        return closed

    def tree(self, symbol: int, start: int, width: int) -> Tree:
        """The best tree of a symbol over a span."""
        parents, ends, weights, first = self.rules.chains
        cell = self.opened[width - 1][:, start]
        low, high = np.searchsorted(parents, [symbol, symbol + 1])
        chain = cell[ends[low:high]] + weights[low:high]
        end = symbol
        if len(chain) and chain.max() > cell[symbol]:
            end = int(ends[low + chain.argmax()])
        path = [symbol]
        while path[-1] != end:
            path.append(first[path[-1], end])
        tree: Tree = (end, start, list(self._children(end, start, width)) if width > 1 else [])
        for above in reversed(path[:-1]):
            tree = (above, start, [tree])
        return tree

    def _children(self, symbol: int, start: int, width: int) -> Iterator[Tree]:
        low, high = np.searchsorted(self.rules.parents, [symbol, symbol + 1])
        lefts, rights, weights = (x[low:high] for x in (self.rules.lefts, self.rules.rights, self.rules.weights))
        scores = np.stack(
            [
                self.closed[split - 1][lefts, start] + self.closed[width - split - 1][rights, start + split] + weights
                for split in range(1, width)
            ]
        )
        split, rule = np.unravel_index(scores.argmax(), scores.shape)
        yield self.tree(int(lefts[rule]), start, int(split) + 1)
        yield self.tree(int(rights[rule]), start + int(split) + 1, width - int(split) - 1)
