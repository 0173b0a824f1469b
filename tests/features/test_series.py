from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from pipeline import paths
from pipeline.data import load_side
from pipeline.features.series import Codec, Config
from pipeline.problems import Problem
from pipeline.records import write_table
from pipeline.stages import featurize

LONG = 123_456_789.125  # has more digits than float32


def test_a_series_and_bare_values_are_the_same_numbers() -> None:
    codec = Codec(Config())
    np.testing.assert_array_equal(codec.encode({"values": [1.0, LONG], "period": 24}), [[1.0], [LONG]])
    np.testing.assert_array_equal(codec.encode([1.0, LONG]), [[1.0], [LONG]])


def world(field: str) -> None:
    past = pa.struct([("values", pa.list_(pa.float64())), ("period", pa.int32())])
    schema = pa.schema([("id", pa.string()), ("past", past), ("future", pa.list_(pa.float64()))])
    for split in paths.SPLITS:
        record = {"id": f"{split}-1", "past": {"values": [1.0, LONG], "period": 7}, "future": [3.0]}
        write_table(paths.manifest("shows", split), [record], schema)
    Path("data/raw/world").mkdir(parents=True)
    rows = {
        "raw": {},
        "corpora": {"shows": {"raw": "world", "kind": "series"}},
        "features": {"x": {"corpus": "shows", "raw": "world", "field": field, "kind": "series"}},
    }
    Path("params.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")


def test_the_stage_takes_series_from_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    world("past")
    featurize.run("x")
    side = load_side("features/x", "shows", "train")
    np.testing.assert_array_equal(side.sequences[0], [[1.0], [LONG]])
    assert side.values == [{"values": [1.0, LONG], "period": 7}]
    assert "train: 1 series, 2 values, longest 2" in capsys.readouterr().out


def test_sound_is_no_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world("audio")
    with pytest.raises(Problem, match=r"features\.x\.kind: series is not made of sound: take mel"):
        featurize.run("x")
