"""A recogniser that hears how long a sound is."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pipeline import audio, paths
from pipeline.audio import Stretch
from pipeline.judging import TOGETHER, Judge
from pipeline.params import Craft, Row, System
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.sequences import write_json
from pipeline.stages import train
from pipeline.tokens import characters


def ear() -> ModuleType:
    """An `a` for each tenth of a second."""

    def decode(*, model: Any, source: Any, target: Any, options: Row) -> Iterator[list[Hypothesis]]:
        assert len(source.sequences) <= TOGETHER
        for length in source.sequences.lengths:
            yield [Hypothesis([4] * round(length / 10), 0.0)]

    module = ModuleType("pipeline.models.ear")
    module.Config = module.Decode = Row  # type: ignore[attr-defined]
    module.decode, module.load = decode, lambda folder: None  # type: ignore[attr-defined]
    return module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pipeline.models.ear", ear())
    options = {"tokens/chars": {"lowercase": True}, "features/mel": {"normalise": "none", "rate": 8000}}
    for place, kind, field in (("tokens/chars", "characters", "en"), ("features/mel", "mel", "audio")):
        codec = paths.encoding(place) / "codec"
        if kind == "characters":
            characters.Codec.fit({field: ["ab"]}, field=field, config=characters.Config()).save(codec)
        write_json(codec / "codec.json", {"kind": kind, "field": field, "corpus": "c", "options": options[place]})
    return tmp_path


def trained(source: str, target: str) -> Path:
    place = paths.model("ear")
    place.mkdir(parents=True)
    sides: dict[str, Any] = {"source": source, "target": target}
    row = System(task="asr", corpus="c", **sides, needs="none", also="none", model=Craft(kind="ear"), metrics=[])
    train.complete(place, row, "none")
    return place


def test_a_text_for_each_sound_and_none_for_no_sound(folder: Path) -> None:
    audio.write(folder / "a.wav", np.zeros(16_000, np.float32), 16_000)
    judge = Judge(trained("features/mel", "tokens/chars"))
    assert judge.lowercase
    sound = folder / "a.wav"
    assert judge.hear([Stretch(sound), None, Stretch(sound, 0.2, 0.52), None]) == ["a" * 10, "", "aaa", ""]
    assert judge.hear([Stretch(sound, 0.0, 0.12)] * (TOGETHER + 1)) == ["a"] * (TOGETHER + 1)
    assert judge.hear([]) == []


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [("tokens/chars", "tokens/chars", "reads no sound"), ("features/mel", "features/mel", "writes no text")],
)
def test_what_is_no_recogniser_is_told(folder: Path, source: str, target: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        Judge(trained(source, target))
