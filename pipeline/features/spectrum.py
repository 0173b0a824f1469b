"""Waveform → logarithm of the power spectrum, float [T, n_fft // 2 + 1]."""

import torch

from pipeline.features.codec import FLOOR, FrameCodec
from pipeline.features.frames import Framing


class Config(Framing):
    pass


class Codec(FrameCodec):
    config_type = Config

    @property
    def static(self) -> int:
        return self.frames.bins

    def transform(self, power: torch.Tensor) -> torch.Tensor:
        return power.clamp(min=FLOOR).log_()

    def energies(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        return values.exp(), None
