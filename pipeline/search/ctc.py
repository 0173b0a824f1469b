"""Search for connectionist temporal classification: log-probabilities a frame, [B, T, V] → token sequences.

An alignment names one symbol a frame, the blank (id 0) among them; `collapse` turns it into the sequence it stands for
by merging repeats and then dropping blanks (Graves et al. 2006, section 3.1). `greedy` collapses the single best
alignment. `prefix_beam` adds up the alignments that collapse to the same sequence (Hannun et al. 2014, algorithm 1),
for all utterances of a batch at once.
"""

import numpy as np
import torch
from torch import Tensor

from pipeline.records import Hypothesis
from pipeline.search.prior import Prior
from pipeline.state import State

BLANK = 0

# The keys of prefixes: a hash of their tokens, modulo 2^64. Slots of the beam that hold nothing match no prefix.
_EMPTY, _ABOVE_EMPTY, _UNUSED, _ABOVE_UNUSED = (np.uint64(2**63 + i) for i in range(4))
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, and large in every byte: 2^64 over the golden ratio
_STEP = np.uint64(0xD1B54A32D192ED03)


def steps_needed(tokens: np.ndarray) -> int:
    """The steps of the shortest alignment: one a token, and a blank between two that are the same; at least one."""
    return max(len(tokens) + int((tokens[1:] == tokens[:-1]).sum()), 1)


def collapse(alignment: np.ndarray) -> list[int]:
    """int [T] → the tokens it stands for: one for each run of the same id, without the blanks."""
    starts = np.ones(len(alignment), dtype=bool)
    starts[1:] = alignment[1:] != alignment[:-1]
    tokens: list[int] = alignment[starts & (alignment != BLANK)].tolist()
    return tokens


def greedy(log_probs: np.ndarray, lengths: np.ndarray) -> list[list[Hypothesis]]:
    """The most probable alignment of each utterance, collapsed; its score is the alignment's log-probability.

    log_probs: float [B, T, V]; lengths: int [B], frames. Returns a list of one hypothesis for each utterance.
    """
    best = log_probs.argmax(axis=2)  # [B, T]
    scores = np.take_along_axis(log_probs, best[:, :, None], axis=2)[:, :, 0].astype(np.float64)
    return [
        [Hypothesis(tokens=collapse(alignment[:length]), score=float(score[:length].sum()))]
        for alignment, score, length in zip(best, scores, lengths, strict=True)
    ]


def prefix_beam(
    log_probs: np.ndarray,
    lengths: np.ndarray,
    *,
    beam_size: int,
    candidates: int = 0,
    n_best: int = 1,
    length_penalty: float = 0.0,
    prior: Prior | None = None,
    begin: int = BLANK,
    end: int = BLANK,
) -> list[list[Hypothesis]]:
    """The `n_best` best token sequences Y of each utterance; without a prior their scores are log-probabilities.

    log_probs: float [B, T, V]; lengths: int [B], frames. A prefix is only lengthened by the `candidates` most probable
    tokens of a frame (0: by all). Y scores log P(Y) / |Y|^length_penalty + what `prior` adds for its tokens, which
    begin with `begin` and have `end` behind them, when the audio is over; `end` is counted in |Y|. The prior is asked
    once for each prefix that enters the beam.
    """
    order = np.argsort(-lengths, kind="stable")  # longest first: the utterances still running are always rows [:n]
    lengths = lengths[order]
    log_probs = log_probs[order].astype(np.float64)
    beam = _Beam(len(order), beam_size, log_probs.shape[2], length_penalty, prior, begin)
    tried = _candidates(log_probs, candidates)  # [B, T, C]
    back: list[tuple[np.ndarray, np.ndarray]] = []  # a frame: the slot each prefix comes from, and the token it gained
    for t in range(int(lengths.max(initial=0))):
        running = int(np.searchsorted(-lengths, -t, side="left"))  # lengths > t
        back.append(beam.advance(log_probs[:running, t], tried[:running, t]))
    scores = beam.scores(end)
    found: list[list[Hypothesis]] = [[] for _ in order]
    for b, utterance in enumerate(order):
        for slot in np.argsort(-scores[b], kind="stable")[:n_best]:
            if scores[b, slot] > -np.inf:
                tokens = _trace(back[: lengths[b]], b, int(slot))
                found[utterance].append(Hypothesis(tokens=tokens, score=float(scores[b, slot])))
    return found


