"""Reference and found answers → exact match and F1 over words, as SQuAD scores them (Rajpurkar et al. 2016, section 6).

Both are compared in lower case, without punctuation and without English articles. F1 is the harmonic mean of the shares
of found and of reference words that are in both, averaged over the questions.
"""

import re
import string
from collections import Counter

import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, ratio

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normal(answer: str) -> list[str]:
    """The words of an answer that count."""
    return re.sub(r"\b(a|an|the)\b", " ", answer.lower().translate(_PUNCTUATION)).split()


def word_f1(reference: str, hypothesis: str) -> float:
    """F1 of the words of two answers, 0 to 1; of two without words: 1."""
    gold, found = normal(reference), normal(hypothesis)
    if not gold or not found:
        return float(gold == found)
    shared = (Counter(gold) & Counter(found)).total()
    return 2 * shared / (len(gold) + len(found))


def answers() -> Metric:
    def statistics(output: Output) -> np.ndarray:
        """float [N, 3]: 1 where they match, F1, 1."""
        pairs = list(zip(output.references, output.hypotheses, strict=True))
        return np.array(
            [[normal(gold) == normal(found), word_f1(gold, found), 1] for gold, found in pairs], dtype=float
        )

    def scores(sums: np.ndarray) -> Scores:
        matched, f1, questions = np.moveaxis(sums, -1, 0)
        return {"exact_match": ratio(matched, questions), "f1": ratio(f1, questions)}

    return Metric(statistics, scores, baselines.most_frequent)
