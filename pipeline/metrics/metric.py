"""What every metric is: statistics of each sentence, a function from their sum to scores, and a trivial system.

A corpus score is a function of sums over sentences, never a mean of sentence scores. So the statistics are all that the
bootstrap needs, and one function serves the test set and its resamples alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from pipeline.outcomes import Interval

Scores = Mapping[str, np.ndarray]  # name → [...], NaN where a score is undefined (no unknown word in the test, say)


@dataclass(frozen=True)
class Training:
    """What the trivial system may learn from, and what tells which word translates which."""

    sources: list[Any]  # empty where the source is audio
    targets: list[Any]


@dataclass(frozen=True)
class Output:
    """A decoded test set: an entry a sentence in each list, texts or lists of words."""

    sources: list[Any]  # None where the source is audio
    references: list[Any]
    hypotheses: list[Any]
    known: frozenset[str] = frozenset()  # the words of the training source, where it is words
    finished: Sequence[bool] = ()  # False: cut at the length limit; empty where all have ended
    training: Training | None = None
    intervals: Sequence[Interval] = ()  # of forecasts, an entry each; empty where the system tells none
    # How likely each token of the vocabulary is, [places, V] an entry; empty where the system does not tell.
    marginals: Sequence[np.ndarray] = ()
    vocabulary: Sequence[str] = ()  # [V]


@dataclass(frozen=True)
class Metric:
    """`statistics(output)` → [N, K]; `scores` of their sums [..., K]; `baseline` answers without a model."""

    statistics: Callable[[Output], np.ndarray]
    scores: Callable[[np.ndarray], Scores]
    # Training, test sources → hypotheses. None where there is nothing to learn from text.
    baseline: Callable[[Training, list[Any]], list[Any]] | None
    counts: Mapping[str, int] = field(default_factory=dict)  # name in the score file → column of the statistics
    signature: Callable[[], str] | None = None  # asked for after `statistics`
    fits: Callable[[Any, Any], bool] = lambda source, reference: isinstance(reference, str)
    decimals: int = 2  # of the scores as they are written: what competitors quote
    tokenised: bool = False  # compare texts as the target's codec tokenises them, not as people write them
    # What is compared: values of a field; `audio.Stretch`es; hypotheses alone, by their `synthesis.Walk`s; how likely a
    # system finds the texts, or what it writes itself; or where it looks for an answer, with the field `support`.
    of: Literal["values", "sound", "walk", "likelihood", "own likelihood", "focus"] = "values"


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """100 part / whole, in percent; NaN where the whole is nothing."""
    whole = np.asarray(whole, dtype=float)
    rates: np.ndarray = np.divide(100.0 * part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return rates
