"""A question and what it is asked about ↔ one text: `Where is Mary ? | Mary went home . | John slept .`

So a model that reads one sequence can be asked; a model that reads sentences finds them again between the marks.
"""

from collections.abc import Sequence

MARK = "|"  # stands between spaces, so that every kind of tokens keeps it apart


def unmarked(text: str) -> str:
    """A text that may stand between marks."""
    return text.replace(MARK, "/")


def joined(question: str, sentences: Sequence[str]) -> str:
    """The question, then each sentence behind a mark."""
    return f" {MARK} ".join(unmarked(text) for text in (question, *sentences))
