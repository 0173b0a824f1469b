"""A text → what texts are compared by: its words, with punctuation apart; characters in scripts without spaces."""

import re
from collections.abc import Iterator, Sequence
from unicodedata import category

# Scripts that put no spaces between words are compared by characters: kana, Han, compatibility ideographs.
UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
UNIT = re.compile(f"[{UNSPACED}]|[^\\s{UNSPACED}]+")


def unspaced(text: str) -> bool:
    """Whether a text is in a script that puts no spaces between words."""
    return re.search(f"[{UNSPACED}]", text) is not None


def units(value: str | Sequence[str]) -> list[str]:
    """What is compared: the items of a list; the words of a text, punctuation apart; characters in unspaced scripts."""
    words = value.split() if isinstance(value, str) else " ".join(value).split()
    return [unit for word in words for part in UNIT.findall(word) for unit in _peeled(part)]


def folded(value: str | Sequence[str]) -> list[str]:
    """The units of a text that have a letter or a digit, in lower case."""
    return [unit.lower() for unit in units(value) if any(letter.isalnum() for letter in unit)]


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
