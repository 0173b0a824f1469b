"""Curves by dvclive and without it are the same files."""

from pathlib import Path

import pytest

from pipeline import curves

HISTORY = [
    {"train_loss": 1.23456789, "dev_loss": 2.0, "lr": 1e-05},
    {"train_loss": 0.5, "dev_loss": 1234567.0, "lr": 0.0},
]


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_bare_machine_writes_the_tables_that_dvclive_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dvclive")
    monkeypatch.chdir(tmp_path)  # dvclive looks for a repository around it
    curves.write_curves(HISTORY, tmp_path / "live")
    monkeypatch.setattr(curves, "find_spec", lambda name: None)
    curves.write_curves(HISTORY, tmp_path / "bare")
    written = files(tmp_path / "live")
    assert written == files(tmp_path / "bare")
    assert written["plots/metrics/train_loss.tsv"] == b"step\ttrain_loss\n0\t1.23457\n1\t0.5\n"
    assert len(written) == 3


def test_no_epochs_no_tables(tmp_path: Path) -> None:
    curves.write_curves([], tmp_path)
    assert files(tmp_path) == {}