class _Beam:
    """K prefixes for each of B utterances, with the probability of the alignments that lead to each.

    As in Hannun et al., these are kept in two sums: alignments that end in the blank, after which a repeat of the last
    token is a new token, and alignments that end in the last token itself, after which it is the same one. All prefixes
    of a frame explain the same audio, so they are ranked by |Y|^penalty times their score: log P + |Y|^penalty · given.
    """

    def __init__(self, rows: int, slots: int, vocabulary: int, penalty: float, prior: Prior | None, begin: int):
        self.blank = np.full((rows, slots), -np.inf)  # [B, K]
        self.label = np.full((rows, slots), -np.inf)
        self.last = np.full((rows, slots), -1)  # the last token; -1: there is none yet
        self.key = np.full((rows, slots), _UNUSED)
        self.parent = np.full((rows, slots), _ABOVE_UNUSED)  # the key of the prefix without its last token
        self.blank[:, 0] = 0  # the beam begins with the empty prefix alone
        self.key[:, 0] = _EMPTY
        self.parent[:, 0] = _ABOVE_EMPTY
        self.length = np.ones((rows, slots))  # |Y|, the end counted
        self.penalty = penalty
        self.prior = prior
        if prior is not None:
            self.given = np.zeros((rows, slots))  # what the prior has added so far
            first, self.state = prior.step(torch.full((1,), begin), prior.start(1))
            self.state = self.state.select(torch.zeros(rows * slots, dtype=torch.long))
            self.next = np.broadcast_to(_numbers(first), (rows, slots, vocabulary)).copy()  # [B, K, V]

    def advance(self, log_probs: np.ndarray, tried: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One frame for the first n utterances. log_probs: [n, V]; tried: [n, C].

        Returns, both [n, K], the slot that each prefix was in and the token it gained (-1: it is the same prefix).
        """
        n, slots = len(log_probs), self.blank.shape[1]
        rows = np.arange(n)[:, None]
        blank, label, last = self.blank[:n], self.label[:n], self.last[:n]
        key, parent = self.key[:n], self.parent[:n]
        total = np.logaddexp(blank, label)
        emitted = np.take_along_axis(log_probs, tried, axis=1)  # [n, C]
        repeated = np.where(last >= 0, log_probs[rows, last], -np.inf)  # [n, K]

        # The prefix stays as it is: another blank, or its last token once more.
        stay_blank = total + log_probs[:, BLANK, None]
        stay_label = label + repeated
        # It gains a token; the same token again needs a blank in between.
        is_repeat = tried[:, None, :] == last[:, :, None]  # [n, K, C]
        gain = np.where(is_repeat, blank[:, :, None], total[:, :, None]) + emitted[:, None, :]
        # Where the lengthened prefix is in the beam already, its alignments are added to that one's.
        is_child = parent[:, :, None] == key[:, None, :]  # [n, child, parent]
        row, child = np.nonzero(is_child.any(axis=2))
        source = is_child[row, child].argmax(axis=1)
        token = last[row, child]
        mass = np.where(token == last[row, source], blank[row, source], total[row, source]) + log_probs[row, token]
        stay_label[row, child] = np.logaddexp(stay_label[row, child], mass)
        pair, column = np.nonzero(tried[row] == token[:, None])
        gain[row[pair], source[pair], column] = -np.inf

        # The best K of the K prefixes and their K x C lengthenings.
        scores = np.concatenate([np.logaddexp(stay_blank, stay_label), gain.reshape(n, -1)], axis=1)
        if self.prior is not None:
            given, length = self.given[:n], self.length[:n]
            step = np.take_along_axis(self.next[:n], tried[:, None, :].repeat(slots, axis=1), axis=2)
            longer = given[:, :, None] + step
            added = np.concatenate([given, longer.reshape(n, -1)], axis=1)
            factor = np.concatenate([length, np.repeat(length + 1, tried.shape[1], axis=1)], axis=1) ** self.penalty
            scores = scores + factor * added
        chosen = _best(scores, slots)  # [n, K]
        gained = chosen >= slots
        came_from = np.where(gained, (chosen - slots) // tried.shape[1], chosen)
        tokens = np.where(gained, tried[rows, (chosen - slots) % tried.shape[1]], -1)

        alive = scores[rows, chosen] > -np.inf
        old_key = key[rows, came_from]
        new_key = (old_key ^ (old_key >> np.uint64(29))) * _FACTOR + (tokens + 1).astype(np.uint64) * _STEP
        self.blank[:n] = np.where(gained, -np.inf, stay_blank[rows, came_from])
        self.label[:n] = np.where(
            gained, gain.reshape(n, -1)[rows, np.maximum(chosen - slots, 0)], stay_label[rows, came_from]
        )
        self.last[:n] = np.where(gained, tokens, last[rows, came_from])
        self.parent[:n] = np.where(alive, np.where(gained, old_key, parent[rows, came_from]), _ABOVE_UNUSED)
        self.key[:n] = np.where(alive, np.where(gained, new_key, old_key), _UNUSED)
        self.length[:n] = self.length[:n][rows, came_from] + gained
        if self.prior is not None:
            self.given[:n] = added[rows, chosen]
            self.next[:n] = self.next[:n][rows, came_from]
            self._ask(self.prior, came_from, tokens, gained & alive)
        return came_from, tokens

    def scores(self, end: int) -> np.ndarray:
        """[B, K], with what the prior says of a prefix, and of its ending here."""
        total: np.ndarray = np.logaddexp(self.blank, self.label) / self.length**self.penalty
        return total if self.prior is None else total + self.given + self.next[:, :, end]

    def _ask(self, prior: Prior, came_from: np.ndarray, tokens: np.ndarray, new: np.ndarray) -> None:
        """Move the prior's states with their prefixes, and ask it what may follow those that are new; all [n, K]."""
        n, slots = came_from.shape
        origin = (came_from + np.arange(n)[:, None] * slots).reshape(-1)
        self.state = self.state.select(torch.from_numpy(origin))
        rows = np.flatnonzero(new)
        if len(rows):
            asked = torch.from_numpy(rows)
            added, state = prior.step(torch.from_numpy(tokens.reshape(-1)[rows]), self.state.select(asked))
            self.state = _written(self.state, asked, state)
            self.next.reshape(-1, self.next.shape[2])[rows] = _numbers(added)


def _written(state: State, rows: Tensor, part: State) -> State:
    """`state` with `part` in place of some of its rows; a tensor [N, T, ...] grows along T where the part's has."""
    prefix = {}
    for name, whole in state.prefix.items():
        new = part.prefix[name]
        if new.dim() > 1 and new.shape[1] > whole.shape[1]:
            grown = whole.new_zeros(len(whole), *new.shape[1:])
            grown[:, : whole.shape[1]] = whole
            whole = grown
        prefix[name] = whole.index_copy(0, rows, new)
    return State(prefix, state.source)


def _numbers(tensor: Tensor) -> np.ndarray:
    values: np.ndarray = tensor.double().cpu().numpy()
    return values


def _candidates(log_probs: np.ndarray, count: int) -> np.ndarray:
    """The ids of the `count` most probable tokens of each frame, the blank not among them: [B, T, C]."""
    rows, frames, size = log_probs.shape
    if not 0 < count < size - 1:
        return np.broadcast_to(np.arange(1, size), (rows, frames, size - 1))
    best: np.ndarray = np.argpartition(-log_probs[:, :, 1:], count - 1, axis=2)[:, :, :count] + 1
    return best


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    """The columns of the `count` highest scores of each row, [n, count]; equal scores keep the order of the columns."""
    if scores.shape[1] > count:
        top = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    else:
        top = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def _trace(back: list[tuple[np.ndarray, np.ndarray]], row: int, slot: int) -> list[int]:
    """Follow a prefix from its last frame to its first and read off the tokens that it gained."""
    tokens: list[int] = []
    for came_from, gained in reversed(back):
        if gained[row, slot] >= 0:
            tokens.append(int(gained[row, slot]))
        slot = int(came_from[row, slot])
    return tokens[::-1]
