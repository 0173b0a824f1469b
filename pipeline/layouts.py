"""Sentences as people keep them → their words; and what a tagger or a parser found → in the same form again.

Enters and leaves: a line of words between spaces; CoNLL-U, whose comments, multiword ranges, empty nodes and other
columns stay as they are; trees in Penn brackets, in the form that parsers are trained on (`corpora/brackets.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.problems import Problem

if TYPE_CHECKING:
    from pipeline.corpora.conllu import Line

UPOS, XPOS, MISC = 3, 4, 9  # of CoNLL-U's ten columns, from 0
NO_TAG = "XX"  # a part of speech that nobody knows
TREE = "# constituency = "  # where CoNLL-U keeps a constituency tree, as Stanza writes it
MARGINALS = "Marginals="  # of a word, in its last column
UNLIKELY = 0.001  # a less likely tag is not told of


class Layout(StrEnum):
    line = "line"
    conllu = "conllu"
    brackets = "brackets"


ENDINGS = {
    ".conllu": Layout.conllu,
    ".conll": Layout.conllu,
    ".mrg": Layout.brackets,
    ".ptb": Layout.brackets,
}


@dataclass(frozen=True)
class Sentence:
    """Its words, the parts of speech that it bears (none, or one a word), and the form that it came in."""

    words: list[str]
    tags: list[str] = field(default_factory=list)
    lines: "list[Line]" = field(default_factory=list)  # of CoNLL-U
    tree: str = ""  # of brackets, on one line

    def __bool__(self) -> bool:
        """Whether there is anything to tag or to parse."""
        return bool(self.words)


def by_ending(files: Sequence[Path]) -> Layout:
    """What the names of files say that they hold. Raises Problem where they say different things."""
    found = {ENDINGS.get(file.suffix, Layout.line) for file in files}
    if len(found) > 1:
        raise Problem(f"{', '.join(map(str, files))}: their names end differently: say by --input what they hold")
    return found.pop() if found else Layout.line


def read(lines: Iterator[str], layout: Layout, name: str) -> Iterator[Sentence]:
    """The sentences of a file called `name`. Raises Problem where it is not what `layout` says."""
    if layout is Layout.line:
        return (Sentence(line.split()) for line in lines)
    return _conllu(lines, name) if layout is Layout.conllu else _brackets(lines, name)


def _conllu(lines: Iterator[str], name: str) -> Iterator[Sentence]:
    from pipeline.corpora.conllu import sentences

    for found in sentences(enumerate(lines, start=1), name):
        words = [line.word for line in found if line.word is not None]
        xpos = [word["xpos"] or "_" for word in words]
        upos = [word["upos"] for word in words]
        tags = next((tags for tags in (xpos, upos) if "_" not in tags), [])
        yield Sentence([word["form"] for word in words], tags, found)


def _brackets(lines: Iterator[str], name: str) -> Iterator[Sentence]:
    from pipeline.corpora.brackets import bracketed, one_line, parsed, standard
    from pipeline.tokens.brackets import leaves

    for line, text in bracketed(enumerate(lines, start=1), name):
        found = standard(parsed(name, f"line {line}", text))
        tree = "" if found is None else one_line(found)
        yield Sentence(*leaves(tree), tree=tree)


def as_line(sentence: Sentence, tags: Sequence[str], notes: Sequence[str]) -> str:
    """`dia_PRON makan_VERB`; with notes, these instead of the tags."""
    return " ".join(f"{word}_{tag}" for word, tag in zip(sentence.words, notes or tags, strict=True))


def as_conllu(sentence: Sentence, column: int, tags: Sequence[str], notes: Sequence[str] = ()) -> str:
    """The sentence with the tags in their column and the notes, if any, in the last; an empty line ends it."""
    filled = iter(zip(tags, notes or [""] * len(tags), strict=True))
    out = []
    for text, is_word in _lines(sentence):
        if is_word:
            cells = text.split("\t")
            cells[column], note = next(filled)
            if note:
                kept = [part for part in cells[MISC].split("|") if part != "_" and not part.startswith(MARGINALS)]
                cells[MISC] = "|".join([*kept, MARGINALS + note])
            text = "\t".join(cells)
        out.append(text)
    return "\n".join([*out, ""])


def as_tree(sentence: Sentence, tags: Sequence[str]) -> str:
    """The tree of the sentence with other parts of speech. Raises Problem where it came without one."""
    from pipeline.tokens.brackets import attach, linearise

    if sentence and not sentence.tree:
        raise Problem(f"{' '.join(sentence.words)[:60]!r} has no tree to put tags into: take --format line or conllu")
    return attach(linearise(sentence.tree), sentence.words, tags) if sentence else ""


def with_tree(sentence: Sentence, tree: str) -> str:
    """The sentence in CoNLL-U with its tree in a comment; an empty line ends it."""
    texts = [text for text, _ in _lines(sentence) if not text.startswith(TREE)]
    first = next((i for i, text in enumerate(texts) if not text.startswith("#")), len(texts))
    return "\n".join([*texts[:first], *([TREE + tree] if tree else []), *texts[first:], ""])


def likely(probabilities: Mapping[str, float]) -> str:
    """`PRON:0.9871,DET:0.0129`, the likeliest first."""
    ranked = sorted(probabilities.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = [entry for entry in ranked if entry[1] >= UNLIKELY] or ranked[:1]
    return ",".join(f"{name}:{probability:.4f}" for name, probability in shown)


def _lines(sentence: Sentence) -> Iterator[tuple[str, bool]]:
    """The lines of a sentence in CoNLL-U, and of each whether it is a word's."""
    if sentence.lines:
        yield from ((line.text, line.word is not None) for line in sentence.lines)
    elif sentence:
        yield f"# text = {' '.join(sentence.words)}", False
        for number, word in enumerate(sentence.words, start=1):
            yield "\t".join([str(number), word, *"_" * 8]), True
