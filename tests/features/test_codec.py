import pickle

import numpy as np

from pipeline.features.codec import Moments
from pipeline.features.mel import Codec, Config

VALUES = np.random.default_rng(5).normal(3, 2, (50, 4)).astype(np.float32)


def test_moments_are_those_of_all_frames_however_they_come() -> None:
    first, second = Moments(4), Moments(4)
    first.add(VALUES[:20])
    second.add(VALUES[20:])
    first.join(second)
    assert first.frames == 50
    np.testing.assert_allclose(first.mean(), VALUES.mean(axis=0, dtype=np.float64))
    np.testing.assert_allclose(first.deviation(), VALUES.std(axis=0, dtype=np.float64), rtol=1e-6)


def test_global_normalisation() -> None:
    codec = Codec(Config(n_mels=4))
    moments = Moments(4)
    moments.add(VALUES)
    codec.fit(moments)
    normal = codec.normalise(VALUES)
    assert normal.dtype == np.float32
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(normal.std(axis=0), 1, atol=1e-5)


def test_normalisation_by_utterance_leaves_constants_at_zero() -> None:
    codec = Codec(Config(n_mels=4, normalise="utterance"))
    constant = np.concatenate([VALUES[:, :3], np.full((50, 1), 7, np.float32)], axis=1)
    normal = codec.normalise(constant)
    assert normal.dtype == np.float32
    np.testing.assert_allclose(normal[:, :3].std(axis=0), 1, atol=1e-5)
    assert (normal[:, 3] == 0).all() and (codec.normalise(VALUES[:1]) == 0).all()


def test_it_travels_to_another_process() -> None:
    codec = Codec(Config(n_mels=4), np.ones(4, np.float32), np.ones(4, np.float32))
    travelled = pickle.loads(pickle.dumps(codec))  # noqa: S301
    waveform = VALUES.flatten()
    np.testing.assert_array_equal(travelled.encode(waveform), codec.encode(waveform))
