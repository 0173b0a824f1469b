"""Words or tags → one id each, and back. A field of text is cut at white space; a field of words is taken as it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.sequences import read_json, write_json
from pipeline.tokens.vocabulary import Symbols, TokensConfig, Values, by_frequency, read_symbols


class Config(TokensConfig):
    lowercase: bool = False
    min_count: int = 1  # a rarer word of train is unknown, so that a model learns what unknown means


class Codec(Symbols):
    """`text` says what the field holds, and so what `decode` gives: text, or a list of words."""

    def __init__(self, symbols: list[str], config: Config, text: bool):
        super().__init__(symbols)
        self.config = config
        self.text = text

    @classmethod
    def fit(cls, train: Values, *, field: str, config: Config) -> "Codec":
        """The words of the training values of all fields."""
        values = {name: list(column) for name, column in train.items()}
        words = (word for column in values.values() for value in column for word in _words(value, config))
        text = any(isinstance(value, str) for value in values[field])
        return cls(by_frequency(words, config.min_count), config, text)

    @classmethod
    def load(cls, folder: Path) -> "Codec":
        description: Mapping[str, Any] = read_json(folder / "codec.json")
        text = read_json(folder / "field.json")["text"]
        return cls(read_symbols(folder), Config.model_validate(description["options"]), text)

    def save(self, folder: Path) -> None:
        super().save(folder)
        write_json(folder / "field.json", {"text": self.text})

    def encode(self, value: str | Sequence[str] | None) -> np.ndarray:
        return self.ids(_words(value, self.config))

    def decode(self, ids: Any) -> str | list[str]:
        words = self.content(ids)
        return " ".join(words) if self.text else words


def _words(value: str | Sequence[str] | None, config: Config) -> list[str]:
    words = value.split() if isinstance(value, str) else list(value or ())
    return [word.lower() for word in words] if config.lowercase else words
