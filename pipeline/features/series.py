"""Values of time series → float [T, 1], as they are: scaling is the model's, which knows level and season.

Enters a field of a manifest: numbers ([T], a forecast's truth), or a series with its period (see `corpora/series.py`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.params import Row


class Config(Row):
    """Nothing to choose: a series is taken as it is."""

    @property
    def dtype(self) -> str:
        """On disk: prices and counts of people need all of their digits."""
        return "float64"


class Codec:
    dim = 1

    def __init__(self, config: Config):
        self.config = config

    def encode(self, value: Mapping[str, Any] | Sequence[float]) -> np.ndarray:
        """`{"values": [...], "period": 24}`, or the values alone → float64 [T, 1]."""
        values = value["values"] if isinstance(value, Mapping) else value
        return np.asarray(values, dtype=np.float64)[:, None]

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def load(cls, folder: Path) -> "Codec":
        return cls(Config())
