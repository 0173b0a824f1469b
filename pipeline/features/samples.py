"""Waveform → its samples, cut at the frames of other features: float [T, hop]. What a vocoder learns to say.

Row t is what lies around the middle of frame t, half a hop to either side: mel features of the same rate, frame and hop
have as many rows, and row t of both is the same moment. What lies outside at either end is not kept.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from pipeline.features.codec import FrameCodec
from pipeline.features.frames import Framing


class Config(Framing):
    deltas: Literal[0] = 0
    normalise: Literal["none"] = "none"


class Codec(FrameCodec):
    config_type = Config

    @property
    def static(self) -> int:
        return self.frames.hop

    @property
    def _edge(self) -> int:
        """Samples before the first row."""
        return (self.frames.length - self.frames.hop) // 2

    def measure(self, waveforms: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [self._cut(np.asarray(waveform, np.float32)) for waveform in waveforms]

    def _cut(self, waveform: np.ndarray) -> np.ndarray:
        rows = self.frames.count(len(waveform))
        kept = waveform[self._edge : self._edge + rows * self.frames.hop]
        return np.pad(kept, (0, rows * self.frames.hop - len(kept))).reshape(rows, self.frames.hop)

    def waveform(self, values: np.ndarray) -> np.ndarray:
        """[T, hop] → float32 [S] that `encode` would cut so, S = (T - 1) * hop + length; its ends are silent."""
        if not len(values):
            return np.zeros(0, np.float32)
        after = self.frames.length - self.frames.hop - self._edge
        return np.pad(values.astype(np.float32).reshape(-1), (self._edge, after))
