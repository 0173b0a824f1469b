from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio

from pipeline.features.mel import Codec, Config, filters, mel
from pipeline.problems import Problem
from pipeline.sequences import write_json


def noise(seconds: float, rate: int = 16_000) -> np.ndarray:
    return (0.1 * np.random.default_rng(3).standard_normal(round(seconds * rate))).astype(np.float32)


def test_mel_scale_by_hand() -> None:
    assert mel(0) == 0
    assert mel(700) == pytest.approx(1127 * 0.6931472, abs=1e-3)  # ln 2
    assert mel(1000) == pytest.approx(1000, abs=0.02)  # what the scale was made for


def test_filters_are_triangles_equally_spaced_in_mel() -> None:
    bank = filters(Config(n_mels=5), 257).numpy()
    step = mel(8000) / 6
    for m in range(5):
        left, peak, right = (700 * (np.exp((m + i) * step / 1127) - 1) for i in range(3))
        for k in range(257):
            frequency = k * 8000 / 256
            weight = max(0, min((frequency - left) / (peak - left), (right - frequency) / (right - peak)))
            assert bank[k, m] == pytest.approx(weight, abs=1e-4)


@pytest.mark.parametrize(
    ("window", "n_fft", "n_mels", "rate"),
    [("hamming", None, 80, 16_000), ("hann", 400, 40, 16_000), ("rectangular", 1024, 23, 16_000),
     ("hamming", None, 40, 8000), ("hann", None, 80, 22_050)],
)  # fmt: skip
def test_equal_to_torchaudio(window: str, n_fft: int | None, n_mels: int, rate: int) -> None:
    codec = Codec(Config(window=window, n_fft=n_fft, n_mels=n_mels, rate=rate, normalise="none"))
    frames = codec.frames
    kinds = {"hamming": torch.hamming_window, "hann": torch.hann_window, "rectangular": torch.ones}
    peer = torchaudio.transforms.MelSpectrogram(
        rate, frames.n_fft, frames.length, frames.hop, n_mels=n_mels, center=False, mel_scale="htk",
        pad=(frames.n_fft - frames.length) // 2, window_fn=kinds[window],
    )  # fmt: skip
    waveform = noise(2.345, rate)
    expected = peer(torch.from_numpy(waveform)).clamp(min=1e-10).log().T.numpy()
    values = codec.encode(waveform)
    assert values.shape == (frames.count(len(waveform)), n_mels) and values.dtype == np.float32
    np.testing.assert_allclose(values, expected[: len(values)], atol=1e-4)


def test_silence_has_a_floor_and_short_audio_one_frame() -> None:
    codec = Codec(Config(normalise="none"))
    for samples in (0, 1, 399, 400):
        values = codec.encode(np.zeros(samples, np.float32))
        assert values.shape == (1, 80)
        np.testing.assert_allclose(values, np.log(1e-10), rtol=1e-6)
    assert np.isfinite(codec.encode(np.ones(10, np.float32))).all()


def test_many_at_once_are_as_each_alone() -> None:
    codec = Codec(Config(normalise="none", deltas=1))
    waveforms = [noise(s) for s in (0.5, 0.01, 7.0, 0.3)]
    for waveform, values in zip(waveforms, codec.measure(waveforms), strict=True):
        assert values.shape == (codec.frames.count(len(waveform)), codec.dim)
        np.testing.assert_allclose(values, codec.encode(waveform), atol=1e-4)
    assert codec.measure([]) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_mels": 200}, "n_mels 200: .* filters see no frequency"),
        ({"fmax": 9000}, "half the rate, 8000.0 Hz"),
        ({"fmin": 4000, "fmax": 3000}, "must rise"),
    ],
)
def test_impossible_filters(options: dict, message: str) -> None:
    with pytest.raises(Problem, match=message):
        Codec(Config(**options))


def test_what_was_saved_loads(tmp_path: Path) -> None:
    codec = Codec(Config(n_mels=3), mean=np.array([1, 2, 3], np.float32), deviation=np.array([0.1, 1, 2], np.float32))
    codec.save(tmp_path)
    write_json(tmp_path / "codec.json", {"kind": "mel", "options": {"n_mels": 3}})
    loaded = Codec.load(tmp_path)
    assert loaded.dim == 3
    np.testing.assert_array_equal(loaded.encode(noise(1)), codec.encode(noise(1)))


def test_at_one_level_loudness_makes_no_difference() -> None:
    codec = Codec(Config(rate=16_000, n_mels=40, normalise="none", level=True))
    sound = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)
    loud, soft = codec.measure([sound, sound / 50])
    np.testing.assert_allclose(loud, soft, atol=1e-3)
    assert np.exp(loud).mean() == pytest.approx(1, rel=1e-4)
    [silence] = codec.measure([np.zeros(8000, np.float32)])
    assert not silence.any()
