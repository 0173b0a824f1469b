"""Gold trees in Penn brackets and found trees in linear brackets → labelled bracket precision, recall, F1 (PARSEVAL).

The rules are those of EVALB (Sekine & Collins) with its COLLINS.prm: words tagged as punctuation are taken out of both
trees (the gold tags decide, for a found tree has none), and constituents left empty with them; TOP does not count;
ADVP and PRT are one label; function tags do not count. Where EVALB leaves out a sentence whose words do not agree, an
output that is no tree over the sentence's words counts here as no brackets at all: recall pays for it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.metrics.metric import Metric, Output, Scores, Training, ratio

PUNCTUATION = frozenset([",", ":", "``", "''", ".", "-NONE-"])  # DELETE_LABEL in COLLINS.prm
DELETED = frozenset(["TOP", ""])  # and the root that the treebank leaves without a label
EQUAL = {"PRT": "ADVP"}  # EQ_LABEL
CUTOFF = 40  # words: CUTOFF_LEN, EVALB's second table
LEAF = "XX"

Span = tuple[str, int, int]  # label, first word, word after the last


@dataclass(frozen=True)
class Bracketing:
    """A tree as its spans, outer before inner, over its leaves."""

    leaves: tuple[str, ...]  # part-of-speech tags (XX where they are normalised)
    spans: tuple[Span, ...]


def read_penn(text: str) -> Bracketing:
    """`(S (NP (NNP John)) (VP (VBZ runs)))`: a bracket around one word is its tag.

    Raises ValueError where brackets do not match or a word stands outside a tag.
    """
    leaves: list[str] = []
    spans: list[Span] = []
    open_: list[tuple[int, str, int]] = []  # place in `spans`, label, first word
    pending = ""  # the word read since the last bracket
    for bracket, label, word in re.findall(r"([()])|(?<=\()([^\s()]+)|([^\s()]+)", text):
        if bracket == "(":
            open_.append((len(spans), "", len(leaves)))
            spans.append(("", 0, 0))
        elif label:
            open_[-1] = (open_[-1][0], label, open_[-1][2])
        elif word:
            if pending or not open_ or open_[-1][0] != len(spans) - 1 or open_[-1][2] != len(leaves):
                raise ValueError(f"{word!r} stands outside a tag in: {text}")
            pending = word
        elif not open_:
            raise ValueError(f"a bracket closes that was never opened: {text}")
        else:
            place, label, start = open_.pop()
            if pending:
                spans.pop()
                leaves.append(label)
                pending = ""
            else:
                spans[place] = (label, start, len(leaves))
    if open_ or not leaves:
        raise ValueError(f"{len(open_)} brackets are left open in: {text}" if open_ else f"no words in: {text!r}")
    return Bracketing(tuple(leaves), tuple(spans))


def read_linear(text: str | Sequence[str]) -> Bracketing | None:
    """`(S (NP XX )NP (VP XX )VP )S` → its spans; None unless it is one tree whose brackets match and hold something."""
    leaves: list[str] = []
    spans: list[Span] = []
    open_: list[int] = []
    for token in text.split() if isinstance(text, str) else text:
        if leaves and not open_:
            return None  # something after the root has closed
        if token.startswith("("):
            open_.append(len(spans))
            spans.append((token[1:], len(leaves), 0))
        elif token.startswith(")"):
            if not open_:
                return None
            place = open_.pop()
            label, start, _ = spans[place]
            if token[1:] != label or start == len(leaves):
                return None
            spans[place] = (label, start, len(leaves))
        elif not open_ or token != LEAF:
            return None
        else:
            leaves.append(token)
    return Bracketing(tuple(leaves), tuple(spans)) if leaves and not open_ else None


def counted(spans: Sequence[Span], tags: Sequence[str]) -> Counter[Span]:
    """The spans that EVALB counts, each as often as it occurs, in positions among the words that are no punctuation."""
    place = np.concatenate([[0], np.cumsum([tag not in PUNCTUATION for tag in tags])]).tolist()
    kept: Counter[Span] = Counter()
    for label, start, end in spans:
        label = label[:1] + re.split("[-=]", label[1:])[0]
        if label not in DELETED and place[start] < place[end]:
            kept[EQUAL.get(label, label), place[start], place[end]] += 1
    return kept


COLUMNS = ("matched", "gold", "found", "exact", "well_formed", "sentences", "matched_40", "gold_40", "found_40")


def count_brackets(references: Sequence[str], hypotheses: Sequence[str | Sequence[str]]) -> np.ndarray:
    """int [N, 9]: the COLUMNS of each sentence; the last three are 0 for sentences of more than 40 words."""
    rows = []
    for reference, hypothesis in zip(references, hypotheses, strict=True):
        tree = read_penn(reference)
        gold = counted(tree.spans, tree.leaves)
        output = read_linear(hypothesis)
        well_formed = output is not None and len(output.leaves) == len(tree.leaves)
        found = counted(output.spans, tree.leaves) if output is not None and well_formed else Counter()
        sums = [(gold & found).total(), gold.total(), found.total()]
        short = sum(tag != "-NONE-" for tag in tree.leaves) <= CUTOFF
        rows.append([*sums, well_formed and gold == found, well_formed, 1, *(n * short for n in sums)])
    return np.array(rows, dtype=np.int64).reshape(-1, len(COLUMNS))


def bracket_scores(sums: np.ndarray) -> Scores:
    matched, gold, found, exact, well_formed, sentences, matched_40, gold_40, found_40 = np.moveaxis(sums, -1, 0)
    return {
        "f1": ratio(2 * matched, gold + found),
        "precision": ratio(matched, found),
        "recall": ratio(matched, gold),
        "f1_40": ratio(2 * matched_40, gold_40 + found_40),
        "exact": ratio(exact, sentences),
        "well_formed": ratio(well_formed, sentences),
    }


def right_branching(training: Training, sources: list[Any]) -> list[str]:
    """Every word but the last opens a constituent that runs to the end: English leans right.

    The root has the most frequent root's label, the others the most frequent label of all.
    """
    roots: Counter[str] = Counter()
    inner: Counter[str] = Counter()
    for text in training.targets:
        (root, *_), *spans = read_penn(text).spans or [("", 0, 0)]
        roots[root] += 1
        inner.update(label for label, _, _ in spans)
    top = roots.most_common(1)[0][0] if roots else "S"
    label = inner.most_common(1)[0][0] if inner else top
    trees = []
    for words in sources:
        labels = [top] + [label] * (len(words) - 2)
        opened = " ".join(f"({name} {LEAF}" for name in labels)
        rest = f" {LEAF}" if len(words) > 1 else ""
        trees.append(opened + rest + "".join(f" ){name}" for name in reversed(labels)))
    return trees


def parsing() -> Metric:
    def statistics(output: Output) -> np.ndarray:
        return count_brackets(output.references, output.hypotheses)

    def fits(words: Any, tree: Any) -> bool:
        return isinstance(words, list) and isinstance(tree, str) and tree.startswith("(")

    return Metric(statistics, bracket_scores, right_branching, counts={"brackets": 1}, fits=fits)
