"""Log-probabilities that a language model gave to texts → how many tokens it was in doubt between.

Perplexity is exp(-1/N · Σ log P(text)) over the N tokens of all texts, with the end of each counted as one (Jelinek et
al. 1977). It depends on what a token is; bits a character, -1/C · Σ log2 P(text), compare models of different tokens.
"""

import math
from collections import Counter
from typing import Any

import numpy as np

from pipeline.metrics.metric import Metric, Output, Scores, Training


def perplexity() -> Metric:
    """The hypotheses are log P of the texts; the references, and what the trivial system learns from, are token ids."""
    return Metric(_statistics, _scores, unigrams, fits=lambda source, reference: source == reference, of="likelihood")


def output_perplexity() -> Metric:
    """How sure a system is of what it writes: exp(-1/N · Σ log P(output)) over the N tokens of all outputs.

    The hypotheses are log P a token, which is what a search scores by at its length penalty of 1; the references are
    the token ids of the outputs. There is no trivial system: the lowest is no better than the highest.
    """

    def statistics(output: Output) -> np.ndarray:
        lengths = np.array([len(tokens) + 1 for tokens in output.references], dtype=float)
        return np.stack([-np.array(output.hypotheses) * lengths, lengths], axis=1)

    def scores(sums: np.ndarray) -> Scores:
        surprise, tokens = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
        return {"output_perplexity": np.exp(surprise / tokens)}

    return Metric(statistics, scores, None, of="own likelihood")


def unigrams(training: Training, texts: list[Any]) -> list[float]:
    """log P of each text, its tokens drawn one by one as often as in training; one never seen counts as seen once."""
    counts = Counter(int(token) for tokens in training.targets for token in tokens)
    ends = len(training.targets) + 1
    total = sum(counts.values()) + len(counts) + ends + 1  # and one for all that were never seen

    def log_p(count: int) -> float:
        return math.log(count / total)

    return [sum(log_p(counts[int(token)] + 1) for token in tokens) + log_p(ends) for tokens in texts]


def _statistics(output: Output) -> np.ndarray:
    """-log P, tokens and characters of each text [N, 3]; the end of a text counts as a token and as a character."""
    texts = (source if isinstance(source, str) else " ".join(source) for source in output.sources)
    return np.array(
        [
            (-log_p, len(tokens) + 1, len(text) + 1)
            for log_p, tokens, text in zip(output.hypotheses, output.references, texts, strict=True)
        ],
        dtype=float,
    )


def _scores(sums: np.ndarray) -> Scores:
    surprise, tokens, characters = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    return {"perplexity": np.exp(surprise / tokens), "bits_per_character": surprise / characters / math.log(2)}
