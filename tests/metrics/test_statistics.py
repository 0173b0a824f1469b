from pathlib import Path

import numpy as np
import pytest

from pipeline.metrics.statistics import read_statistics, write_statistics
from pipeline.problems import Problem


def test_what_is_written_is_read_again_and_is_the_same_bytes(tmp_path: Path) -> None:
    place = tmp_path / "statistics" / "mt.parquet"
    metrics = {"bleu": np.array([[1, 2, 3], [4, 5, 6]]), "loss": np.array([[0.5], [np.nan]]), "none": np.zeros((2, 0))}
    write_statistics(place, ["a", "b"], metrics)
    first = place.read_bytes()
    found = read_statistics(place)
    assert found.ids == ["a", "b"]
    assert list(found.metrics) == ["bleu", "loss", "none"]
    for name, values in metrics.items():
        np.testing.assert_array_equal(found.metrics[name], values)
    write_statistics(place, ["a", "b"], metrics)
    assert place.read_bytes() == first
    with pytest.raises(Problem, match="dvc repro evaluate@st"):
        read_statistics(place.with_name("st.parquet"))
