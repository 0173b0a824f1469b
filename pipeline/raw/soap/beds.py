"""What lies under speech: music and noise made here from a seed. Waveforms float32 [S] at 16 kHz with an RMS of 1."""

import numpy as np

from pipeline.raw.soap.speech import RATE

KINDS = ("music", "noise", "hum")
LOOP = 8  # seconds; a bed repeats after these
SCALE = (220.0, 246.94, 261.63, 293.66, 329.63, 349.23, 392.0, 440.0)  # A minor, Hz


def bed(kind: str, samples: int, rng: np.random.Generator) -> np.ndarray:
    """`samples` of a bed: strings of notes, noise as of rain or a street, or the hum of a machine."""
    loop = {"music": _music, "noise": _noise, "hum": _hum}[kind](rng)
    loop = loop / np.sqrt(np.mean(loop**2))
    return np.resize(loop, samples).astype(np.float32)


def _music(rng: np.random.Generator) -> np.ndarray:
    """A slow melody over two held notes, each with three partials and a decaying envelope."""
    wave = np.zeros(LOOP * RATE)
    beat = RATE // 2
    time = np.arange(2 * beat) / RATE
    for start in range(0, len(wave) - 2 * beat + 1, beat):
        pitch = SCALE[rng.integers(len(SCALE))]
        tone = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in (1, 2, 3))
        wave[start : start + 2 * beat] += tone * np.exp(-3 * time)
    drone = np.arange(len(wave)) / RATE
    root = round(SCALE[rng.integers(3)] / 2 * LOOP) / LOOP  # whole periods, so that the loop closes
    return wave + 0.3 * np.sin(2 * np.pi * root * drone) + 0.2 * np.sin(2 * np.pi * 1.5 * root * drone)


def _noise(rng: np.random.Generator) -> np.ndarray:
    """Noise that falls by 3 to 6 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(LOOP * RATE))
    frequency = np.maximum(np.arange(len(spectrum)) / LOOP, 30.0)
    return np.asarray(np.fft.irfft(spectrum * frequency ** -rng.uniform(0.5, 1.0), LOOP * RATE))


def _hum(rng: np.random.Generator) -> np.ndarray:
    """50 Hz and its harmonics with a little noise."""
    time = np.arange(LOOP * RATE) / RATE
    wave = np.zeros(len(time))
    for n in range(1, 9):
        wave += rng.uniform(0.3, 1.0) / n * np.sin(2 * np.pi * 50 * n * time + rng.uniform(0, 6))
    return wave + 0.2 * rng.standard_normal(len(time))
