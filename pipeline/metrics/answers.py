"""Reference and found answers → exact match and F1 over words, as SQuAD scores them (Rajpurkar et al. 2016, section 6).

Both are compared in lower case, without punctuation and without English articles. F1 is the harmonic mean of the shares
of found and of reference words that are in both, averaged over the questions.

Where a system looks at sentences (a row of attention a hop), `support` holds those that it looks at most against those
that the answer follows from: precision, recall and F1 over all questions.
"""

import re
import string
from collections import Counter
from typing import Any

import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, Training, ratio
from pipeline.questions import MARK

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


def support() -> Metric:
    def statistics(output: Output) -> np.ndarray:
        """int [N, 3]: sentences that are in both, looked at, supporting. Several hops may look at one sentence."""
        pairs = [(set(gold), set(found)) for gold, found in zip(output.references, output.hypotheses, strict=True)]
        return np.array([[len(gold & found), len(found), len(gold)] for gold, found in pairs])

    def scores(sums: np.ndarray) -> Scores:
        shared, found, gold = np.moveaxis(sums, -1, 0)
        return {
            "support_f1": ratio(2 * shared, found + gold),
            "support_precision": ratio(shared, found),
            "support_recall": ratio(shared, gold),
        }

    def latest(training: Training, sources: list[Any]) -> list[Any]:
        """The last sentence of each story, as `questions.joined` writes it behind the question."""
        return [[source.split().count(MARK) - 1] for source in sources]

    return Metric(statistics, scores, latest, fits=_texts, of="focus")


def _texts(source: Any, reference: Any) -> bool:
    return isinstance(source, str) and isinstance(reference, str)
