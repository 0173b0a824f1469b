"""A reference and a hypothesis in, the pairs that a minimal edit distance lines up out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from unicodedata import category

from pipeline.metrics.error_rate import align_words

# Scripts that put no spaces between words are compared by characters: kana, Han, compatibility ideographs.
UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
UNIT = re.compile(f"[{UNSPACED}]|[^\\s{UNSPACED}]+")

KINDS = {"equal": "", "substitute": "substituted", "insert": "inserted", "delete": "deleted"}


@dataclass(frozen=True)
class Pair:
    """A column of the alignment. `kind` is empty where both sides agree."""

    reference: str
    hypothesis: str
    kind: str
    above: str = ""  # what stands over both: the word that two tags compete for


def unspaced(text: str) -> bool:
    """Whether a text is in a script that puts no spaces between words."""
    return re.search(f"[{UNSPACED}]", text) is not None


def units(value: str | Sequence[str]) -> list[str]:
    """What is compared: the items of a list; the words of a text, punctuation apart; characters in unspaced scripts."""
    words = value.split() if isinstance(value, str) else " ".join(value).split()
    return [unit for word in words for part in UNIT.findall(word) for unit in _peeled(part)]


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


def errors(pairs: Sequence[Pair]) -> int:
    return sum(1 for pair in pairs if pair.kind)


def _peeled(word: str) -> Iterator[str]:
    """A word without the punctuation at its edges, which follows or precedes it mark by mark."""
    inner = [i for i, letter in enumerate(word) if category(letter)[0] != "P"]
    if not inner:
        yield from word
        return
    first, last = inner[0], inner[-1] + 1
    yield from word[:first]
    yield word[first:last]
    yield from word[last:]
