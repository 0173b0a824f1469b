"""Where in a stretch of sound a text is spoken, and how well it fits: CTC forced alignment with free ends.

The text may begin and end anywhere: a wildcard token that costs next to nothing stands before and after it (Pratap et
al. 2023, section 3.1.3). Scores are log-ratios to the most probable alignment of the same steps, so that a text scores
0 where it is what the recogniser heard, whatever the noise.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.search import forced

WILDCARD = -1e-3  # its log-ratio a step: a little more than that of silence, so that silence is no part of a text
NEVER = -1e4  # log-ratio of what the wildcard's own steps may not hold
STRAY = 2  # tokens
SURE = -2.0  # log-ratio of a token that is heard where it stands


@dataclass(frozen=True)
class Place:
    """Steps [start, end) in which a text is spoken, and the sum of its log-ratios.

    The ends are those of the first and the last token that are heard: one that is not heard stands anywhere, and one or
    two that stand apart were found in another text.
    """

    start: int
    end: int
    total: float
    tokens: int

    @property
    def score(self) -> float:
        """Log-ratio a token: 0 at best."""
        return self.total / self.tokens

    def benefit(self, proof: float) -> float:
        """The score with the benefit of the doubt: few tokens prove little."""
        return (self.total + proof) / self.tokens


def place(ratios: np.ndarray, tokens: np.ndarray, first: int, last: int, apart: int) -> Place | None:
    """The best place of `tokens` int [U] in steps [first, last) of `ratios` float32 [S, V]; None where it is too short.

    The blank is token 0; `tokens` hold none. More than `apart` steps within a text are a gap.
    """
    window = ratios[first:last]
    steps, size = window.shape
    emissions = np.full((steps + 2, size + 1), WILDCARD, np.float32)  # the last column is the wildcard's
    emissions[1:-1, :-1] = window
    emissions[[0, -1], :-1] = NEVER  # so that a wildcard need not take a step of the window itself
    spans = forced.align(emissions, np.concatenate([[size], tokens, [size]])) if len(tokens) else None
    if spans is None:
        return None
    said = spans[1:-1]
    begins, ends = (np.array([getattr(span, side) for span in said]) - 1 for side in ("begin", "end"))
    silence = np.concatenate([[0], np.cumsum(window[:, 0], dtype=np.float64)])
    total = sum(span.score * (span.end - span.begin) for span in said)
    total += float((silence[begins[1:]] - silence[ends[:-1]]).sum())
    sure = np.array([span.score >= SURE for span in said])
    heard = sure if sure.any() else np.ones(len(said), dtype=bool)
    start, end = _ends(begins[heard], ends[heard], apart)
    return Place(first + start, first + end, total, len(tokens))


def _ends(begins: np.ndarray, ends: np.ndarray, apart: int) -> tuple[int, int]:
    """The outer ends of tokens [N], without STRAY or fewer at either end that a gap parts from the rest."""
    gaps = np.flatnonzero(begins[1:] - ends[:-1] >= apart) + 1  # the tokens that a gap stands before
    few = min(STRAY, len(begins) - STRAY - 1)
    front = gaps[0] if len(gaps) and gaps[0] <= few else 0
    back = gaps[-1] if len(gaps) and len(begins) - gaps[-1] <= few and gaps[-1] > front else len(begins)
    return int(begins[front]), int(ends[back - 1])
