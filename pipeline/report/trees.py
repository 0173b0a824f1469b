"""Constituents over words in, a drawing of the tree out, with those marked that the other tree lacks."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from pipeline.metrics.parsing import Bracketing, Span, counted, read_linear, read_penn
from pipeline.records import Decoded
from pipeline.report import svg

LEVEL, GAP, LETTER = 38, 12, 8.2  # CSS pixels: between levels, between words, of a letter


@dataclass(frozen=True)
class Drawn:
    """A gold tree, a found one (None where the output is no tree over the sentence), and how they differ."""

    reference: Markup
    hypothesis: Markup | None
    errors: int  # constituents that stand in one tree alone, by the rules of the bracket scores


def is_tree(line: Decoded) -> bool:
    """Brackets over given words: a source of words, a reference in Penn brackets."""
    return isinstance(line.source, list) and isinstance(line.reference, str) and line.reference.startswith("(")


def compare(line: Decoded, name: str) -> Drawn | None:
    """The two trees of a sentence; None if its reference is no tree of its words."""
    gold, found = _read(line)
    if gold is None or not isinstance(line.source, list):
        return None
    missed, extra = _difference(gold, found)
    return Drawn(
        reference=_draw(line.source, gold.leaves, gold, missed if found else Counter(), f"the reference of {name}"),
        hypothesis=_draw(line.source, gold.leaves, found, extra, f"the hypothesis of {name}") if found else None,
        errors=missed.total() + extra.total() + (found is None),
    )


def errors(line: Decoded) -> int:
    """The count of `compare` without the drawings."""
    gold, found = _read(line)
    if gold is None:
        return 0
    missed, extra = _difference(gold, found)
    return missed.total() + extra.total() + (found is None)


def _read(line: Decoded) -> tuple[Bracketing | None, Bracketing | None]:
    """The gold tree and the found one, each None unless it stands over the words of the source."""
    if not is_tree(line):
        return None, None
    try:
        gold: Bracketing | None = read_penn(str(line.reference))
    except (ValueError, IndexError):
        return None, None
    words = len(line.source or ())
    gold, found = (tree if tree and len(tree.leaves) == words else None for tree in (gold, read_linear(line.best)))
    return gold, found


def _difference(gold: Bracketing, found: Bracketing | None) -> tuple[Counter[Span], Counter[Span]]:
    """Constituents of the gold tree alone, and of the found one alone."""
    wanted = counted(gold.spans, gold.leaves)
    given: Counter[Span] = counted(found.spans, gold.leaves) if found else Counter()
    return wanted - given, given - wanted


@dataclass
class _Node:
    label: str
    start: int
    end: int  # words
    wrong: bool = False
    children: list["_Node"] = field(default_factory=list)
    depth: int = 0
    x: float = 0.0
    width: float = 0.0

    def all(self) -> Iterator["_Node"]:
        yield self
        for child in self.children:
            yield from child.all()


def _draw(words: Sequence[str], tags: Sequence[str], tree: Bracketing, extra: Counter[Span], name: str) -> Markup:
    root = _grow(tree.spans, tags, Counter(extra), len(words))
    _place(root, words, 4.0, 0)
    nodes = list(root.all())
    floor = max(node.depth for node in nodes) + 1  # all words stand on one line below the deepest node
    body = []
    for node in nodes:
        for child in node.children:
            body.append(svg.rule(node.x, _y(node.depth) + 6, child.x, _y(child.depth) - 14, "branch"))
        if not node.children and node.end - node.start == 1:
            body.append(svg.rule(node.x, _y(node.depth) + 6, node.x, _y(floor) - 16, "stem"))
            body.append(svg.text(node.x, _y(floor), words[node.start], "middle", "word"))
    for node in nodes:
        tag = not node.children
        if node.wrong:
            wide = LETTER * (len(node.label) + 1) + 10
            body.append(svg.box(node.x - wide / 2, _y(node.depth) - 13, wide, 19, "wrong"))
        style = "tag" if tag else "label"
        body.append(svg.text(node.x, _y(node.depth), node.label + ("*" if node.wrong else ""), "middle", style))
    wrong = sum(node.wrong for node in nodes)
    told = f"Tree, {name}: {len(words)} words, {wrong} constituents that the other tree lacks"
    return svg.drawing(root.width + 8, _y(floor) + 12, told, body, "tree")


def _grow(spans: Sequence[Span], tags: Sequence[str], extra: Counter[Span], length: int) -> _Node:
    """Spans, outer before inner, hung below one another; a tag over each word."""
    root = _Node("", 0, length)
    for label, start, end in spans:
        node = _Node(label, start, end)
        for key in counted([(label, start, end)], tags):
            if extra[key] > 0:
                extra[key] -= 1
                node.wrong = True
        _parent(root, start, end).children.append(node)
    for i, tag in enumerate(tags):
        _parent(root, i, i + 1).children.append(_Node(tag, i, i + 1))
    for node in root.all():
        node.children.sort(key=lambda child: (child.start, child.end))
    return root.children[0] if len(root.children) == 1 else root


def _parent(node: _Node, start: int, end: int) -> _Node:
    """The innermost node so far that holds the words from start to end."""
    for child in reversed(node.children):
        if child.start <= start and end <= child.end:
            return _parent(child, start, end)
    return node


def _place(node: _Node, words: Sequence[str], left: float, depth: int) -> float:
    """Words side by side, every parent over the middle of its children; returns the width."""
    node.depth = depth
    letters = len(node.label) + node.wrong
    if not node.children:
        letters = max(letters, *(len(word) for word in words[node.start : node.end]))
    own = LETTER * letters + GAP
    across = left
    for child in node.children:
        across += _place(child, words, across, depth + 1)
    node.width = max(own, across - left)
    if node.children:
        shift = (node.width - (across - left)) / 2
        for child in node.children:
            for below in child.all():
                below.x += shift
        node.x = (node.children[0].x + node.children[-1].x) / 2
    else:
        node.x = left + node.width / 2
    return node.width


def _y(depth: int) -> float:
    return 20 + LEVEL * depth
