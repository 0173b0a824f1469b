"""The base of features that go by frames: waveform → float [T, dim], with deltas and normalisation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torchaudio

from pipeline.features.frames import Frames, Framing
from pipeline.sequences import read_json, write_json

FLOOR = 1e-10  # power below which the logarithm sees this: digital silence has one, too
SMALLEST = 1e-5  # a deviation below it is taken for 1: a dimension that never moves is not blown up


@dataclass
class Moments:
    """Mean and standard deviation of each dimension over all frames, gathered as they stream by."""

    dim: int
    frames: int = 0
    total: np.ndarray = field(init=False)  # [dim]
    squares: np.ndarray = field(init=False)  # [dim]

    def __post_init__(self) -> None:
        self.total, self.squares = np.zeros(self.dim), np.zeros(self.dim)

    def add(self, values: np.ndarray) -> None:
        """`values` [T, dim]."""
        wide = values.astype(np.float64)
        self.frames += len(values)
        self.total += wide.sum(axis=0)
        self.squares += np.einsum("td,td->d", wide, wide)

    def join(self, other: "Moments") -> None:
        """Take in what was gathered elsewhere."""
        self.frames += other.frames
        self.total += other.total
        self.squares += other.squares

    def mean(self) -> np.ndarray:
        return self.total / max(self.frames, 1)

    def deviation(self) -> np.ndarray:
        deviation = np.sqrt(np.maximum(self.squares / max(self.frames, 1) - self.mean() ** 2, 0))
        return np.where(deviation < SMALLEST, 1, deviation)


class FrameCodec:
    """What mel, mfcc and spectrum share; each says what a frame's power spectrum becomes (`static`, `transform`)."""

    config_type: ClassVar[type[Framing]]

    def __init__(self, config: Any, mean: np.ndarray | None = None, deviation: np.ndarray | None = None):
        self.config = config
        self.frames = Frames(config)
        self.mean = mean  # [dim] float32; None until `fit`, or where normalisation is not global
        self.deviation = deviation

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process goes what it is made of, not its tables."""
        return type(self), (self.config, self.mean, self.deviation)

    @property
    def static(self) -> int:
        """Values a frame, before deltas."""
        raise NotImplementedError

    def transform(self, power: torch.Tensor) -> torch.Tensor:
        """Power spectra [n, bins] → [n, static]."""
        raise NotImplementedError

    def energies(self, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Values [T, static] → the energies [T, n] that they stand for, and the filters [bins, n] that gave those.

        The way back from `transform`, as far as it goes; None: the energies are the power spectrum itself.
        """
        raise NotImplementedError

    @property
    def dim(self) -> int:
        return self.static * (1 + self.config.deltas)

    def measure(self, waveforms: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Waveforms [S] at `config.rate` → float32 [T, dim] each, not yet normalised: all of them in one go."""
        if not waveforms:
            return []
        signal, rows = self.frames.join(waveforms)
        values = torch.cat([self.transform(power) for power in self.frames.power(signal)])
        return [self._with_deltas(values[r]).numpy() for r in rows]

    def _with_deltas(self, values: torch.Tensor) -> torch.Tensor:
        """[T, static] → [T, dim]. A delta is the slope of the line through five frames, edges repeated."""
        orders = [values]
        for _ in range(self.config.deltas):
            orders.append(torchaudio.functional.compute_deltas(orders[-1].T[None], win_length=5)[0].T)
        return torch.cat(orders, dim=1) if len(orders) > 1 else values

    def fit(self, moments: Moments) -> None:
        """Take the training set's mean and deviation, for `normalise: global`."""
        self.mean = moments.mean().astype(np.float32)
        self.deviation = moments.deviation().astype(np.float32)

    def normalise(self, values: np.ndarray) -> np.ndarray:
        """float32 [T, dim] of one utterance → the same to mean 0 and deviation 1, as the options say."""
        if self.config.normalise == "none":
            return values
        if self.config.normalise == "utterance":
            moments = Moments(self.dim)
            moments.add(values)
            return ((values - moments.mean()) / moments.deviation()).astype(np.float32)
        assert self.mean is not None and self.deviation is not None, "fit comes first"
        return (values - self.mean) / self.deviation

    def denormalise(self, values: np.ndarray) -> np.ndarray:
        """float32 [T, dim] as `normalise` gives it → as it was before: what a synthesiser says, in its true scale.

        Not for normalise: utterance, where nothing knows the mean any more.
        """
        if self.config.normalise == "none":
            return values
        assert self.mean is not None and self.deviation is not None, "fit comes first"
        return values.astype(np.float32) * self.deviation + self.mean

    def encode(self, waveform: np.ndarray) -> np.ndarray:
        """One waveform, float32 [S] in [-1, 1] at `config.rate` → float32 [T, dim]."""
        return self.normalise(self.measure([waveform])[0])

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if self.mean is not None and self.deviation is not None:
            content = {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}
            write_json(folder / "normalisation.json", content)

    @classmethod
    def load(cls, folder: Path) -> Self:
        description: Mapping[str, Any] = read_json(folder / "codec.json")
        config = cls.config_type.model_validate(description["options"])
        if config.normalise != "global":
            return cls(config)
        content: Mapping[str, Iterable[float]] = read_json(folder / "normalisation.json")
        mean, deviation = (np.array(content[key], dtype=np.float32) for key in ("mean", "deviation"))
        return cls(config, mean, deviation)
