"""A system that is decoded anew gives what it gives itself under those options."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from pipeline import paths
from pipeline.data import Data, Side, typed_side
from pipeline.models import attention, redecode
from pipeline.params import Craft, System, configure
from pipeline.problems import Problem
from pipeline.sequences import Sequences, write_json
from pipeline.stages import train
from pipeline.tokens.characters import Codec, Config
from pipeline.trained import Trained

LETTERS = list("abcde")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trained folder of an LSTM with attention, which has learnt nothing."""
    monkeypatch.chdir(tmp_path)
    codec = paths.encoding("tokens/letters") / "codec"
    codec.mkdir(parents=True)
    Codec(LETTERS, Config()).save(codec)
    write_json(codec / "codec.json", {"kind": "characters", "field": "ms", "options": {}})
    torch.manual_seed(3)
    folder = paths.model("base")
    folder.mkdir(parents=True)
    attention.save(attention.Network(attention.Config(hidden=16), source_size=9, target_size=9).eval(), folder)
    train.complete(folder, _row(), "untrained")
    return folder


def _row() -> System:
    place = "tokens/letters"
    return System(
        task="mt",
        corpus="c",
        source=place,
        target=place,
        needs="none",
        also="none",
        model=Craft(kind="attention"),
        metrics=[],
    )


def data(codec: Any) -> Data:
    side = {"train": Side(codec, Sequences.of([]))}
    return Data(side, side)


def fitted(needs: tuple[Path, ...], codec: Any) -> redecode.Redecoded:
    config, options = redecode.Config(), redecode.Train()
    model, history = redecode.fit(data=data(codec), config=config, options=options, needs=needs, work=Path("work"))
    assert history == []
    return model


def found(model: redecode.Redecoded, **options: Any) -> list[list[tuple[list[int], float]]]:
    codec = Codec(LETTERS, Config())
    given = configure(redecode.Decode, options, "decode")
    lists = redecode.decode(model=model, source=typed_side(codec, ["abc", "", "e" * 30]), target=codec, options=given)
    return [[(one.tokens, one.score) for one in n_best] for n_best in lists]


def test_it_gives_what_its_system_gives_under_the_same_options(base: Path, tmp_path: Path) -> None:
    model = fitted((base,), Codec(LETTERS, Config()))
    place = tmp_path / "saved"
    place.mkdir()
    redecode.save(model, place)
    loaded = redecode.load(place)
    system = Trained.open(base)
    source = typed_side(system.source, ["abc", "", "e" * 30])
    for options in ({"beam_size": 1}, {"beam_size": 4, "n_best": 3}, {"length_penalty": 0.0, "max_ratio": 0.5}):
        own = [[(one.tokens, one.score) for one in n] for n in system.decode(source, system.options(**options))]
        assert found(model, **options) == own == found(loaded, **options)
    assert found(model, beam_size=1) != found(model, beam_size=4)


def test_a_longer_list_widens_the_beam(base: Path) -> None:
    model = fitted((base,), Codec(LETTERS, Config()))
    assert found(model, beam_size=2, n_best=4) == found(model, beam_size=4, n_best=4)


def test_options_are_checked_against_the_systems_own(base: Path) -> None:
    model = fitted((base,), Codec(LETTERS, Config()))
    with pytest.raises(Problem, match=r"decode\.beam_sise: no such name: did you mean beam_size"):
        found(model, beam_sise=1)
    with pytest.raises(Problem, match="beam_size"):
        found(model, beam_size=0)


def test_it_takes_one_system_of_the_same_tokens(base: Path) -> None:
    with pytest.raises(Problem, match="takes one system"):
        fitted((), Codec(LETTERS, Config()))
    for codec in (Codec(LETTERS[::-1], Config()), Codec(LETTERS, Config(lowercase=True)), SimpleNamespace(dim=80)):
        with pytest.raises(Problem, match="the source of base is encoded in another way"):
            fitted((base,), codec)
