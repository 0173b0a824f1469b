"""Summaries → ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004), by the package rouge-score.

F scores over stemmed words, the mean over summaries. A reference may hold several summaries, one a line: the one most
alike counts, as is usual where a text has several (SciTLDR, say). The trivial system gives the first sentence.
"""

from importlib.metadata import version
from typing import Any

import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, ratio

KINDS = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}  # in score files: in rouge-score
STEMMED = True  # Porter's, of English: other words lose an ending at most


def rouge() -> Metric:
    from rouge_score.rouge_scorer import RougeScorer  # takes a second to import, and other metrics need none

    scorer = RougeScorer([*KINDS.values()], use_stemmer=STEMMED)

    def statistics(output: Output) -> np.ndarray:
        rows = []
        for reference, hypothesis in zip(output.references, output.hypotheses, strict=True):
            found = scorer.score_multi(reference.splitlines() or [""], hypothesis)
            rows.append([*(found[kind].fmeasure for kind in KINDS.values()), 1.0])
        return np.array(rows)

    def scores(sums: np.ndarray) -> Scores:
        return {name: ratio(sums[..., i], sums[..., -1]) for i, name in enumerate(KINDS)}

    def signature() -> str:
        return f"rouge-score:{version('rouge-score')}|stemmed:{'yes' if STEMMED else 'no'}|references:best|F1"

    def fits(source: Any, reference: Any) -> bool:
        return isinstance(source, str) and isinstance(reference, str)

    return Metric(statistics, scores, baselines.lead, signature=signature, fits=fits)
