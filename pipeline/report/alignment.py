"""A reference and a hypothesis in, the pairs that a minimal edit distance lines up out."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from pipeline.metrics.error_rate import align_words

KINDS = {"equal": "", "substitute": "substituted", "insert": "inserted", "delete": "deleted"}


@dataclass(frozen=True)
class Pair:
    """A column of the alignment. `kind` is empty where both sides agree."""

    reference: str
    hypothesis: str
    kind: str
    above: str = ""  # what stands over both: the word that two tags compete for


def align(references: Sequence[Sequence[str]], hypotheses: Sequence[Sequence[str]]) -> list[list[Pair]]:
    """Pairs in reading order, for each sentence given as units; an empty string for what is missing on a side."""
    aligned = align_words([" ".join(units) for units in references], [" ".join(units) for units in hypotheses])
    return [
        [
            Pair(left, right, KINDS[edit.kind])
            for edit in edits
            for left, right in zip_longest(edit.reference, edit.hypothesis, fillvalue="")
        ]
        for edits in aligned
    ]


def tagged(words: Sequence[str], reference: Sequence[str], hypothesis: Sequence[str]) -> list[Pair]:
    """A tag a word on both sides: nothing to search, tags meet under their word."""
    columns = zip_longest(words, reference, hypothesis, fillvalue="")
    return [Pair(gold, found, "" if gold == found else "substituted", above=word) for word, gold, found in columns]


def labelled(reference: Sequence[str], hypothesis: Sequence[str]) -> list[Pair]:
    """Labels in any order: those of both sides, those that are missing, those that are too many."""
    both = [label for label in reference if label in hypothesis]
    return [
        *(Pair(label, label, "") for label in both),
        *(Pair(label, "", "deleted") for label in reference if label not in both),
        *(Pair("", label, "inserted") for label in hypothesis if label not in both),
    ]


def errors(pairs: Sequence[Pair]) -> int:
    return sum(1 for pair in pairs if pair.kind)
