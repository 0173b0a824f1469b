import numpy as np
import pytest

from pipeline.features import mel, samples
from pipeline.params import configure
from pipeline.problems import Problem


def test_rows_by_hand() -> None:
    codec = samples.Codec(samples.Config(rate=100, frame=0.06, hop=0.02))  # 6 samples a frame, 2 a hop
    values = codec.encode(np.arange(11, dtype=np.float32))
    np.testing.assert_array_equal(values, [[2, 3], [4, 5], [6, 7]])
    assert values.dtype == np.float32 and codec.dim == 2
    waveform = codec.waveform(values)
    np.testing.assert_array_equal(waveform, [0, 0, 2, 3, 4, 5, 6, 7, 0, 0])
    np.testing.assert_array_equal(codec.encode(waveform), values)


@pytest.mark.parametrize("count", [0, 1, 799, 800, 801, 5000])
def test_as_many_rows_as_other_features(count: int) -> None:
    framing = {"frame": 0.05, "hop": 0.0125}
    sound = np.random.default_rng(1).normal(size=count).astype(np.float32)
    codec = samples.Codec(samples.Config(**framing))
    rows = codec.encode(sound)
    assert rows.shape == (len(mel.Codec(mel.Config(normalise="none", **framing)).encode(sound)), 200)
    np.testing.assert_array_equal(codec.encode(codec.waveform(rows)), rows)


def test_nothing_else_can_be_asked_for() -> None:
    assert len(samples.Codec(samples.Config()).waveform(np.zeros((0, 160)))) == 0
    with pytest.raises(Problem, match="normalise"):
        configure(samples.Config, {"normalise": "global"}, "features.samples")
