"""Texts → their pieces, split another way in every epoch: BPE-dropout (Provilkov et al. 2020), a subword regularisation
(Kudo 2018). A model that sees a word in several splittings learns what its parts mean.

Only training reads this: dev and test are split in the one way that the vocabulary knows as the best.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from pipeline.data import Side
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.tokens.vocabulary import SPECIAL

SPLITTINGS = 16  # ways to split a word, drawn once: an epoch takes one of them for every place of the word
SPACE = "▁"  # how sentencepiece writes the beginning of a word


class Splittings:
    """The sequences of one side of a corpus, drawn anew for each (seed, epoch, row).

    `rate`: the share of merges that are left out at each step of byte-pair encoding (0.1 in the paper).
    """

    def __init__(self, codec: Any, texts: list[Any], rate: float, seed: int):
        """Raises Problem unless `codec` is sentencepiece's byte-pair encoding: other codecs have nothing to drop."""
        pieces = getattr(codec, "pieces", None)
        if pieces is None:
            raise Problem(
                "train.bpe_dropout: only tokens of kind sentencepiece with model_type bpe are made of merges to leave "
                "out: set it to 0, or choose such tokens"
            )
        self._codec, self._texts = codec, texts
        # By id; a lower one is merged earlier. No text is spelt with the special ones.
        self._ranks = {piece: rank for rank, piece in enumerate(pieces) if rank >= len(SPECIAL)}
        self._rate, self._seed = rate, seed
        self._splittings: dict[tuple[str, int], np.ndarray] = {}

    def draw(self, rows: np.ndarray, epoch: int) -> Sequences:
        """Rows [B] as they are split in this epoch."""
        return Sequences.of([self._row(int(row), epoch) for row in rows])

    def _row(self, row: int, epoch: int) -> np.ndarray:
        words = self._codec.prepare(self._texts[row]).split(" ")
        drawn = np.random.default_rng((self._seed, epoch, row)).integers(SPLITTINGS, size=len(words)).tolist()
        return np.concatenate([self._splitting(*one) for one in zip(words, drawn, strict=True)])

    def _splitting(self, word: str, number: int) -> np.ndarray:
        if (word, number) not in self._splittings:
            pieces = self._split(SPACE + word, Random(f"{self._seed} {number} {word}")) if word else []
            ids = np.array([self._ranks.get(piece, self._codec.UNKNOWN) for piece in pieces], dtype=np.int32)
            self._splittings[word, number] = ids
        return self._splittings[word, number]

    def _split(self, word: str, draws: Random) -> list[str]:
        """Byte-pair encoding of a word; at each step each possible merge is left out with probability `rate`."""
        pieces = list(word)
        while True:
            merges = [
                (rank, at)
                for at in range(len(pieces) - 1)
                if (rank := self._ranks.get(pieces[at] + pieces[at + 1])) is not None and draws.random() >= self._rate
            ]
            if not merges:
                return pieces
            _, at = min(merges)
            pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]


def drawing(side: Side, rate: float, seed: int) -> Callable[[np.ndarray, int], tuple[Sequences, np.ndarray]]:
    """(rows, epoch) → sequences, and where in them the rows stand: the side as it is, or split anew in each epoch."""
    if not rate:
        return lambda rows, epoch: (side.sequences, rows)
    splittings = Splittings(side.codec, side.values, rate, seed)
    return lambda rows, epoch: (splittings.draw(rows, epoch), np.arange(len(rows)))
