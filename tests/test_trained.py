"""A trained system is one folder: it opens without the workspace that it was trained in."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline import paths
from pipeline.data import typed_side
from pipeline.models import attention
from pipeline.params import Craft, System
from pipeline.problems import Problem
from pipeline.sequences import write_json
from pipeline.stages import train
from pipeline.tokens import characters
from pipeline.trained import Trained, searching


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system of two character codecs, as the train stage leaves it; the codecs' own places are gone."""
    monkeypatch.chdir(tmp_path)
    for name, letters in (("left", ["abc"]), ("right", ["xyz!"])):
        codec = paths.encoding(f"tokens/{name}") / "codec"
        codec.mkdir(parents=True)
        characters.Codec.fit({name: letters}, field=name, config=characters.Config()).save(codec)
        write_json(codec / "codec.json", {"kind": "characters", "field": name, "corpus": "c", "options": {}})
    place = paths.model("echo")
    place.mkdir(parents=True)
    torch.manual_seed(1)
    attention.save(attention.Network(attention.Config(hidden=8, embedding=8), 7, 8), place)
    train.complete(
        place,
        System(
            task="mt",
            corpus="c",
            source="tokens/left",
            target="tokens/right",
            needs="none",
            also="none",
            model=Craft(kind="attention"),
            metrics=[],
        ),
        "abc",
    )
    shutil.rmtree(paths.DATA / "tokens")
    return place


def test_it_answers_without_its_workspace(folder: Path) -> None:
    moved = folder.rename(folder.parents[2] / "elsewhere")
    trained = Trained.open(moved)
    assert (trained.source.decode([4, 5]), trained.target.decode([4, 5])) == ("ab", "!x")
    found = list(trained.decode(typed_side(trained.source, ["ab", ""]), trained.options(beam_size=2, n_best=2)))
    assert [len(n_best) for n_best in found] == [2, 1]
    assert all(np.isfinite(one.score) for n_best in found for one in n_best)


def test_faults_are_said(folder: Path) -> None:
    with pytest.raises(Problem, match="none holds no trained system: `dvc repro train@none`"):
        Trained.open(paths.model("none"))
    with pytest.raises(Problem, match=r"echo\.decode\.beam: no such name: did you mean beam_size"):
        Trained.open(folder).options(beam=2)
    write_json(folder / "config.json", {"config": {"hiden": 8}})
    with pytest.raises(Problem, match="another version"):
        Trained.open(folder)


def test_a_craft_without_a_search_is_searched_token_by_token() -> None:
    assert searching(attention).decode.__module__ == "pipeline.search.steps"
