"""Constituency trees in Penn brackets (.mrg and the like) → words, part-of-speech tags, and the tree as one line.

Enters: any number of trees a file, a tree on one line or over several. Leaves: trees in the form that parsers are
trained and scored on (Collins 1999, ch. 2; EVALB): without traces and the constituents that they empty, without
function tags and indices (`NP-SBJ=1` is NP), without the wrapper at the root, and without a constituent whose only
child has its own label. Tokens such as -LRB- stay as the treebank writes them.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from nltk.tree import Tree

from pipeline.corpora.splits import Found, Shared, placed, sources
from pipeline.corpora.text import lines
from pipeline.problems import Problem
from pipeline.records import TREE_SCHEMA, Record, Reject

DEEPEST = 200  # brackets within one another: a sentence that people wrote has a tenth of it
_TRACE = "-NONE-"
_WRAPPERS = {"", "ROOT", "TOP"}


class Config(Shared):
    encoding: str = "utf-8"


def schema(config: Config) -> pa.Schema:
    return TREE_SCHEMA


def key(config: Config, record: Record) -> list[str]:
    return [" ".join(record["words"])]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The trees of every file. Raises Problem at an unbalanced bracket, or at text outside of a tree."""
    found = sources(config, raw, corpus, default=[f"**/*.{end}" for end in ("mrg", "mrg.gz", "ptb", "ptb.gz")])
    splits = placed(config, {source.name: source.split for source in found}, corpus)
    for source in found:
        numbered = lines(source.path, config.encoding)
        for index, (line, text) in enumerate(bracketed(numbered, source.path), start=1):
            where = f"line {line}"
            tree = standard(parsed(source.path, where, text))
            if tree is None or not all(isinstance(leaf, str) for leaf in tree.leaves()):
                yield Reject(file=str(source.path), where=where, reason="no words", text=" ".join(text.split()))
                continue
            tagged = tree.pos()
            record = {
                "id": f"{corpus}-{source.name}-{index:04d}",
                "words": [word for word, _ in tagged],
                "tags": [tag for _, tag in tagged],
                "tree": one_line(tree),
            }
            yield Found(splits[source.name], record, str(source.path), where)


def standard(tree: Any) -> Any:
    """A treebank's tree → the tree that is trained and scored on; None if no word is left."""
    bare = _bare(tree)
    while isinstance(bare, Tree) and bare.label() in _WRAPPERS and len(bare) == 1 and isinstance(bare[0], Tree):
        bare = bare[0]
    if isinstance(bare, Tree) and not bare.label():
        bare.set_label("TOP")  # several trees under one wrapper
    return bare


def one_line(tree: Any) -> str:
    """`(S (NP (PRP I)) (VP (VBP run)))`."""
    if isinstance(tree, str):
        return tree
    return f"({tree.label()} {' '.join(one_line(child) for child in tree)})"


def _bare(tree: Any) -> Any:
    """A word, or a constituent that still has words; None for what is empty."""
    if isinstance(tree, str):
        return tree
    if tree.label() == _TRACE:
        return None
    if len(tree) == 1 and isinstance(tree[0], str):
        return Tree(tree.label(), [tree[0]])  # a part-of-speech tag: no function tags there
    children = [child for child in map(_bare, tree) if child is not None]
    if not children:
        return None
    label = _category(tree.label())
    if len(children) == 1 and isinstance(children[0], Tree) and children[0].label() == label and label:
        return children[0]
    return Tree(label, children)


def _category(label: str) -> str:
    """NP-SBJ-2 → NP, ADVP|PRT → ADVP; a label that begins with a dash is a token's own."""
    return label if label.startswith("-") else re.split(r"[-=|]", label)[0]


def bracketed(numbered: Iterable[tuple[int, str]], file: Path | str) -> Iterator[tuple[int, str]]:
    """(first line, text) of each top-level pair of brackets in numbered lines.

    Raises Problem at an unbalanced bracket, or at text outside of a tree; `file` is how the lines are called then.
    """
    depth, start = 0, 0
    pieces: list[str] = []
    for number, line in numbered:
        begin = 0
        for bracket in re.finditer(r"[()]", line):
            if bracket[0] == "(":
                if depth == 0:
                    _expect_nothing(line[begin : bracket.start()], file, number)
                    start, begin = number, bracket.start()
                depth += 1
                if depth > DEEPEST:
                    raise Problem(f"{file}, line {start}: the tree that begins here is {depth} brackets deep: mend it")
            elif depth == 0:
                raise Problem(
                    f"{file}, line {number}: a closing bracket too many: take it out, or mend the tree above it"
                )
            else:
                depth -= 1
                if depth == 0:
                    yield start, "\n".join([*pieces, line[begin : bracket.end()]])
                    pieces, begin = [], bracket.end()
        if depth == 0:
            _expect_nothing(line[begin:], file, number)
        else:
            pieces.append(line[begin:])
    if depth:
        raise Problem(
            f"{file}, line {start}: the tree that begins here lacks {depth} closing bracket{'s' * (depth != 1)}: "
            "mend it (a bracket that is a word is written -LRB- or -RRB-)"
        )


def _expect_nothing(text: str, file: Path | str, number: int) -> None:
    if text.strip():
        raise Problem(f"{file}, line {number}: {text.strip()[:40]!r} stands outside of any bracket: take it out")


def parsed(file: Path | str, where: str, text: str) -> Any:
    """A tree of nltk's. Raises Problem if it is none."""
    try:
        return Tree.fromstring(text)
    except ValueError as error:
        raise Problem(f"{file}, {where}: not a tree: {' '.join(str(error).split())}: mend its brackets") from None
