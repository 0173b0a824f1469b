"""A record's stretch of audio in, a player's bytes and a log-mel picture out, within the page's budget of bytes."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from markupsafe import Markup

from pipeline.report import heat

LONGEST = 15.0  # seconds of a clip
HIGHEST_RATE = 16_000  # Hz: what lies above it, the ear misses little in speech
BUDGET = 3_000_000  # bytes of FLAC in the whole page
FRAME, HOP, BANDS = 0.025, 0.010, 80  # seconds, seconds, mel bands of the picture


@dataclass(frozen=True)
class Clip:
    uri: str  # data:audio/flac;base64,...
    seconds: float
    whole: bool  # False: the record is longer than the clip
    picture: Markup


class Clips:
    """Cuts clips until their number or the budget is spent; what comes after is shown without sound."""

    def __init__(self, count: int):
        self.count = count
        self.bytes_left = BUDGET

    def cut(self, record: Mapping[str, Any]) -> Clip | None:
        """The clip of an utterance; None where its audio is not there, or nothing is left to spend."""
        if self.count <= 0 or not record["audio"] or not Path(record["audio"]).is_file():
            return None
        seconds = min(record["end"] - record["start"], LONGEST)
        waveform, rate = read(Path(record["audio"]), record["start"], seconds)
        content = _flac(waveform, rate)
        if not len(waveform) or len(content) > self.bytes_left:
            return None
        self.count -= 1
        self.bytes_left -= len(content)
        return Clip(
            uri=f"data:audio/flac;base64,{base64.b64encode(content).decode('ascii')}",
            seconds=len(waveform) / rate,
            whole=record["end"] - record["start"] <= LONGEST,
            picture=_picture(waveform, rate, record["id"]),
        )


def read(file: Path, start: float, seconds: float) -> tuple[np.ndarray, int]:
    """A stretch of a recording as one channel: float32 [S] and its rate."""
    with soundfile.SoundFile(file) as sound:
        rate = sound.samplerate
        sound.seek(round(start * rate))
        samples = sound.read(round(seconds * rate), dtype="float32", always_2d=True)  # [S, C]
    return samples.mean(axis=1), rate


def _flac(waveform: np.ndarray, rate: int) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, waveform, rate, format="FLAC", subtype="PCM_16")
    return content.getvalue()


def _picture(waveform: np.ndarray, rate: int, name: str) -> Markup:
    size, hop = round(FRAME * rate), round(HOP * rate)
    count = 1 + max(0, ceil((len(waveform) - size) / hop))
    padded = np.pad(waveform, (0, max(0, (count - 1) * hop + size - len(waveform))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * np.hamming(size)  # [T, size]
    power = np.abs(np.fft.rfft(frames, n=1 << (size - 1).bit_length())) ** 2  # [T, bins]
    edges = 700 * np.expm1(np.linspace(0, 1127 * np.log1p(rate / 2 / 700), BANDS + 2) / 1127)
    bins = np.linspace(0, rate / 2, power.shape[1])
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.clip(np.minimum(rising, falling), 0, None)  # [F, bins]
    bands = np.log(power @ filters.T + 1e-10)
    top = 1127 * np.log1p(rate / 2 / 700)
    labels = [(float(1127 * np.log1p(f / 700) / top), f"{f / 1000:g} k") for f in (1000, 2000, 4000) if f <= rate / 2]
    return heat.spectrogram(bands, len(waveform) / rate, name, labels)
