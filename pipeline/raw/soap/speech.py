"""Text and a voice → a waveform, by espeak-ng (GPL-3.0, from the package espeakng-loader) in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from pipeline.problems import Problem
from pipeline.raw.soap import speaker

RATE = 16_000  # Hz, of everything written
UP, DOWN = 320, 441  # 22,050 Hz → 16,000 Hz
AHEAD = 8  # requests under way, so that both processes have work
QUIET = 0.004  # of full scale: what counts as silence around an utterance


@dataclass(frozen=True)
class Voice:
    """A character's voice: an espeak-ng variant, words a minute, pitch from 0 to 99."""

    character: str
    variant: str
    rate: int
    pitch: int


@dataclass(frozen=True)
class Request:
    """A line and who says it; `rate` and `pitch` are added to the voice's own."""

    text: str
    voice: Voice
    rate: int = 0
    pitch: int = 0


class Speech:
    """`with Speech() as speech: speech.say(requests)`"""

    def __enter__(self) -> "Speech":
        command = [sys.executable, str(Path(speaker.__file__).resolve())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=2**18)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self.process.stdin and self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def say(self, requests: Sequence[Request]) -> Iterator[np.ndarray]:
        """For each request float32 [S] at 16 kHz, silence around it trimmed. Some are spoken ahead of the one given."""
        for i in range(len(requests) + AHEAD):
            if i < len(requests):
                self._ask(requests[i])
            if i >= AHEAD:
                yield self._answer(requests[i - AHEAD])

    def _ask(self, request: Request) -> None:
        assert self.process.stdin
        voice = request.voice
        asked = {
            "text": request.text,
            "voice": f"ms+{voice.variant}",
            "rate": voice.rate + request.rate,
            "pitch": voice.pitch + request.pitch,
        }
        with suppress(BrokenPipeError):  # it has ended: the missing answer says so
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            self.process.stdin.flush()

    def _answer(self, request: Request) -> np.ndarray:
        assert self.process.stdout
        head = self.process.stdout.read(4)
        size = int.from_bytes(head, "little")
        data = self.process.stdout.read(size)
        if len(head) < 4 or len(data) < size or not size:
            raise Problem(
                f"espeak-ng did not speak {request.text!r}: its own message stands above; install espeakng-loader again"
            )
        return trim(resample(np.frombuffer(data, "<i2").astype(np.float32) / 32_768))


def resample(wave: np.ndarray) -> np.ndarray:
    """22,050 Hz → 16,000 Hz by cutting the spectrum above 8 kHz, with a soft edge of 500 Hz."""
    blocks = -(-(len(wave) + DOWN) // DOWN)  # whole blocks, so that both lengths are whole numbers of samples
    spectrum = np.fft.rfft(wave, blocks * DOWN)
    kept = blocks * UP // 2 + 1
    edge = max(1, kept // 16)
    spectrum = spectrum[:kept]
    spectrum[-edge:] *= np.cos(np.linspace(0, np.pi / 2, edge))
    return (np.fft.irfft(spectrum, blocks * UP) * (UP / DOWN)).astype(np.float32)


def trim(wave: np.ndarray) -> np.ndarray:
    """From 20 ms before the first sound to 20 ms after the last."""
    loud = np.flatnonzero(np.abs(wave) > QUIET)
    if not len(loud):
        return wave
    margin = RATE // 50
    return wave[max(0, loud[0] - margin) : loud[-1] + margin]
