from pathlib import Path

import pytest

from pipeline import paths


def test_a_name_is_a_place_under_data() -> None:
    assert paths.model("mt") == Path("data/models/mt")
    assert paths.encoding("tokens/en") == Path("data/tokens/en")
    assert paths.manifest("soap", "dev") == Path("data/manifests/soap/dev.parquet")
    assert paths.scores("mt") == Path("data/scores/mt.json")


def test_a_folder_is_replaced_when_its_block_ends_well(tmp_path: Path) -> None:
    place = tmp_path / "model"
    for content in ("old", "new"):
        with paths.replacing(place) as partial:
            (partial / content).write_text(content)
            assert partial != place
    assert [file.name for file in place.iterdir()] == ["new"] and [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_fault_leaves_a_folder_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "model"
    with paths.replacing(place) as partial:
        (partial / "old").write_text("old")
    with pytest.raises(KeyboardInterrupt), paths.replacing(place) as partial:
        (partial / "new").write_text("new")
        raise KeyboardInterrupt
    assert [file.name for file in place.iterdir()] == ["old"] and [p.name for p in tmp_path.iterdir()] == ["model"]


def test_what_a_killed_run_left_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / ".model.partial").mkdir()
    (tmp_path / ".model.partial" / "half").write_text("half")
    with paths.replacing(tmp_path / "model") as partial:
        (partial / "whole").write_text("whole")
    assert [file.name for file in (tmp_path / "model").iterdir()] == ["whole"]


def test_a_file_changes_only_when_its_block_ends_well(tmp_path: Path) -> None:
    place = tmp_path / "scores" / "mt.json"
    with paths.replacing_file(place) as partial:
        partial.write_text("old")
    with pytest.raises(ValueError), paths.replacing_file(place) as partial:
        partial.write_text("new")
        raise ValueError
    assert place.read_text() == "old" and [p.name for p in place.parent.iterdir()] == ["mt.json"]
