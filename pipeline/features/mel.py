"""Waveform → logarithm of the energies of mel filters, float [T, n_mels].

mel(f) = 1127 ln(1 + f / 700) (O'Shaughnessy 1987). Filters are triangles equally spaced on that scale, each reaching
from its left neighbour's peak to its right one's. The same as torchaudio's MelSpectrogram with `mel_scale="htk"`,
`center=False` and `pad=(n_fft - length) // 2`.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import torch
import torchaudio
from pydantic import Field

from pipeline.features.codec import FLOOR, FrameCodec
from pipeline.features.frames import Framing
from pipeline.problems import Problem

BAND = 16  # filters multiplied at a time, with the bins that they reach alone


class Config(Framing):
    n_mels: int = Field(default=80, gt=0)
    fmin: float = Field(default=0.0, ge=0)  # Hz, where the first filter begins
    fmax: float | None = None  # Hz, where the last one ends; default: half the rate
    level: bool = False  # True: utterances are equally loud, whatever the distance from the microphone
    floor: float = Field(default=FLOOR, gt=0)  # energy below which nothing is told apart; for synthesis 1e-3, or so


def mel(frequency: float) -> float:
    """Hz → mel."""
    return float(1127 * np.log1p(frequency / 700))


class Codec(FrameCodec):
    config_type = Config

    def __init__(self, config: Config, mean: np.ndarray | None = None, deviation: np.ndarray | None = None):
        super().__init__(config, mean, deviation)
        self.filters = filters(config, self.frames.bins)  # [bins, n_mels]
        self._bands = [_reach(band) for band in torch.split(self.filters, BAND, dim=1)]

    def measure(self, waveforms: Sequence[np.ndarray]) -> list[np.ndarray]:
        found = super().measure(waveforms)
        return [self._levelled(values) for values in found] if self.config.level else found

    @staticmethod
    def _levelled(values: np.ndarray) -> np.ndarray:
        """Log energies [T, n_mels] less the logarithm of their mean energy."""
        highest = values.max()
        return np.asarray(values - (highest + np.log(np.exp(values - highest).mean())))

    @property
    def static(self) -> int:
        return int(self.config.n_mels)

    @property
    def logarithmic(self) -> bool:
        """Whether every value, but for a factor and a constant of its band, is the logarithm of a power."""
        return self.config.deltas == 0 and self.config.normalise != "utterance"

    def warped(self, factors: np.ndarray) -> np.ndarray:
        """Where each band's content is found if all frequencies are `factors` [B] times as high: places [B, n_mels].

        Between bands; what lies outside is taken from the first or the last one.
        """
        top = self.config.rate / 2 if self.config.fmax is None else self.config.fmax
        low, high = mel(self.config.fmin), mel(top)
        step = (high - low) / (self.static + 1)
        peaks = 700 * np.expm1((low + step * np.arange(1, self.static + 1)) / 1127)  # Hz
        places = (1127 * np.log1p(peaks / factors[:, None] / 700) - low) / step - 1
        return np.asarray(np.clip(places, 0, self.static - 1))

    def transform(self, power: torch.Tensor) -> torch.Tensor:
        # A filter reaches few bins: by bands the product costs a third of power @ filters.
        energies = torch.cat([power[:, reach] @ band for reach, band in self._bands], dim=1)
        return energies.clamp_(min=self.config.floor).log_()

    def energies(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        return values.exp(), self.filters


def filters(config: Config, bins: int) -> torch.Tensor:
    """The triangles [bins, n_mels], their peaks 1. Raises Problem if one falls between two bins and sees nothing."""
    top = config.rate / 2 if config.fmax is None else config.fmax
    if not config.fmin < top <= config.rate / 2:
        raise Problem(
            f"fmin {config.fmin} and fmax {top} Hz: must rise, and end by half the rate, {config.rate / 2} Hz"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty filters, which stop us below
        bank: torch.Tensor = torchaudio.functional.melscale_fbanks(
            bins, config.fmin, top, config.n_mels, config.rate, norm=None, mel_scale="htk"
        )
    empty = int((bank.sum(dim=0) == 0).sum())
    if empty:
        raise Problem(f"n_mels {config.n_mels}: {empty} filters see no frequency: take fewer, or a larger n_fft")
    return bank


def _reach(band: torch.Tensor) -> tuple[slice, torch.Tensor]:
    """The bins that a band of filters [bins, n] reaches, and its weights there."""
    bins = band.sum(dim=1).nonzero().flatten()
    reach = slice(int(bins[0]), int(bins[-1]) + 1)
    return reach, band[reach].contiguous()
