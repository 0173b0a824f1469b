"""References and hypotheses → word and character error rates, and the alignment behind them (jiwer).

Over a corpus the rate is (S + D + I) / (H + S + D) of the sums, never a mean of sentences. Nothing is normalised but
white space: what counts as an error (case, punctuation) is decided where the text is made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jiwer
import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, ratio

KINDS = ("equal", "substitute", "delete", "insert")  # the columns of the statistics: H, S, D, I


@dataclass(frozen=True)
class Edit:
    """One step of an alignment: the words (or characters) of a run of the same kind; one side may be empty."""

    kind: str  # one of KINDS
    reference: tuple[str, ...]
    hypothesis: tuple[str, ...]


def align_words(references: Sequence[str], hypotheses: Sequence[str]) -> list[list[Edit]]:
    """The cheapest edits that turn each reference into its hypothesis, word by word."""
    return _align(jiwer.process_words, references, hypotheses)


def align_characters(references: Sequence[str], hypotheses: Sequence[str]) -> list[list[Edit]]:
    """The same, character by character; a space is a character."""
    return _align(jiwer.process_characters, references, hypotheses)


def count_edits(alignments: Sequence[Sequence[Edit]]) -> np.ndarray:
    """int [N, 4]: hits, substitutions, deletions, insertions of each sentence."""
    counts = np.zeros((len(alignments), len(KINDS)), dtype=np.int64)
    for row, edits in zip(counts, alignments, strict=True):
        for edit in edits:
            row[KINDS.index(edit.kind)] += max(len(edit.reference), len(edit.hypothesis))
    return counts


def error_rate(sums: np.ndarray) -> np.ndarray:
    """(S + D + I) / (H + S + D) in percent, [..., 4] → [...]. It may exceed 100; NaN where the references are empty."""
    hits, substitutions, deletions, insertions = np.moveaxis(sums, -1, 0)
    return ratio(substitutions + deletions + insertions, hits + substitutions + deletions)


def wer() -> Metric:
    return _metric("wer", align_words)


def cer() -> Metric:
    return _metric("cer", align_characters)


def _metric(name: str, align: Callable[[Sequence[str], Sequence[str]], list[list[Edit]]]) -> Metric:
    def statistics(output: Output) -> np.ndarray:
        return count_edits(align(output.references, output.hypotheses))

    def scores(sums: np.ndarray) -> Scores:
        return {name: error_rate(sums)}

    counts = {f"{name}_substitutions": 1, f"{name}_deletions": 2, f"{name}_insertions": 3}
    return Metric(statistics, scores, baselines.most_frequent, counts)


def _align(process: Callable[..., Any], references: Sequence[str], hypotheses: Sequence[str]) -> list[list[Edit]]:
    if not references:
        return []
    found = process([" ".join(r.split()) for r in references], [" ".join(h.split()) for h in hypotheses])
    return [
        [
            Edit(
                chunk.type,
                tuple(reference[chunk.ref_start_idx : chunk.ref_end_idx]),
                tuple(hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]),
            )
            for chunk in chunks
        ]
        for reference, hypothesis, chunks in zip(found.references, found.hypotheses, found.alignments, strict=True)
    ]
