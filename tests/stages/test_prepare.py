"""The stage: a row of params.yaml → data/raw/<name>, or one message that leaves what stood there."""

from pathlib import Path

import pytest

from pipeline.problems import Problem
from pipeline.stages import prepare

ROWS = """
raw:
  mine: {kind: fetch, folder: source}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_text(ROWS)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.txt").write_text("a\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_prepare_fills_data_raw(workspace: Path) -> None:
    prepare.run("mine")
    assert (workspace / "data/raw/mine/a.txt").read_text() == "a\n"


def test_a_fault_leaves_what_was_there(workspace: Path) -> None:
    prepare.run("mine")
    (workspace / "source" / "a.txt").unlink()
    with pytest.raises(Problem, match="matches"):
        prepare.run("mine")
    assert (workspace / "data/raw/mine/a.txt").read_text() == "a\n"
    assert [path.name for path in (workspace / "data/raw").iterdir()] == ["mine"]


def test_unknown_names_and_kinds_are_named(workspace: Path) -> None:
    with pytest.raises(Problem, match=r"no raw\.mime: did you mean mine"):
        prepare.run("mime")
    (workspace / "params.yaml").write_text("raw: {mine: {kind: fetsh}}")
    with pytest.raises(Problem, match=r"raw\.mine\.kind: there is no 'fetsh': did you mean fetch"):
        prepare.run("mine")
