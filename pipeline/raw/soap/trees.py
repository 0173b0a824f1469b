"""A sentence's constituents → its words, its Penn brackets and its CoNLL-U lines.

A constituent names its head child, so that dependencies follow from the same tree (content words are heads, as in
Universal Dependencies): every other child hangs on the head by a relation that labels and tags decide.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

UPOS = {
    "NN": "NOUN",
    "NNS": "NOUN",  # a reduplicated plural
    "NNP": "PROPN",
    "CL": "NOUN",  # a classifier
    "PRP": "PRON",
    "PRP$": "PRON",
    "WP": "PRON",
    "VB": "VERB",  # a bare verb
    "VBA": "VERB",  # an active verb with meN- or ber-
    "VBN": "VERB",  # a passive verb with di-
    "COP": "AUX",
    "MD": "AUX",  # aspect and modality
    "NEG": "PART",
    "RP": "PART",  # -lah, -kah
    "RB": "ADV",
    "WRB": "ADV",
    "JJ": "ADJ",
    "CD": "NUM",
    "DT": "DET",
    "IN": "ADP",
    "SC": "SCONJ",
    "CC": "CCONJ",
    "UH": "INTJ",
    ",": "PUNCT",
    ".": "PUNCT",
}

RELATIONS = {
    "DT": "det",
    "CD": "nummod",
    "CL": "clf",
    "JJ": "amod",
    "RB": "advmod",
    "WRB": "advmod",
    "NEG": "advmod",
    "MD": "aux",
    "COP": "cop",
    "IN": "case",
    "SC": "mark",
    "CC": "cc",
    "PRP": "nsubj",
    "PRP$": "nmod:poss",
    "UH": "discourse",
    "RP": "discourse",
    "NN": "compound",
    "VB": "compound",
    "NNP": "flat:name",
    ",": "punct",
    ".": "punct",
    "NP-SBJ": "nsubj",
    "NP-TMP": "obl:tmod",
    "NP-TPC": "obj",
    "NP-VOC": "vocative",
    "NP-LGS": "obl:agent",
    "ADJP": "amod",
    "ADVP": "advmod",
    "INTJ": "discourse",
    "WHNP": "nsubj",
    "WHADVP": "advmod",
    "WHPP": "obl",
    "SBAR-ADV": "advcl",
}


@dataclass(frozen=True)
class Leaf:
    """A word with its tag. A glued one stands without a space behind the word before it (`ibu` + `nya`)."""

    tag: str
    word: str
    glued: bool = False

    @property
    def upos(self) -> str:
        return UPOS[self.tag]


@dataclass(frozen=True)
class Node:
    """A constituent: a label (with its function, `NP-SBJ`), its children, which of them is the head."""

    label: str
    children: tuple["Node | Leaf", ...]
    head: int = 0
    relation: str = ""  # where label and place do not say it

    @property
    def category(self) -> str:
        return self.label.split("-")[0]

    def leaves(self) -> Iterator[Leaf]:
        """The words in order, traces left out."""
        for child in self.children:
            if isinstance(child, Node):
                yield from child.leaves()
            elif child.tag != "-NONE-":
                yield child

    def relabelled(self, label: str) -> "Node":
        return replace(self, label=label)


def surface(leaves: list[Leaf]) -> str:
    """Words as they are written: `Di mana ibu nya ?` → `Di mana ibunya?`"""
    return "".join(leaf.word if leaf.glued or not i else f" {leaf.word}" for i, leaf in enumerate(leaves))


def capitalised(node: Node) -> Node:
    """The tree with its first word in the case that begins a sentence."""

    def rewrite(node: Node) -> tuple[Node, bool]:
        for i, child in enumerate(node.children):
            if isinstance(child, Node):
                new, done = rewrite(child)
                if not done:
                    continue
                return replace(node, children=(*node.children[:i], new, *node.children[i + 1 :])), True
            if child.tag != "-NONE-":
                new_leaf = replace(child, word=child.word[:1].upper() + child.word[1:])
                return replace(node, children=(*node.children[:i], new_leaf, *node.children[i + 1 :])), True
        return node, False

    return rewrite(node)[0]


def brackets(node: Node) -> str:
    """One line in the Penn Treebank's form, wrapped in the unlabelled pair that its files have."""

    def write(item: Node | Leaf) -> str:
        if isinstance(item, Leaf):
            return f"({item.tag} {item.word})"
        return f"({item.label} {' '.join(write(child) for child in item.children)})"

    return f"( {write(node)} )"


def dependencies(node: Node) -> list[tuple[int, str]]:
    """For each word its head (1-based; 0 for the root) and relation."""
    found: dict[int, tuple[int, str]] = {}
    position = 0

    def walk(item: Node | Leaf) -> int:
        """Number the words below; return the head word's number (0 where there is only a trace)."""
        nonlocal position
        if isinstance(item, Leaf):
            if item.tag == "-NONE-":
                return 0
            position += 1
            return position
        numbers = [walk(child) for child in item.children]
        head = numbers[item.head] or next((n for n in numbers if n), 0)
        coordinated = any(isinstance(child, Leaf) and child.tag == "CC" for child in item.children)
        last = next((n for n in reversed(numbers) if n), 0)
        for child, number in zip(item.children, numbers, strict=True):
            if number and number != head:
                joined = coordinated and isinstance(child, Node) and child.category == item.category
                relation = "conj" if joined else _relation(item, child)
                on = last if coordinated and relation in ("cc", "punct") and number < last else head
                found[number] = (on, relation)
        return head

    found[walk(node)] = (0, "root")
    return [found[i] for i in range(1, position + 1)]


def _relation(parent: Node, child: Node | Leaf) -> str:
    if isinstance(child, Leaf):
        return RELATIONS.get(child.tag, "dep")
    if child.relation:
        return child.relation
    if child.label in RELATIONS:
        return RELATIONS[child.label]
    inside_noun = parent.category == "NP"
    match child.category:
        case "NP":
            return "nmod:poss" if inside_noun else "obj"
        case "PP":
            return "nmod" if inside_noun else "obl"
        case "SBAR":
            return "acl:relcl" if inside_noun else "ccomp"
        case "VP" | "S":
            return "xcomp"
        case category:
            return RELATIONS.get(category, "dep")


def conllu(name: str, node: Node) -> str:
    """A sentence in CoNLL-U: glued words as a multiword token, punctuation with `SpaceAfter=No` before it."""
    leaves = list(node.leaves())
    heads = dependencies(node)
    lines = [f"# sent_id = {name}", f"# text = {surface(leaves)}"]
    for i, (leaf, (head, relation)) in enumerate(zip(leaves, heads, strict=True)):
        following = leaves[i + 1] if i + 1 < len(leaves) else None
        clitic = following is not None and following.glued and following.upos != "PUNCT"
        after = leaves[i + 2] if i + 2 < len(leaves) else None
        if clitic and following is not None:
            space = "SpaceAfter=No" if after is not None and after.glued else "_"
            lines.append("\t".join([f"{i + 1}-{i + 2}", leaf.word + following.word, *"______", "_", space]))
        inside = leaf.glued and leaf.upos != "PUNCT"
        space = "SpaceAfter=No" if following is not None and following.glued and not clitic and not inside else "_"
        lemma = leaf.word if leaf.upos == "PROPN" else leaf.word.lower()
        lines.append(
            "\t".join([str(i + 1), leaf.word, lemma, leaf.upos, leaf.tag, "_", str(head), relation, "_", space])
        )
    return "\n".join(lines) + "\n\n"
