"""The mean of several systems' scores."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import paths
from pipeline.problems import Problem
from pipeline.sequences import write_json
from pipeline.stages.average import run

SYSTEM = {
    "task": "asr", "corpus": "c", "source": "tokens/t", "target": "tokens/t", "needs": "none", "also": "none",
    "model": {"kind": "ctc"}, "metrics": [],
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    rows = {
        "raw": {"r": {"kind": "soap"}},
        "corpora": {"c": {"raw": "r", "kind": "parallel"}},
        "tokens": {"t": {"corpus": "c", "field": "en", "kind": "words"}},
        "systems": {"a": SYSTEM, "b": SYSTEM},
    }

    def write(systems: list[str]) -> None:
        averages = {"both": {"systems": systems}}
        Path("params.yaml").write_text(yaml.safe_dump({**rows, "averages": averages}), encoding="utf-8")

    return write


def scores(name: str, **values: Any) -> None:
    write_json(paths.scores(name), values)


def test_each_score_has_its_mean_and_its_range(workspace: Any, capsys: pytest.CaptureFixture[str]) -> None:
    workspace(["a", "b"])
    scores("a", wer=1.0, wer_low=0.5, wer_high=2.0, cer=1.0, cer_low=0, cer_high=1, sentences=10, signature="x")
    scores("b", wer=2.5, wer_low=0.5, wer_high=2.0, sentences=30)
    run("both")
    assert json.loads(paths.average("both").read_text(encoding="utf-8")) == {
        "wer": 1.75,
        "wer_lowest": 1.0,
        "wer_highest": 2.5,
        "systems": 2,
    }
    assert "wer" in capsys.readouterr().out


def test_what_is_wrong_is_told(workspace: Any) -> None:
    workspace(["a", "c"])
    with pytest.raises(Problem, match=r"averages.both.systems: there is no 'c'"):
        run("both")
    workspace(["a", "b"])
    scores("a", wer=1.0, wer_low=0.5)
    with pytest.raises(Problem, match=r"b.json is missing"):
        run("both")
    scores("b", bleu=1.0, bleu_low=0.5)
    with pytest.raises(Problem, match=r"averages.both: a, b have no score in common"):
        run("both")
