"""Trees → a probabilistic context-free grammar, and the best tree of new words by CKY: a parser without a network.

Rules are read off the training trees, each as likely as it is frequent among those of its parent (a treebank grammar,
Charniak 1996), after two changes that Johnson (1998) and Klein and Manning (2003, sections 2 and 3) show to matter: a
label remembers the labels above it (`vertical`), and a long rule is written as a chain of rules of two children that
remember but a few of the sisters before them (`horizontal`), so that a rule nobody has seen is possible. Words are
what the smoothed lexicon of `pipeline.models.hmm` says, unknown ones by their shape and ending.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field
from safetensors.numpy import load_file, save_file

from pipeline.data import Data, Side
from pipeline.models import hmm
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search.cky import Rules, Tree, cky
from pipeline.search.viterbi import Candidates
from pipeline.sequences import read_json, write_json
from pipeline.tokens.brackets import LEAF, leaves, linearise

READS, WRITES = "tokens", "tokens"

BETWEEN = "^"  # a label, and those above it
PART = "@"  # before what is no label: the rest of a long rule
TAG = "#"  # before a part of speech, which may be called as a label is

Node = tuple[str, list["Node"]]  # a label with its children; a part of speech has none


class Config(Row):
    vertical: int = Field(3, ge=1)  # labels that a label consists of: its own and those above it
    horizontal: int = Field(1, ge=0)  # sisters that the rest of a long rule remembers
    suffix: int = Field(6, ge=0)  # letters of the longest ending by which an unknown word is known
    word_prior: float = Field(1.0, gt=0)  # of a word's ending and shape, in times that the word itself was seen


class Train(Row):
    """Counting has no options."""


class Decode(Row):
    longest: int = Field(120, ge=1)  # words: time grows with their cube; a longer sentence gets a flat tree


@dataclass(frozen=True)
class Grammar:
    config: Config
    names: list[str]  # of the symbols [S]
    rules: Rules
    lexicon: hmm.HMM  # over parts of speech, each with the labels above it
    fallback: str  # the label of a flat tree

    @cached_property
    def tags(self) -> np.ndarray:
        """The symbols of the lexicon's tags, int."""
        places = {name: place for place, name in enumerate(self.names)}
        return np.array([places[name] for name in self.lexicon.tags])

    def leaf(self, word: str, first: bool) -> Candidates:
        """The symbols that a word may be, and log P(word | symbol) of each but for P(word)."""
        tags, weights = self.lexicon.emission(word, first)
        return self.tags[tags], weights

    def write(self, tree: Tree) -> list[str]:
        """A tree of symbols as linear tokens."""
        symbol, _, children = tree
        name = self.names[symbol]
        if name.startswith(TAG):
            return [LEAF]
        inner = [token for child in children for token in self.write(child)]
        if name.startswith(PART):
            return inner
        label = name.split(BETWEEN)[0]
        return [f"({label}", *inner, f"){label}"]


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Grammar, list[dict[str, float]]]:
    """Count the training trees. There are no epochs, and so no history."""
    model = count([str(tree) for tree in data.target["train"].values], config)
    rules = model.rules
    print(
        f"{len(data.target['train'].values)} trees, {len(model.names)} symbols, {len(rules.weights)} rules of two "
        f"children, {len(rules.unary)} of one"
    )
    return model, []


def count(trees: Sequence[str], config: Config) -> Grammar:
    """A grammar from trees in Penn brackets. Raises Problem if there are none."""
    if not trees:
        raise Problem("there are no trees to train on: look at the corpus's train split and its rejected records")
    roots: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    found: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    sentences, tags = [], []
    for text in trees:
        tree = read(text)
        labels[tree[0]] += 1
        sentence: list[str] = []
        roots[collect(tree, [], config, found, sentence)] += 1
        sentences.append(leaves(text)[0])
        tags.append(sentence)
    lexicon = hmm.count(
        sentences,
        tags,
        hmm.Config(order=1, suffix=config.suffix, word_prior=config.word_prior, certain=sys.maxsize),
    )
    names = sorted({*found, *lexicon.tags})
    # A label that is a root in one tree alone may be below others in the rest: all roots have a name of their own.
    return Grammar(config, names, _rules(names, found, roots), lexicon, labels.most_common(1)[0][0])


def read(text: str) -> Node:
    """`(S (NP (PRP I)) (VP (VBP run)))` → its nodes."""
    tags = iter(leaves(text)[1])
    stack: list[Node] = [("", [])]
    for token in linearise(text):
        if token == LEAF:
            stack[-1][1].append((TAG + next(tags), []))
        elif token.startswith("("):
            stack.append((token[1:], []))
        else:
            done = stack.pop()
            stack[-1][1].append(done)
    return stack[0][1][0]


