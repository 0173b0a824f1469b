"""A record's stretch of audio in, a player's bytes and a log-mel picture out, within the page's budget of bytes."""

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
from pipeline.features import mel
from pipeline.report import heat

LONGEST = 15.0  # seconds of a clip
HIGHEST_RATE = 16_000  # Hz: speech needs no more to be understood
BUDGET = 3_000_000  # bytes of FLAC in the whole page
N_FFT = 1024  # samples: fine enough for the lowest mel bands at any rate


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
        """The clip of an utterance; None where its audio is not there, or nothing is left to spend.

        Raises Problem if the audio is broken.
        """
        if self.count <= 0 or not record["audio"] or not Path(record["audio"]).is_file():
            return None
        file, start = Path(record["audio"]), record["start"]
        rate = min(audio.probe(file).rate, HIGHEST_RATE)
        waveform = audio.read(file, rate, start, min(record["end"], start + LONGEST))
        content = _flac(waveform, rate)
        if len(content) > self.bytes_left:
            return None
        self.count -= 1
        self.bytes_left -= len(content)
        return Clip(
            uri=f"data:audio/flac;base64,{base64.b64encode(content).decode('ascii')}",
            seconds=len(waveform) / rate,
            whole=record["end"] - record["start"] <= LONGEST,
            picture=_picture(waveform, rate, record["id"]),
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
