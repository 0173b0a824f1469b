"""Waveform → mel-frequency cepstral coefficients (Davis and Mermelstein 1980), float [T, coefficients × (1 + deltas)].

The orthonormal cosine transform (type II) of the log-mel energies; its first coefficient is the frame's loudness.
"""

import numpy as np
import torch
import torchaudio
from pydantic import Field

from pipeline.features import mel
from pipeline.problems import Problem


class Config(mel.Config):
    n_mels: int = Field(default=40, gt=0)
    coefficients: int = Field(default=13, gt=0)
    deltas: int = Field(default=2, ge=0, le=2)


class Codec(mel.Codec):
    config_type = Config

    def __init__(self, config: Config, mean: np.ndarray | None = None, deviation: np.ndarray | None = None):
        super().__init__(config, mean, deviation)
        if config.coefficients > config.n_mels:
            raise Problem(
                f"coefficients {config.coefficients}: {config.n_mels} mel filters give no more than {config.n_mels}"
            )
        self.cosines = torchaudio.functional.create_dct(config.coefficients, config.n_mels, norm="ortho")

    @property
    def static(self) -> int:
        return int(self.config.coefficients)

    @property
    def logarithmic(self) -> bool:
        return False

    def transform(self, power: torch.Tensor) -> torch.Tensor:
        return super().transform(power) @ self.cosines

    def energies(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        return super().energies(values @ self.cosines.T)  # without the fine structure that was cut off
