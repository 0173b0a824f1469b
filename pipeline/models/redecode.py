"""A trained system, searched in another way: what the search is worth, with the same weights. Nothing is trained.

`needs` is the system. Its folder is copied into this one's, and the row's `decode` says whatever the system's own may
say: a narrower beam, sampling, another length penalty. The row may also stand on another corpus, whose test set is to
be decoded, if its tokens are the same.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from pipeline.data import Data, Side, Vocabulary
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search.width import widened
from pipeline.trained import Trained, searching

PART = "system"  # its folder in this one's own


class Config(Row):
    """The system is all there is to choose."""


class Train(Row):
    """Nothing is trained."""


class Decode(Row):
    """Options of the system's own `decode`: which there are, and what they may be, is known when it is opened."""

    model_config = ConfigDict(frozen=True, extra="allow")
    n_best: int = Field(1, ge=1)


@dataclass(frozen=True)
class Redecoded:
    system: Trained
    folder: Path  # the system's, which is copied when this one is saved


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Redecoded, list[dict[str, float]]]:
    """Check that the system reads and writes what the row says. There are no epochs, and so no history.

    Raises Problem if `needs` is none, or has other tokens or features.
    """
    if len(needs) != 1:
        raise Problem("redecode takes one system: name the one that is to be decoded in another way as `needs`")
    system = Trained.open(needs[0])
    for side, own, theirs in (
        ("source", data.source["train"].codec, system.source),
        ("target", data.target["train"].codec, system.target),
    ):
        if not same(own, theirs):
            raise Problem(f"the {side} of {system.name} is encoded in another way: take its own row as the {side}")
    return Redecoded(system, needs[0]), []


def save(model: Redecoded, folder: Path) -> None:
    shutil.copytree(model.folder, folder / PART)


def load(folder: Path) -> Redecoded:
    return Redecoded(Trained.open(folder / PART), folder / PART)


def decode(*, model: Redecoded, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the source. Raises Problem for an option that the system's search does not know."""
    given: dict[str, Any] = dict(options.model_extra or {})
    if options.n_best > 1:
        given = widened(searching(model.system.craft).Decode, given, options.n_best)
    return model.system.decode(source, model.system.options(**given))


def same(own: Any, theirs: Any) -> bool:
    """Whether two codecs give the same numbers for the same values: one kind, one set of options, one vocabulary."""
    if type(own) is not type(theirs) or getattr(own, "config", None) != getattr(theirs, "config", None):
        return False
    return not hasattr(own, "tokens") or own.tokens(range(len(own))) == theirs.tokens(range(len(theirs)))