def collect(
    node: Node, above: list[str], config: Config, found: dict[str, Counter[tuple[str, ...]]], tags: list[str]
) -> str:
    """Count the rules of a tree in `found`, by their parents, and its parts of speech in `tags`. Returns its symbol.

    `above`: the labels above it, the nearest last.
    """
    label, children = node
    symbol = BETWEEN.join([label, *reversed(above[len(above) - config.vertical + 1 :])])
    if label.startswith(TAG):
        tags.append(symbol)
        return symbol
    symbols = [collect(child, [*above, label], config, found, tags) for child in children]
    parent = symbol
    for place in range(len(children) - 2):
        seen = [name for name, _ in children[max(0, place + 1 - config.horizontal) : place + 1]]
        rest = f"{PART}{symbol} {' '.join(seen)}"
        found[parent][symbols[place], rest] += 1
        parent = rest
    found[parent][tuple(symbols[-2:])] += 1
    return symbol


def _rules(names: list[str], found: dict[str, Counter[tuple[str, ...]]], roots: Counter[str]) -> Rules:
    ids = {name: place for place, name in enumerate(names)}
    binary: list[tuple[int, int, int, float]] = []
    unary: dict[tuple[int, int], float] = {}
    for parent in names:
        counts = found.get(parent, Counter())
        for children, times in sorted(counts.items()):
            weight = float(np.log(times / counts.total()))
            if len(children) == 1:
                unary[ids[parent], ids[children[0]]] = weight
            else:
                left, right = children
                binary.append((ids[parent], ids[left], ids[right], weight))
    tops = np.full(len(names), -np.inf, dtype=np.float32)
    for name, times in roots.items():
        tops[ids[name]] = np.log(times / roots.total())
    columns = list(zip(*binary, strict=True)) or [(), (), (), ()]
    parents, lefts, rights = (np.array(column, dtype=np.int64) for column in columns[:3])
    return Rules(len(names), parents, lefts, rights, np.array(columns[3], dtype=np.float32), unary, tops)


def decode(*, model: Grammar, source: Side, target: Any, options: Decode) -> Iterator[list[Hypothesis]]:
    """The best tree of each sentence. The score is log P(tree, words), but for P(word) of each word.

    A sentence without one, or with too many words, gets a flat tree at a score of 0 and counts as never stopped.
    """
    known: dict[tuple[str, bool], Candidates] = {}
    for words in source.values:
        found = None
        if len(words) <= options.longest:
            places = [(word, i == 0) for i, word in enumerate(words)]
            for place in places:
                if place not in known:
                    known[place] = model.leaf(*place)
            found = cky([known[place] for place in places], model.rules)
        tokens, score = ([], 0.0) if found is None else (model.write(found[0]), found[1])
        if found is None and words:
            tokens = [f"({model.fallback}", *[LEAF] * len(words), f"){model.fallback}"]
        yield [Hypothesis(target.ids(tokens).tolist(), score, finished=found is not None)]


def save(model: Grammar, folder: Path) -> None:
    """grammar.json, grammar.safetensors, and the lexicon in a folder of its own."""
    rules = model.rules
    arrays = {name: getattr(rules, name) for name in ("parents", "lefts", "rights", "weights", "roots")}
    arrays["unary"] = np.array(list(rules.unary), dtype=np.int64).reshape(-1, 2)
    arrays["unary_weights"] = np.array(list(rules.unary.values()), dtype=np.float64)
    save_file(arrays, folder / "grammar.safetensors")
    about = {"config": model.config.model_dump(), "names": model.names, "fallback": model.fallback}
    write_json(folder / "grammar.json", about)
    (folder / "lexicon").mkdir()
    hmm.save(model.lexicon, folder / "lexicon")


def load(folder: Path) -> Grammar:
    about, arrays = read_json(folder / "grammar.json"), load_file(folder / "grammar.safetensors")
    pairs = (tuple(pair) for pair in arrays.pop("unary").tolist())
    unary = dict(zip(pairs, arrays.pop("unary_weights").tolist(), strict=True))
    rules = Rules(symbols=len(about["names"]), unary=unary, **arrays)
    lexicon = hmm.load(folder / "lexicon")
    return Grammar(Config.model_validate(about["config"]), about["names"], rules, lexicon, about["fallback"])
