"""Constituency trees ↔ tokens, linearised as in Vinyals et al. (2015, "Grammar as a Foreign Language", section 2.2).

A tree `(S (NP (DT the) (NN dog)) (VP (VBZ barks)))` is the tokens `(S (NP XX XX )NP (VP XX )VP )S`: closing brackets
bear their label, and every part of speech with its word is `XX`. Words and parts of speech given, nothing is lost:
`attach` puts them back. What a model writes may be malformed: `well_formed` tells, `repair` makes a tree of it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.problems import Problem
from pipeline.tokens.vocabulary import Symbols, TokensConfig, Values, by_frequency, read_symbols, texts

LEAF = "XX"
FALLBACK = "S"  # the root that a malformed output lacks: the most frequent label

_PARTS = re.compile(r"\(\s*([^\s()]*)|(\))|([^\s()]+)")


class Config(TokensConfig):
    pass


class Codec(Symbols):
    @classmethod
    def fit(cls, train: Values, *, field: str, config: Config) -> "Codec":
        """The brackets of the training trees of all fields."""
        return cls(by_frequency(token for _, tree in texts(train) for token in linearise(tree)))

    @classmethod
    def load(cls, folder: Path) -> "Codec":
        return cls(read_symbols(folder))

    def encode(self, value: str | None) -> np.ndarray:
        """A tree in brackets → int32 [U]. Raises Problem if the brackets do not balance."""
        return self.ids(linearise(value or ""))

    def decode(self, ids: Any) -> str:
        """The linear tokens with a space between them; well formed or not."""
        return " ".join(self.content(ids))


def linearise(tree: str) -> list[str]:
    """`(S (NP (DT the) (NN dog)))` → `(S`, `(NP`, `XX`, `XX`, `)NP`, `)S`. No tree, no tokens.

    Raises Problem if brackets do not balance, or a word stands without its part of speech.
    """
    return _read(tree)[0]


def leaves(tree: str) -> tuple[list[str], list[str]]:
    """The words of a tree, and their parts of speech."""
    _, words, tags = _read(tree)
    return words, tags


def _read(tree: str) -> tuple[list[str], list[str], list[str]]:
    tokens: list[str] = []
    words: list[str] = []
    tags: list[str] = []
    labels: list[str | None] = []  # of the brackets open; None where `(TAG word` has become a leaf
    for part in _PARTS.finditer(tree):
        if part[0].startswith("("):
            if labels and labels[-1] is None:
                raise Problem(f"tree {_short(tree)}: a bracket opens behind a word: give the word a part of speech")
            labels.append(part[1])
            tokens.append(f"({part[1]}")
        elif part[2]:
            if not labels:
                raise Problem(f"tree {_short(tree)}: a closing bracket too many")
            label = labels.pop()
            if label is not None:
                tokens.append(f"){label}")
        else:
            if not labels or labels[-1] is None or tokens[-1] != f"({labels[-1]}":
                raise Problem(f"tree {_short(tree)}: the word {part[3]!r} has no part of speech of its own")
            words.append(part[3])
            tags.append(labels[-1])
            labels[-1] = None
            tokens[-1] = LEAF
    if labels:
        raise Problem(f"tree {_short(tree)}: {len(labels)} closing brackets are missing")
    return tokens, words, tags


def _short(tree: str) -> str:
    return repr(tree if len(tree) <= 60 else f"{tree[:57]}...")


def attach(tokens: Sequence[str], words: Sequence[str], tags: Sequence[str]) -> str:
    """Linear tokens with their words and parts of speech → the tree in brackets.

    Round brackets within a word become -LRB- and -RRB-, as treebanks write them.
    Raises Problem unless the tokens are well formed over as many leaves as there are words and tags.
    """
    if not well_formed(tokens, len(words)) or len(tags) != len(words):
        raise Problem(
            f"{' '.join(tokens)[:60]!r} is no tree over {len(words)} words, {len(tags)} tags: repair it first"
        )
    pairs = iter(zip(tags, words, strict=True))
    out: list[str] = []
    for token in tokens:
        if token == LEAF:
            tag, word = (side.replace("(", "-LRB-").replace(")", "-RRB-") for side in next(pairs))
            out.append(f" ({tag} {word})")
        else:
            out.append(f" {token}" if _opens(token) else ")")
    return "".join(out).strip()


def well_formed(tokens: Sequence[str], words: int | None = None) -> bool:
    """One tree: every bracket closed by its label, none empty, and as many leaves as `words`, if it is given."""
    stack: list[str] = []
    before = ""
    for i, token in enumerate(tokens):
        if i and not stack:
            return False  # something behind the root
        if _opens(token):
            stack.append(token[1:])
        elif _closes(token):
            if not stack or stack.pop() != token[1:] or _opens(before):
                return False
        elif token != LEAF:
            return False
        before = token
    leaves_found = sum(token == LEAF for token in tokens)
    return bool(tokens) and not stack and leaves_found > 0 and words in (None, leaves_found)


def repair(tokens: Sequence[str], words: int) -> list[str]:
    """The nearest tree over `words` leaves to what a model wrote; a well-formed one stays as it is.

    Leaves too many go, leaves missing are added before the root closes; a closing bracket closes the innermost bracket
    of its label and all within it, or goes where none is open; empty brackets go; what stands behind the root goes into
    it. Without a root of its own the tree gets one, `S`.
    """
    if words == 0 or well_formed(tokens, words):
        return list(tokens) if words else []
    out: list[str] = []
    stack: list[str] = []
    missing = words
    for token in tokens:
        if token == LEAF and missing:
            out.append(LEAF)
            missing -= 1
        elif _opens(token) and missing:
            out.append(token)
            stack.append(token[1:])
        elif _closes(token) and token[1:] in stack[1:]:  # the root closes last
            label = None
            while label != token[1:]:
                label = stack.pop()
                _close(out, label)
    # Empty brackets at the end would swallow the leaves that are added below.
    while stack[1:] and _opens(out[-1]):
        _close(out, stack.pop())
    while stack[1:]:
        _close(out, stack.pop())
    out.extend([LEAF] * missing)
    if stack:
        _close(out, stack.pop())
    return out if well_formed(out, words) else [f"({FALLBACK}", *out, f"){FALLBACK}"]


def _opens(token: str) -> bool:
    return token.startswith("(")


def _closes(token: str) -> bool:
    return token.startswith(")")


def _close(out: list[str], label: str) -> None:
    """Close a bracket; one that holds nothing goes altogether."""
    if out[-1] == f"({label}":
        out.pop()
    else:
        out.append(f"){label}")
