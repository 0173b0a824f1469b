"""What synthesisers share: who speaks, and frames → sound, by Griffin-Lim or by a vocoder that is a system of its own.

The vocoder's folder is copied into the synthesiser's own, which so needs nothing else to speak.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from pipeline.data import Side
from pipeline.features import inversion
from pipeline.params import Row
from pipeline.problems import Problem, nearest
from pipeline.records import read_field
from pipeline.sequences import read_json
from pipeline.trained import Trained

FOLDER = "vocoder"  # in the synthesiser's folder
NOBODY = ""  # the name of whoever speaks where the manifest names nobody


class Options(Row):
    """What a synthesiser's Decode begins with."""

    speaker: str = ""  # who speaks; not stated: whom the manifest names, and for typed text the first one of training
    sound: Literal["auto", "griffin_lim"] = "auto"  # auto: by the vocoder where there is one
    iterations: int = Field(32, ge=1)  # of Griffin-Lim


def speakers(side: Side) -> list[str]:
    """Who speaks each record of a manifest: NOBODY where none is named."""
    assert side.manifest is not None, "typed text has no speakers"
    return [name or NOBODY for name in read_field(side.manifest, "speaker")]


def numbers(side: Side, known: Sequence[str], options: Options) -> np.ndarray:
    """The place in `known` [N] of who speaks each record. Raises Problem for a speaker who is not known."""
    if options.speaker or side.manifest is None:
        names = [options.speaker or known[0]] * len(side.sequences)
    else:
        names = speakers(side)
    return placed(names, known, side.sequences.ids)


def placed(names: Sequence[str], known: Sequence[str], ids: Sequence[str]) -> np.ndarray:
    """Names [N] → their places in `known`, int64 [N]. Raises Problem naming the first record of an unknown speaker."""
    places = {name: i for i, name in enumerate(known)}
    for name, identifier in zip(names, ids, strict=True):
        if name not in places:
            told = ", ".join(repr(one) for one in known)
            raise Problem(
                f"{identifier}: the speaker {name!r} was not heard in training ({told}): {nearest(name, known)}; "
                "set decode.speaker to one of them"
            )
    return np.array([places[name] for name in names], dtype=np.int64)


@dataclass(frozen=True)
class Voice:
    """How frames become sound: through `vocoder`, or without one by Griffin-Lim."""

    codec: Any  # of the frames
    vocoder: Trained | None
    iterations: int

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self.codec.config.rate)

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        """Frames [T, F] as the codec normalises them → float32 [S]."""
        if self.vocoder is None or not len(frames):
            return inversion.waveform(self.codec, frames, self.iterations)
        sound: np.ndarray = self.vocoder.craft.sound(self.vocoder.model, self.vocoder.target, frames)
        return sound


def voice(codec: Any, vocoder: Path | None, options: Options) -> Voice:
    """`vocoder`: the folder of one. Raises Problem if it was trained on other frames than `codec` makes."""
    if vocoder is None or options.sound == "griffin_lim":
        return Voice(codec, None, options.iterations)
    trained = Trained.open(vocoder)
    heard = trained.source
    same = type(heard) is type(codec) and heard.config == codec.config
    if not same or not (np.array_equal(heard.mean, codec.mean) and np.array_equal(heard.deviation, codec.deviation)):
        raise Problem(
            f"{vocoder}: this vocoder was trained on other frames than the synthesiser says: give both the same "
            "features, or set decode.sound: griffin_lim"
        )
    return Voice(codec, trained, options.iterations)


def vocoder_among(folders: Sequence[Path]) -> Path | None:
    """The folder, of those that a synthesiser is made with, that holds a vocoder: a system that makes `sound`."""
    for folder in folders:
        kind = read_json(folder / "system.json")["kind"]
        if hasattr(import_module(f"pipeline.models.{kind}"), "sound"):
            return folder
    return None


def save_vocoder(vocoder: Path | None, folder: Path) -> None:
    """Copy the vocoder's folder, if there is one, into the synthesiser's."""
    if vocoder is not None:
        shutil.copytree(vocoder, folder / FOLDER)


def load_vocoder(folder: Path) -> Path | None:
    """Where `save_vocoder` put it."""
    place = folder / FOLDER
    return place if place.is_dir() else None
