"""Text ↔ ids of pieces of words, by sentencepiece (Kudo and Richardson 2018): byte-pair encoding or a unigram model.

The text as it stands is what is learnt and given back (`normalisation: identity`); `nfkc` and `nmt_nfkc` fold
characters of the same meaning together first. `tokenise: moses` puts spaces between tokens and `lowercase` folds case,
both before sentencepiece sees the text: `decode` then gives back the tokenised (and lower-cased) text. The same texts
and options give the same model, byte for byte.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import sentencepiece
from pydantic import Field

from pipeline.problems import Problem
from pipeline.sequences import read_json
from pipeline.tokens import moses
from pipeline.tokens.vocabulary import BEGIN, END, PAD, SPECIAL, UNKNOWN, TokensConfig, Values, texts

sentencepiece.set_min_log_level(2)


class Config(TokensConfig):
    vocab_size: int = Field(default=8000, gt=len(SPECIAL))  # pieces, the four special ones included
    model_type: Literal["bpe", "unigram"] = "bpe"
    character_coverage: float = Field(default=1.0, gt=0, le=1)  # share of the characters seen that are no unknowns
    byte_fallback: bool = False  # an unknown character is spelt in UTF-8 bytes
    normalisation: Literal["identity", "nfkc", "nmt_nfkc"] = "identity"
    tokenise: Literal["none", "moses"] = "none"
    lowercase: bool = False
    languages: dict[str, str] = Field(default={})  # field → language of the Moses rules; without a row, its own name


class Codec:
    PAD, UNKNOWN, BEGIN, END = PAD, UNKNOWN, BEGIN, END

    def __init__(self, model: bytes, config: Config, field: str):
        self.model = model
        self.config = config
        self.field = field
        self._pieces = sentencepiece.SentencePieceProcessor(model_proto=model)

    @classmethod
    def fit(cls, train: Values, *, field: str, config: Config) -> "Codec":
        """Learn the pieces from the training texts of all fields, taken in the order of the fields' names.

        Raises Problem if there is no text, or less of it than the vocabulary needs.
        """
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=(_prepare(text, config, name) for name, text in texts(train) if text),
                model_writer=model,
                model_type=config.model_type,
                vocab_size=config.vocab_size,
                character_coverage=config.character_coverage,
                byte_fallback=config.byte_fallback,
                normalization_rule_name=config.normalisation,
                remove_extra_whitespaces=config.normalisation != "identity",
                pad_id=PAD,
                unk_id=UNKNOWN,
                bos_id=BEGIN,
                eos_id=END,
                pad_piece=SPECIAL[PAD],
                unk_piece=SPECIAL[UNKNOWN],
                bos_piece=SPECIAL[BEGIN],
                eos_piece=SPECIAL[END],
                max_sentence_length=2**24,  # bytes: longer lines would be left out silently
                input_sentence_size=0,
                shuffle_input_sentence=False,
                num_threads=1,
                minloglevel=2,
            )
        except (RuntimeError, OSError) as error:
            raise Problem(_explain(str(error), config, field)) from None
        return cls(model.getvalue(), config, field)

    @classmethod
    def load(cls, folder: Path) -> "Codec":
        description: Mapping[str, Any] = read_json(folder / "codec.json")
        config = Config.model_validate(description["options"])
        return cls((folder / "sentencepiece.model").read_bytes(), config, description["field"])

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sentencepiece.model").write_bytes(self.model)

    def __len__(self) -> int:
        return int(self._pieces.get_piece_size())

    @property
    def pieces(self) -> list[str] | None:
        """All pieces by id, which is the order of byte-pair encoding's merges; None of a unigram model."""
        if self.config.model_type != "bpe":
            return None
        return [str(self._pieces.id_to_piece(i)) for i in range(len(self))]

    def prepare(self, value: str | None) -> str:
        """The text as the pieces spell it, and `decode` gives it back: tokenised and lower-cased if so set."""
        return _prepare(value, self.config, self.field)

    def encode(self, value: str | None) -> np.ndarray:
        return np.array(self._pieces.encode(self.prepare(value), out_type=int), dtype=np.int32)

    def decode(self, ids: Any) -> str:
        text: str = self._pieces.decode([int(i) for i in ids])
        return text

    def detokenise(self, text: str) -> str:
        """Decoded text as a person writes it: without the spaces of `tokenise: moses`. Lower case stays."""
        if self.config.tokenise == "none":
            return text
        return moses.detokenise(text, _language(self.config, self.field))

    def tokens(self, ids: Any) -> list[str]:
        return [str(self._pieces.id_to_piece(int(i))) for i in ids]


def _language(config: Config, field: str) -> str:
    return config.languages.get(field, field)


def _prepare(value: str | None, config: Config, field: str) -> str:
    text = value or ""
    if config.tokenise == "moses":
        text = moses.tokenise(text, _language(config, field))
    return text.lower() if config.lowercase else text


def _explain(message: str, config: Config, field: str) -> str:
    limit = re.search(r"value <= (\d+)", message)
    if limit:
        return f"vocab_size {config.vocab_size} is too many for the training text of {field}: take {limit[1]} or less"
    if "sentences_.empty" in message or "Input corpus" in message:
        return f"{field} has no training text for sentencepiece: look at the corpus's train manifest"
    reason = " ".join(message.rsplit("] ", 1)[-1].split())
    return f"sentencepiece cannot learn {config.vocab_size} pieces from {field}: {reason}: change vocab_size"
