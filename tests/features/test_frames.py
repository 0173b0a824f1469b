import math

import numpy as np
import pytest
import torch

from pipeline.features.frames import CHUNK, Frames, Framing, window
from pipeline.problems import Problem


def test_windows_by_hand() -> None:
    assert window("rectangular", 3).tolist() == [1, 1, 1]
    # cos(2πn/4) is 1, 0, -1, 0
    torch.testing.assert_close(window("hann", 4), torch.tensor([0.0, 0.5, 1.0, 0.5]))
    torch.testing.assert_close(window("hamming", 4), torch.tensor([0.08, 0.54, 1.0, 0.54]))


@pytest.mark.parametrize(("samples", "count"), [(0, 1), (1, 1), (400, 1), (559, 1), (560, 2), (16_000, 98)])
def test_frames_lie_wholly_within_the_audio(samples: int, count: int) -> None:
    assert Frames(Framing()).count(samples) == count


def test_sizes_in_samples() -> None:
    frames = Frames(Framing(rate=8000))
    assert (frames.length, frames.hop, frames.n_fft, frames.bins) == (200, 80, 256, 129)
    assert Frames(Framing(frame=0.032)).n_fft == 512  # 512 samples: no padding
    assert Frames(Framing(n_fft=400)).bins == 201


@pytest.mark.parametrize("kind", ["rectangular", "hamming", "hann"])
def test_power_is_that_of_the_discrete_fourier_transform(kind: str) -> None:
    config = Framing(rate=1000, frame=0.006, hop=0.003, window=kind, n_fft=8)
    frames = Frames(config)
    x = np.random.default_rng(1).standard_normal(14).astype(np.float32)
    signal, rows = frames.join([x])
    power = torch.cat([p.clone() for p in frames.power(signal)])[rows[0]]
    assert power.shape == (3, 5)
    weights = [1.0] * 6
    if kind != "rectangular":
        a, b = {"hamming": (0.54, 0.46), "hann": (0.5, 0.5)}[kind]
        weights = [a - b * math.cos(2 * math.pi * n / 6) for n in range(6)]
    for t in range(3):
        for k in range(5):
            value = sum(weights[n] * x[3 * t + n] * np.exp(-2j * np.pi * k * n / 8) for n in range(6))
            assert power[t, k].item() == pytest.approx(abs(value) ** 2, rel=1e-4, abs=1e-6)


def test_a_constant_has_power_at_zero_alone() -> None:
    frames = Frames(Framing(rate=1000, frame=0.008, hop=0.008, window="rectangular"))
    signal, _ = frames.join([np.full(8, 0.5, np.float32)])
    torch.testing.assert_close(next(frames.power(signal))[0], torch.tensor([16.0, 0, 0, 0, 0]))


@pytest.mark.parametrize("n_fft", [400, 512, 1024])
def test_waveforms_together_are_as_each_alone(n_fft: int) -> None:
    frames = Frames(Framing(n_fft=n_fft))
    draw = np.random.default_rng(2)
    waveforms = [draw.standard_normal(s).astype(np.float32) for s in (5000, 400, 399, 0, 1, 16_161, 100 * CHUNK)]
    signal, rows = frames.join(waveforms)
    together = torch.cat([p.clone() for p in frames.power(signal)])
    assert rows[-1].stop <= len(together)
    for waveform, row in zip(waveforms, rows, strict=True):
        alone, own = frames.join([waveform])
        expected = torch.cat([p.clone() for p in frames.power(alone)])[own[0]]
        assert len(expected) == frames.count(len(waveform))
        torch.testing.assert_close(together[row], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"hop": 0.00001}, "less than a sample"), ({"n_fft": 256}, "n_fft 256 is shorter than a frame of 400")],
)
def test_impossible_sizes(options: dict, message: str) -> None:
    with pytest.raises(Problem, match=message):
        Frames(Framing(**options))
