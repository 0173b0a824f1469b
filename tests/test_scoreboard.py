import json
from pathlib import Path

import pytest

from pipeline import scoreboard
from pipeline.params import Craft, Params, System
from pipeline.report.scores import written


def system(task: str, metric: str) -> System:
    sides = {"source": "tokens/a", "target": "tokens/b"}
    return System(task=task, corpus="c", **sides, needs="none", also="none", model=Craft(kind="x"), metrics=[metric])


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[scoreboard.Row]:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "scores"
    folder.mkdir(parents=True)
    for name, content in {
        "mt_a": {"bleu": 60.0, "bleu_low": 58.0, "bleu_high": 62.0, "bleu_baseline": 8.0, "sentences": 400},
        "mt_b": {"bleu": 70.5, "bleu_low": 68.0, "bleu_high": 72.0, "bleu_baseline": 8.0, "sentences": 400},
        "asr|c": {"wer": 9.0, "wer_low": 8.0, "wer_high": 10.0, "wer_baseline": 98.0, "sentences": 30},
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    systems = {"asr|c": system("asr", "wer"), "mt_a": system("mt", "bleu"), "mt_b": system("mt", "bleu")}
    return scoreboard.rows(Params(systems={**systems, "mt_c": system("mt", "bleu")}))


def test_the_best_of_a_task_comes_first(table) -> None:
    assert [(row.task, row.system, row.score) for row in table] == [
        ("asr", "asr|c", "9.00"),
        ("mt", "mt_b", "70.50"),
        ("mt", "mt_a", "60.00"),
        ("mt", "mt_c", ""),
    ]
    assert table[1][3:] == ("BLEU", "70.50", "68.00 to 72.00", "8.00", "400") and table[3].metric == "not scored yet"


def test_columns_stand_under_each_other(table) -> None:
    lines = scoreboard.plain(table).splitlines()
    assert len(lines) == 6
    assert lines[3].endswith("8.00        400") and lines[4].endswith("8.00        400")


def test_markdown(table) -> None:
    lines = scoreboard.markdown(table).splitlines()
    assert lines[1] == "| --- | --- | --- | --- | ---: | ---: | ---: | ---: |"
    assert lines[2].startswith("| asr | c | asr\\|c | WER | 9.00 |")


def test_scores_have_the_digits_of_their_metric() -> None:
    assert written(81.1449, "bleu") == "81.14"
    assert written(0.8514, "owa") == "0.851"
    assert written(-0.8514, "owa", signed=True) == "-0.851"
