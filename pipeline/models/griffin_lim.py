"""Frames of speech → sound without anything that is trained, as a system: what a vocoder is held against."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.data import Data, Side
from pipeline.features import inversion
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.sequences import read_json, write_json

READS = WRITES = "features"


class Config(Row):
    iterations: int = Field(32, ge=1)


class Train(Row):
    """Nothing is trained."""


class Decode(Row):
    """The search is the model's own."""


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Config, list[dict[str, float]]]:
    """Raises Problem at once if the frames do not determine a waveform."""
    inversion.check(data.source["train"].codec)
    return config, []


def save(model: Config, folder: Path) -> None:
    write_json(folder / "config.json", {"config": model.model_dump()})


def load(folder: Path) -> Config:
    return Config.model_validate(read_json(folder / "config.json")["config"])


def decode(*, model: Config, source: Side, target: Any, options: Decode) -> Iterator[list[Hypothesis]]:
    """What it makes of the frames of recordings, in their order: copy synthesis."""
    rate = int(source.codec.config.rate)
    for i in range(len(source.sequences)):
        waveform = inversion.waveform(source.codec, source.sequences[i], model.iterations)
        yield [Hypothesis([], 0.0, waveform=waveform, rate=rate)]
