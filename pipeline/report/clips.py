"""A stretch of audio in, a player's bytes and a log-mel picture out, within a budget of bytes."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from markupsafe import Markup

from pipeline import audio
from pipeline.audio import Stretch
from pipeline.features import mel
from pipeline.report import heat

LONGEST = 15.0  # seconds of a clip
HIGHEST_RATE = 16_000  # Hz: speech needs no more to be understood
BUDGET = 1_500_000  # bytes of FLAC for one task
N_FFT = 1024  # samples: fine enough for the lowest mel bands at any rate


@dataclass(frozen=True)
class Clip:
    uri: str  # data:audio/flac;base64,...
    seconds: float
    whole: bool  # False: the record is longer than the clip
    picture: Markup


class Clips:
    """Cuts clips until the recordings that are wanted, or the budget, are spent; what comes after has no sound."""

    def __init__(self, count: int):
        self.count = count
        self.bytes_left = BUDGET

    def cut(self, record: Mapping[str, Any]) -> Clip | None:
        """The clip of an utterance; None where its audio is not there, or nothing is left to spend.

        Raises Problem if the audio is broken.
        """
        if self.count <= 0 or not record["audio"]:
            return None
        clip = self.hear(Stretch(Path(record["audio"]), record["start"], record["end"]), record["id"])
        self.count -= clip is not None
        return clip

    def hear(self, sound: Stretch, name: str) -> Clip | None:
        """The clip of a sound that no record names: a system's output. It is not counted, but paid for."""
        if not sound.file.is_file():
            return None
        found = audio.probe(sound.file)
        rate = min(found.rate, HIGHEST_RATE)
        end = found.duration if sound.end is None else sound.end
        waveform = audio.read(sound.file, rate, sound.start, min(end, sound.start + LONGEST))
        content = _flac(waveform, rate)
        if len(content) > self.bytes_left:
            return None
        self.bytes_left -= len(content)
        return Clip(
            uri=f"data:audio/flac;base64,{base64.b64encode(content).decode('ascii')}",
            seconds=len(waveform) / rate,
            whole=end - sound.start <= LONGEST,
            picture=_picture(waveform, rate, name),
        )


def _flac(waveform: np.ndarray, rate: int) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, waveform, rate, format="FLAC", subtype="PCM_16")
    return content.getvalue()


def _picture(waveform: np.ndarray, rate: int, name: str) -> Markup:
    bands = mel.Codec(mel.Config(rate=rate, n_fft=N_FFT, normalise="none")).measure([waveform])[0]  # [T, F]
    top = mel.mel(rate / 2)
    labels = [(mel.mel(f) / top, f"{f // 1000} kHz") for f in (1000, 2000, 4000) if f < rate / 2]
    return heat.spectrogram(bands, len(waveform) / rate, name, labels)
