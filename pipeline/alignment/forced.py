"""Where in a stretch of sound a text is spoken, and how well it fits: CTC forced alignment with free ends.

The text may begin and end anywhere: a wildcard token that costs nothing stands before and after it (Pratap et al. 2023,
section 3.1.3). Scores are log-ratios to the most probable alignment of the same steps, so that a text scores 0 where it
is what the recogniser heard, whatever the noise.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torchaudio.functional import forced_align

NEVER = -1e4  # log-probability of what the wildcard's own steps may not hold
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


def place(ratios: np.ndarray, tokens: np.ndarray, first: int, last: int, apart: int) -> Place | None:
    """The best place of `tokens` int [U] in steps [first, last) of `ratios` float32 [S, V]; None where it is too short.

    The blank is token 0; `tokens` hold none. More than `apart` steps within a text are a gap.
    """
    window = ratios[first:last]
    steps, size = window.shape
    needed = len(tokens) + int((tokens[1:] == tokens[:-1]).sum())
    if not len(tokens) or steps < needed:
        return None
    emissions = np.zeros((1, steps + 2, size + 1), np.float32)  # the last column is the wildcard's
    emissions[0, 1:-1, :-1] = window
    emissions[0, [0, -1], :-1] = NEVER  # so that a wildcard need not take a step of the window itself
    target = np.concatenate([[size], tokens, [size]]).astype(np.int32)
    path, scores = forced_align(torch.from_numpy(emissions), torch.from_numpy(target)[None], blank=0)
    said = np.flatnonzero((path[0] != 0) & (path[0] != size))
    total = float(scores[0, said[0] : said[-1] + 1].sum())
    sure = said[scores[0, said].numpy() >= SURE]
    start, end = _ends(sure if len(sure) else said, apart)
    return Place(first + start - 1, first + end, total, len(tokens))


def _ends(steps: np.ndarray, apart: int) -> tuple[int, int]:
    """The first and the last of the steps [N], without STRAY or fewer at either end that a gap parts from the rest."""
    for _ in range(2):  # from the front, then from the back
        gaps = np.flatnonzero(np.abs(np.diff(steps)) > apart) + 1
        if len(gaps) and gaps[0] <= STRAY and len(steps) - gaps[0] > STRAY:
            steps = steps[gaps[0] :]
        steps = steps[::-1]
    return int(steps[0]), int(steps[-1])
