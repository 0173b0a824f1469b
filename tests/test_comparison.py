from pathlib import Path

import numpy as np
import pytest

from pipeline import comparison, paths
from pipeline.metrics.statistics import write_statistics
from pipeline.params import Craft, Params, System
from pipeline.problems import Problem

ROW = {"task": "pos", "corpus": "c", "source": "tokens/a", "target": "tokens/b", "needs": "none", "also": "none"}


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Two taggers of 50 sentences of one word, the second right in ten more; a third that is not scored."""
    monkeypatch.chdir(tmp_path)
    for name, right in (("plain", 20), ("better", 30)):
        found = np.arange(50) < right
        counts = np.stack([found, np.ones(50), *np.zeros((4, 50))], axis=1)
        write_statistics(paths.statistics(name), [str(i) for i in range(50)], {"tagging": counts})
    rows = {name: System(**ROW, model=Craft(kind="hmm"), metrics=["tagging"]) for name in ("plain", "better", "later")}
    return Params(systems=rows, report={"pairs": {"a | step": ["plain", "better"], "none": ["plain", "later"]}})


def test_two_systems_by_every_score(params: Params) -> None:
    head, _, *rows = comparison.told(params, ("plain", "better")).split("\n")
    assert head.split()[:2] == ["without", "with"]
    assert [row.split()[:6] for row in rows] == [
        ["plain", "better", metric, "40.00", "60.00", "+20.00"] for metric in ("Accuracy",)
    ] + [["plain", "better", "Accuracy", "known", "40.00", "60.00"]]


def test_the_pairs_of_the_report(params: Params) -> None:
    _, _, row = comparison.told(params, None, markdown=True).split("\n")
    assert row.startswith("| a \\| step | plain | better | Accuracy | 40.00 | 60.00 | +20.00 | +")


def test_what_cannot_be_compared_is_told(params: Params) -> None:
    with pytest.raises(Problem, match=r"no systems\.plane: did you mean plain"):
        comparison.told(params, ("plane", "plain"))
    with pytest.raises(Problem, match="dvc repro evaluate@later"):
        comparison.told(params, ("plain", "later"))
    with pytest.raises(Problem, match=r"report\.pairs of params\.yaml names no two systems"):
        comparison.told(params.model_copy(update={"report": {}}), None)
