"""Text → the ids of its terms, for what asks which words a text holds: labels, topics.

A term is a run of letters in lower case, whatever stands around it, or a Chinese character; a number is `0`, whichever
it is. So what people type needs no spaces before commas, and `oil`, `Oil,` and `OIL` are one.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.sequences import read_json
from pipeline.tokens.vocabulary import Symbols, TokensConfig, Values, by_frequency, read_symbols, texts

NUMBER = "0"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_TERM = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+|\d+(?:[.,]\d+)*")


class Config(TokensConfig):
    min_count: int = 1  # a rarer term of train is unknown


class Codec(Symbols):
    def __init__(self, symbols: list[str], config: Config):
        super().__init__(symbols)
        self.config = config

    @classmethod
    def fit(cls, train: Values, *, field: str, config: Config) -> "Codec":
        """The terms of the training texts of all fields."""
        return cls(by_frequency((term for _, text in texts(train) for term in terms(text)), config.min_count), config)

    @classmethod
    def load(cls, folder: Path) -> "Codec":
        description: Mapping[str, Any] = read_json(folder / "codec.json")
        return cls(read_symbols(folder), Config.model_validate(description["options"]))

    def encode(self, value: str | None) -> np.ndarray:
        return self.ids(terms(value or ""))

    def decode(self, ids: Any) -> str:
        return " ".join(self.content(ids))


def terms(text: str) -> list[str]:
    """`Oil, 4.5 mln` → oil, 0, mln."""
    return [NUMBER if term[0].isdigit() else term for term in _TERM.findall(text.lower())]
