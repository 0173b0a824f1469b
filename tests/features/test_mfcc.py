import numpy as np
import pytest
import torch
import torchaudio

from pipeline.features import mel
from pipeline.features.mfcc import Codec, Config
from pipeline.problems import Problem

NOISE = np.random.default_rng(4).standard_normal(16_000).astype(np.float32)


def test_coefficients_are_the_cosine_transform_of_log_mel() -> None:
    options = {"n_mels": 20, "normalise": "none", "deltas": 0}
    energies = mel.Codec(mel.Config(**options)).encode(NOISE)[5].astype(np.float64)
    found = Codec(Config(**options)).encode(NOISE)[5]
    assert found.shape == (13,)
    for k in range(13):
        scale = np.sqrt((1 if k == 0 else 2) / 20)
        value = scale * sum(energies[n] * np.cos(np.pi * k * (n + 0.5) / 20) for n in range(20))
        assert found[k] == pytest.approx(value, abs=1e-4)


def test_equal_to_torchaudio() -> None:
    codec = Codec(Config(window="hann", normalise="none", deltas=0))
    options = {"n_fft": 512, "win_length": 400, "hop_length": 160, "n_mels": 40, "center": False, "pad": 56}
    peer = torchaudio.transforms.MFCC(16_000, n_mfcc=13, log_mels=True, melkwargs=options)
    expected = peer(torch.from_numpy(NOISE)).T.numpy()
    np.testing.assert_allclose(codec.encode(NOISE), expected, atol=1e-3)  # it adds 1e-6 within the logarithm


def test_deltas_are_slopes_over_five_frames() -> None:
    values = Codec(Config(normalise="none", coefficients=4)).encode(NOISE)
    assert values.shape[1] == 12
    c, d, dd = values[:, :4], values[:, 4:8], values[:, 8:]
    for static, slope in ((c, d), (d, dd)):
        padded = np.pad(static, ((2, 2), (0, 0)), mode="edge")
        expected = ((padded[3:-1] - padded[1:-3]) + 2 * (padded[4:] - padded[:-4])) / 10
        np.testing.assert_allclose(slope, expected, atol=1e-4)


def test_one_frame_has_no_slope() -> None:
    values = Codec(Config(normalise="none")).encode(NOISE[:100])
    assert values.shape == (1, 39)
    np.testing.assert_allclose(values[:, 13:], 0, atol=1e-5)


def test_more_coefficients_than_filters_are_refused() -> None:
    with pytest.raises(Problem, match="coefficients 50: 40 mel filters"):
        Codec(Config(coefficients=50))
