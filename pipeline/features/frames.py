"""Waveforms → power spectra of their frames: framing, windows, and the discrete Fourier transform.

A frame takes `frame` seconds, the next begins `hop` seconds later. Frames lie wholly within the audio: S samples give
T = 1 + (S - length) // hop of them, and the rest at the end is dropped; audio shorter than a frame is filled up with
zeros to one. (torchaudio does the same with `center=False`.) The frame stands in the middle of the n_fft samples that
are transformed, zeros around it.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from pydantic import Field

from pipeline.params import Row
from pipeline.problems import Problem

CHUNK = 512  # frames transformed at a time: their samples and spectra fit a core's cache


class Framing(Row):
    """What every kind of features knows."""

    rate: int = Field(default=16_000, gt=0)  # Hz; audio of another rate is resampled
    frame: float = Field(default=0.025, gt=0)  # seconds
    hop: float = Field(default=0.010, gt=0)  # seconds
    window: Literal["hamming", "hann", "rectangular"] = "hamming"
    n_fft: int | None = None  # samples transformed; default: the power of two that holds a frame
    deltas: int = Field(default=0, ge=0, le=2)  # 1: the slope over time stands beside each value; 2: and its slope
    normalise: Literal["global", "utterance", "none"] = "global"  # to mean 0 and deviation 1 in each dimension
    dtype: Literal["float16", "float32"] = "float16"  # on disk
    processes: int = Field(default=1, ge=1)  # that read and transform recordings; the result does not depend on it


def window(kind: str, length: int) -> torch.Tensor:
    """The weights [length] of the samples of a frame, periodic as spectra want them (torch's and torchaudio's default).

    Hamming: 0.54 - 0.46 cos(2πn / length); Hann: 0.5 - 0.5 cos(2πn / length); rectangular: 1.
    """
    if kind == "hamming":
        return torch.hamming_window(length)
    if kind == "hann":
        return torch.hann_window(length)
    return torch.ones(length)


class Frames:
    """The frames of a `Framing`, in samples: `length`, `hop`, `n_fft`; `bins` frequencies come out."""

    def __init__(self, config: Framing):
        self.length = round(config.frame * config.rate)
        self.hop = round(config.hop * config.rate)
        if min(self.length, self.hop) < 1:
            raise Problem(
                f"frame {config.frame} s, hop {config.hop} s: less than a sample at {config.rate} Hz: lengthen"
            )
        self.n_fft = config.n_fft or 1 << (self.length - 1).bit_length()
        if self.n_fft < self.length:
            raise Problem(
                f"n_fft {self.n_fft} is shorter than a frame of {self.length} samples: raise it, or leave it out"
            )
        self.bins = self.n_fft // 2 + 1
        self._margin = (self.n_fft - self.length) // 2
        self.window = torch.zeros(self.n_fft)
        self.window[self._margin : self._margin + self.length] = window(config.window, self.length)

    def count(self, samples: int) -> int:
        return 1 + max(0, samples - self.length) // self.hop

    def join(self, waveforms: Sequence[np.ndarray]) -> tuple[torch.Tensor, list[slice]]:
        """Many waveforms as one signal, to be transformed together, and which of its frames are whose.

        Each begins at a multiple of the hop, far enough from the one before that no window sees both; the few frames
        between them belong to none.
        """
        counts = [self.count(len(waveform)) for waveform in waveforms]
        used = [(count - 1) * self.hop + self.length for count in counts]
        rows: list[slice] = []
        start = 0
        for count, samples in zip(counts, used, strict=True):
            rows.append(slice(start, start + count))
            start += -(-samples // self.hop)
        signal = np.zeros(start * self.hop + self.n_fft, dtype=np.float32)
        for waveform, samples, row in zip(waveforms, used, rows, strict=True):
            begin = row.start * self.hop + self._margin
            kept = waveform[:samples]
            signal[begin : begin + len(kept)] = kept
        return torch.from_numpy(signal), rows

    def power(self, signal: torch.Tensor) -> Iterator[torch.Tensor]:
        """|DFT|² of the frames of a signal [S] in chunks [n, bins]. A chunk is overwritten by the one after it."""
        frames = signal.unfold(0, self.n_fft, self.hop)  # [T, n_fft], a view
        windowed = torch.empty(CHUNK, self.n_fft)
        spectrum = torch.empty(CHUNK, self.bins, dtype=torch.complex64)
        power = torch.empty(CHUNK, self.bins)
        for chunk in torch.split(frames, CHUNK):
            n = len(chunk)
            torch.mul(chunk, self.window, out=windowed[:n])
            torch.fft.rfft(windowed[:n], out=spectrum[:n])
            torch.mul(spectrum[:n].real, spectrum[:n].real, out=power[:n])
            yield power[:n].addcmul_(spectrum[:n].imag, spectrum[:n].imag)
