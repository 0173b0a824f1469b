"""Sources and outputs → how a system behaves, whatever its quality: it loops, does not stop, copies, leaves spans out.

Words are compared in lower case and without punctuation; characters, in scripts without spaces. What the reference does
as well is no fault: some people do say a thing three times, and some answers are copies of their source.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores, ratio
from pipeline.metrics.units import folded
from pipeline.metrics.words import Translations

LONGEST = 8  # words of what is said again and again
TIMES = 3  # how often in a row makes a loop
COPIED = 0.5  # of an output's words stand in its source: a copy (Ott et al. 2018, section 5.2)
LIKELY = 0.1  # p(target word | source word) from which one is a translation of the other
SPAN = 3  # source words in a row without a translation


def loops(words: Sequence[str]) -> bool:
    """Whether one to LONGEST words are said TIMES times in a row."""
    for length in range(1, min(LONGEST, len(words) // TIMES) + 1):
        alike = 0  # words that are those `length` before
        for before, word in zip(words, words[length:], strict=False):
            alike = alike + 1 if before == word else 0
            if alike == (TIMES - 1) * length:
                return True
    return False


def copies(source: Sequence[str], words: Sequence[str]) -> bool:
    """Whether most of the words (numbers do not count) are words of the source."""
    counted = [word for word in words if not word.isdigit()]
    known = set(source)
    return sum(word in known for word in counted) > COPIED * len(counted)


def behaviour() -> Metric:
    """Percent of the outputs that repeat themselves, that were cut at the length limit, that copy their source."""

    def statistics(output: Output) -> np.ndarray:
        finished = output.finished or [True] * len(output.hypotheses)
        lines = zip(output.sources, output.references, output.hypotheses, finished, strict=True)
        return np.array([_behaves(*line) for line in lines])

    def scores(sums: np.ndarray) -> Scores:
        looped, cut, copied, sentences, texts = np.moveaxis(sums, -1, 0)
        return {
            "repetition": ratio(looped, sentences),
            "never_stopped_rate": ratio(cut, sentences),
            "copied_source": ratio(copied, texts),
        }

    return Metric(statistics, scores, baselines.copy)


def coverage() -> Metric:
    """Percent of the source's words that are translated, and of the outputs that leave SPAN of them in a row out.

    The words that the reference translates are due. One word translates another as the training pairs have it; a name,
    which the reference leaves as it is, translates itself.
    """
    learnt: list[Translations] = []

    def statistics(output: Output) -> np.ndarray:
        if not learnt:
            assert output.training is not None
            pairs = output.training
            learnt.append(Translations.learn([folded(s) for s in pairs.sources], [folded(t) for t in pairs.targets]))
        lines = zip(output.sources, output.references, output.hypotheses, strict=True)
        return np.array([_covers(learnt[0], *(folded(text) for text in line)) for line in lines])

    def scores(sums: np.ndarray) -> Scores:
        covered, due, spans, sentences = np.moveaxis(sums, -1, 0)
        return {"coverage": ratio(covered, due), "untranslated_span": ratio(spans, sentences)}

    def fits(source: object, reference: object) -> bool:
        return isinstance(source, str) and isinstance(reference, str)

    return Metric(statistics, scores, baselines.copy, fits=fits)


def _behaves(source: str | None, reference: str, hypothesis: str, finished: bool) -> tuple[int, ...]:
    said, due = folded(hypothesis), folded(reference)
    copied = False
    if source is not None:
        given = folded(source)
        copied = copies(given, said) and not copies(given, due)
    return loops(said) and not loops(due), not finished, copied, 1, source is not None


def _covers(known: Translations, source: list[str], reference: list[str], hypothesis: list[str]) -> tuple[int, ...]:
    kept = set(reference)
    due = [word for word in source if word in kept or _translated(known, word, reference)]
    found = [(word in kept and word in hypothesis) or _translated(known, word, hypothesis) for word in due]
    missing = longest = 0
    for covered in found:
        missing = 0 if covered else missing + 1
        longest = max(longest, missing)
    return sum(found), len(due), longest >= SPAN, 1


def _translated(known: Translations, word: str, others: list[str]) -> bool:
    return any(known(word, other) >= LIKELY for other in others)
