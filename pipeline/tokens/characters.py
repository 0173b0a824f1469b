"""Text → one id a character, and back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.sequences import read_json
from pipeline.tokens.vocabulary import Symbols, TokensConfig, Values, by_frequency, read_symbols, texts

REPLACEMENT = "\ufffd"  # how an unknown character is written


class Config(TokensConfig):
    lowercase: bool = False
    min_count: int = 1  # a rarer character of train is unknown


class Codec(Symbols):
    def __init__(self, symbols: list[str], config: Config):
        super().__init__(symbols)
        self.config = config

    @classmethod
    def fit(cls, train: Values, *, field: str, config: Config) -> "Codec":
        """The characters of the training texts of all fields."""
        characters = (c for _, text in texts(train) for c in _text(text, config))
        return cls(by_frequency(characters, config.min_count), config)

    @classmethod
    def load(cls, folder: Path) -> "Codec":
        description: Mapping[str, Any] = read_json(folder / "codec.json")
        return cls(read_symbols(folder), Config.model_validate(description["options"]))

    def encode(self, value: str | None) -> np.ndarray:
        return self.ids(_text(value, self.config))

    def decode(self, ids: Any) -> str:
        unknown = self.symbols[self.UNKNOWN]
        return "".join(REPLACEMENT if symbol == unknown else symbol for symbol in self.content(ids))


def _text(value: str | None, config: Config) -> str:
    text = value or ""
    return text.lower() if config.lowercase else text
