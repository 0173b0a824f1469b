"""A recogniser and a translator, one after the other: speech → text → text in another language; nothing is trained.

What the recogniser finds best goes to the translator as people would write it, through that one's own codec. Two models
that learn apart can use what joint ones cannot, speech without translations and translations without speech; an error
of the first is final for the second.

`needs` is the recogniser, `also` the translator. Both are copied into the system's folder.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.data import Data, Side, Vocabulary, typed_side
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.trained import Trained

WRITES = "tokens"
PARTS = ("recogniser", "translator")  # folders in the system's own
TOGETHER = 1024  # utterances that pass at once


class Config(Row):
    """The two systems are all there is to choose."""


class Train(Row):
    """Nothing is trained."""


class Decode(Row):
    recogniser: dict[str, Any] = Field(default_factory=dict)  # what its own `decode` may say
    translator: dict[str, Any] = Field(default_factory=dict)
    n_best: int = Field(1, ge=1)  # of the translator, whose beam_size must be as large


@dataclass(frozen=True)
class Cascade:
    recogniser: Trained
    translator: Trained
    folders: tuple[Path, ...]  # of both, which are copied when this system is saved


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Cascade, list[dict[str, float]]]:
    """Put the two together. There are no epochs, and so no history."""
    if len(needs) != len(PARTS):
        raise Problem("a cascade takes two systems: name the recogniser as `needs`, the translator as `also`")
    recogniser, translator = map(Trained.open, needs)
    if not hasattr(translator.source, "decode"):
        raise Problem(f"{translator.name} reads no text: name a translator as `also`, and the recogniser as `needs`")
    return Cascade(recogniser, translator, needs), []


def save(model: Cascade, folder: Path) -> None:
    for part, other in zip(PARTS, model.folders, strict=True):
        shutil.copytree(other, folder / part)


def load(folder: Path) -> Cascade:
    folders = tuple(folder / part for part in PARTS)
    recogniser, translator = map(Trained.open, folders)
    return Cascade(recogniser, translator, folders)


def decode(*, model: Cascade, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the source, in the tokens of `target`, which need not be the translator's."""
    recogniser, translator = model.recogniser, model.translator
    searched = {"n_best": options.n_best} if options.n_best > 1 else {}
    translating = translator.options(**options.translator | searched)
    heard = recogniser.decode(source, recogniser.options(**options.recogniser))
    while some := [recogniser.written(found[0].tokens) for found in islice(heard, TOGETHER)]:
        for n_best in translator.decode(typed_side(translator.source, some), translating):
            yield [_in(target, translator, found) for found in n_best]


def _in(target: Vocabulary, translator: Trained, found: Hypothesis) -> Hypothesis:
    tokens = [int(token) for token in target.encode(translator.written(found.tokens))]
    return Hypothesis(tokens, found.score, found.finished)
