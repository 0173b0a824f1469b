"""Series in CSV: M4's two files, one file, long tables; what cannot be learnt from or scored."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.corpora.series import Config, key, read
from pipeline.corpora.splits import Found
from pipeline.problems import Problem
from pipeline.records import Reject

TRAIN = '"V1","V2","V3","V4","V5","V6","V7"\n"W1","1","2","3","4","5","6"\n"W2","9","8","7","6","5",\n'
TEST = '"V1","V2","V3"\n"W1","7","8"\n"W2","4","3"\n'
FILES = {"train": "train.csv", "test": "test.csv"}


def found(folder: Path, texts: dict[str, str], **options: Any) -> list[Found | Reject]:
    for name, text in texts.items():
        (folder / name).write_text(text)
    return list(read(Config(**{"period": 1, "horizon": 2, **options}), folder, "m4"))


def records(items: list[Found | Reject], split: str) -> dict[str, tuple[list[float], list[float]]]:
    kept = [item.record for item in items if isinstance(item, Found) and item.split == split]
    return {record["id"]: (record["past"]["values"], record["future"]) for record in kept}


def test_each_split_ends_where_the_next_ones_future_begins(tmp_path: Path) -> None:
    items = found(tmp_path, {"train.csv": TRAIN, "test.csv": TEST}, files=FILES, horizon=1, period=2)
    assert records(items, "test")["m4-W1"] == ([1, 2, 3, 4, 5, 6], [7])  # the test file goes on beyond the horizon
    assert records(items, "dev")["m4-W1"] == ([1, 2, 3, 4, 5], [6])
    assert records(items, "train")["m4-W1"] == ([1, 2, 3, 4], [5])
    assert records(items, "train")["m4-W2"] == ([9, 8, 7], [6])
    assert items[0].record["past"]["period"] == 2  # type: ignore[union-attr]
    assert key(Config(period=1, horizon=1), {}) == []


def test_without_a_test_file_the_last_values_are_the_test(tmp_path: Path) -> None:
    text = "id,date,value\n" + "".join(f"a,2026-01-0{day},{day}\n" for day in range(1, 9))
    items = found(tmp_path, {"long.csv": text})
    assert records(items, "test") == {"m4-a": ([1, 2, 3, 4, 5, 6], [7, 8])}
    assert records(items, "train") == {"m4-a": ([1, 2], [3, 4])}


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        ("A,1,2,3,4,5,6", "A,7", "no test"),
        ("A,1,2,3,4,5,6", "B,7,8", "no test"),
        ("A,1,2,3,4,5", "A,7,8", "too short"),
        ("A,1,2,3,4,5,-6", "A,7,8", "negative values"),
        ("A,1,2,3,4,5,6", "A,7,-8", "negative values"),
        ("A,1,1,1,1,5,6", "A,7,8", "constant"),
        ("id,date,value\nA,2,1\nA,1,2\nA,3,3\nA,4,4\nA,5,5\nA,6,6", "A,7,8", "dates"),
    ],
)
def test_what_is_rejected(tmp_path: Path, train: str, test: str, reason: str) -> None:
    items = found(tmp_path, {"train.csv": train + "\n", "test.csv": test + "\n"}, files=FILES)
    rejects = [item for item in items if isinstance(item, Reject)]
    assert rejects[0].reason == reason
    assert "A: " in rejects[0].note and rejects[0].where.startswith("line ")
    assert not any(isinstance(item, Found) for item in items)


def test_a_test_without_history_is_counted(tmp_path: Path) -> None:
    items = found(tmp_path, {"train.csv": TRAIN, "test.csv": TEST + '"W3","1","2"\n'}, files=FILES)
    assert [(item.reason, item.text) for item in items if isinstance(item, Reject)][-1] == ("no history", "W3")


@pytest.mark.parametrize(
    ("texts", "files", "told"),
    [
        ({"train.csv": "A,1,NaN,3\n", "test.csv": TEST}, FILES, "A: value 2 is 'NaN'"),
        ({"train.csv": "A,1\nA,2\n", "test.csv": TEST}, FILES, "A stands in .*train.csv, line 1 already"),
        ({"train.csv": TRAIN, "dev.csv": TEST}, {"train": "train.csv", "dev": "dev.csv"}, "leave its files out"),
    ],
)
def test_what_is_refused(tmp_path: Path, texts: dict[str, str], files: dict[str, str], told: str) -> None:
    with pytest.raises(Problem, match=told):
        found(tmp_path, texts, files=files)
