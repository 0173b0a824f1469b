"""A trained parser that writes token by token, held to well-formed trees over exactly the input's words.

`needs` is the parser, whose target is linear brackets; nothing is trained. At every step of the search the tokens that
leave such trees are struck out (`pipeline.search.trees`): the beam then holds trees alone, where without it a bracket
too many costs the whole sentence. What is left is as likely as the parser says: were it normalised anew, a prefix that
was to end in no tree would pass for a good one.
"""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from pipeline.data import END, Data, Side, Vocabulary
from pipeline.models import redecode
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search import steps
from pipeline.search.trees import LEAF, Bounds, Brackets, Rows
from pipeline.sequences import Sequences, read_json, write_json
from pipeline.state import State
from pipeline.tokens.brackets import FALLBACK
from pipeline.trained import Trained

PART = "system"  # the parser's folder in this one's own
OWN = "tree."  # before the names of what the state holds for the constraint


class Config(Row):
    """The parser is all there is to choose: how deep a tree may be, its training trees tell."""


class Train(Row):
    """Nothing is trained."""


class Decode(steps.Decode):
    max_ratio: float = Field(6.0, ge=1)  # an output has ended after max_ratio * source length + 10 tokens
    # Trees over the same words need no normalisation by length; with one, steps are normalised over what is allowed.
    length_penalty: float = Field(0.0, ge=0)
    # Words: every one costs steps until the last is in its tree, and each of them remembers where it looked. A longer
    # sentence gets a flat tree at a score of 0, and counts as never stopped.
    longest: int = Field(500, ge=1)


@dataclass(frozen=True)
class Constrained:
    system: Trained
    folder: Path  # the system's, which is copied when this one is saved
    bounds: Bounds


class Kept:
    """The share of each prefix's next tokens that the rules allow, as a prior of the search: log of it [N, V].

    A search asks for it right after the step whose `logits` were given.
    """

    def __init__(self) -> None:
        self.share = torch.zeros(0, 1)

    def hold(self, brackets: Brackets, logits: Tensor, rows: Rows) -> Tensor:
        """Logits [N, V] with -inf where a token may not come next; what that costs is remembered."""
        held = brackets.hold(logits, rows)
        self.share = (held.logsumexp(dim=1) - logits.logsumexp(dim=1))[:, None].expand_as(logits)
        return held

    def start(self, rows: int) -> State:
        return State({}, {})

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        return self.share, state


class Walled:
    """A model's `begin` and `step`, of which the second lets nothing through but trees."""

    def __init__(self, model: Any, brackets: Brackets, max_ratio: float):
        self.model, self.brackets, self.max_ratio = model, brackets, max_ratio
        self.kept = Kept()

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        state, lengths = self.model.begin(sequences, rows, beam_size)
        limits = (self.max_ratio * lengths + 10).long()  # as the search reckons it
        words = torch.from_numpy(sequences.lengths[rows].astype(np.int64))
        own = self.brackets.begin(*(each.repeat_interleave(beam_size) for each in (words, limits)))
        return joined(state, own), lengths

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        inner, own = parted(state)
        own = self.brackets.read(tokens, own)
        logits, inner, attention = self.model.step(tokens, inner)
        return self.kept.hold(self.brackets, logits, own), joined(inner, own), attention


@torch.inference_mode()
def searched(
    model: Any, kept: Kept | None, sequences: Sequences, tokens: list[str], options: Decode
) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the sequences, ranked by what `kept` leaves where the search takes a prior.

    `tokens`: the target's [V].
    """
    plain = options.search == "beam" and options.groups == 1 and options.length_penalty == 0
    found = [[Hypothesis(flat(tokens, length), 0.0, finished=False)] for length in sequences.lengths.tolist()]
    for batch in steps.batches(sequences, options):
        rows = batch[sequences.lengths[batch] <= options.longest]
        if not len(rows):
            continue
        lists = steps.search(model, sequences, rows, options, kept if plain else None)
        for row, n_best in zip(rows, lists, strict=True):
            found[row] = n_best
    yield from found


def flat(tokens: list[str], words: int) -> list[int]:
    """The ids of a tree that has all words in one bracket: the root of repaired outputs, or the most frequent one."""
    opens = [token for token in tokens if token.startswith("(")]
    label = (f"({FALLBACK}" if f"({FALLBACK}" in opens else opens[0])[1:]
    return [tokens.index(token) for token in (f"({label}", *[LEAF] * words, f"){label}")]


def joined(state: State, own: dict[str, Tensor]) -> State:
    """The model's state with the constraint's rows in its prefix."""
    return State(state.prefix | {OWN + name: rows for name, rows in own.items()}, state.source)


def parted(state: State) -> tuple[State, dict[str, Tensor]]:
    """The reverse of `joined`."""
    own = {name.removeprefix(OWN): rows for name, rows in state.prefix.items() if name.startswith(OWN)}
    return State({name: rows for name, rows in state.prefix.items() if not name.startswith(OWN)}, state.source), own


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Constrained, list[dict[str, float]]]:
    """Measure the training trees. There are no epochs, and so no history.

    Raises Problem unless `needs` is a system of the same tokens that writes trees, token by token.
    """
    found, history = redecode.fit(data=data, config=redecode.Config(), options=redecode.Train(), needs=needs, work=work)
    if not hasattr(found.system.model, "step"):
        raise Problem(f"{found.system.name} does not write token by token: name a parser that does as `needs`")
    target = data.target["train"]
    if not any(token.startswith("(") for token in target.codec.tokens(range(len(target.codec)))):
        raise Problem(f"{found.system.name} writes no brackets: constrained takes a target of kind brackets")
    trees = (target.codec.tokens(target.sequences[i]) for i in range(len(target.sequences)))
    return Constrained(found.system, found.folder, Bounds.of(list(trees))), history


def save(model: Constrained, folder: Path) -> None:
    shutil.copytree(model.folder, folder / PART)
    write_json(folder / "bounds.json", asdict(model.bounds))


def load(folder: Path) -> Constrained:
    return Constrained(Trained.open(folder / PART), folder / PART, Bounds(**read_json(folder / "bounds.json")))


def decode(*, model: Constrained, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """N-best lists of well-formed trees in the order of the source."""
    tokens = target.tokens(range(len(target)))
    walled = Walled(model.system.model, Brackets(tokens, END, model.bounds), options.max_ratio)
    yield from searched(walled, walled.kept, source.sequences, tokens, options)
