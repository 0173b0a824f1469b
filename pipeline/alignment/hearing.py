"""A recording and a CTC recogniser → what the recogniser says of every step of it.

Long recordings are heard in windows that overlap, of which the middles are kept: memory holds a few windows of sound,
and the log-probabilities of one recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline import audio
from pipeline.data import UNKNOWN
from pipeline.problems import Problem
from pipeline.trained import Trained
from pipeline.training import prepare_device

WINDOW = 8.0  # s that are heard at a time, about as long as an utterance of the training
EDGE = 1.0  # s at both ends of a window that its neighbours hear better
TOGETHER = 8  # windows
FLOOR = 1e-10  # probability of what is never heard
SPECIAL = 4  # ids before the first symbol


class Letters:
    """The vocabulary of a recogniser without case, punctuation and spaces: letter 0 stands for none of them.

    A recogniser of single utterances tells capitals and full stops by where the sound begins and ends; in a recording
    that goes on it is mistaken about them, and they are not heard anyway.
    """

    def __init__(self, vocabulary: Any):
        self.vocabulary = vocabulary
        folded = [_folded(symbol) for symbol in vocabulary.tokens(range(len(vocabulary)))]
        folded[:SPECIAL] = [""] * SPECIAL
        self.symbols = ["", *sorted({symbol for symbol in folded if symbol})]
        numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        self.of_token = np.array([numbers[symbol] for symbol in folded])  # [V]

    def __len__(self) -> int:
        return len(self.symbols)

    def merge(self, log_probs: np.ndarray) -> np.ndarray:
        """Log-probabilities of tokens [S, V] → of letters [S, L]."""
        merged = np.zeros((len(log_probs), len(self)), np.float32)
        np.add.at(merged.T, self.of_token, np.exp(log_probs.T))
        found: np.ndarray = np.log(np.maximum(merged, FLOOR))
        return found

    def of(self, text: str) -> tuple[np.ndarray, float]:
        """The letters of a text, int [U], and the share of those that the vocabulary does not know (left out)."""
        heard = "".join(c if c.isalnum() else " " for c in text)
        ids = min((self.vocabulary.encode(form) for form in (text, heard, heard.lower())), key=_unknown)
        letters = self.of_token[ids]
        letters = letters[letters != 0]
        unknown = int((ids == UNKNOWN).sum())
        return letters, unknown / max(1, unknown + len(letters))

    def text(self, letters: np.ndarray) -> str:
        return "".join(self.symbols[int(letter)] for letter in letters)


def _folded(symbol: str) -> str:
    return "".join(c for c in symbol.casefold() if c.isalnum())


def _unknown(ids: np.ndarray) -> int:
    return int((ids == UNKNOWN).sum())


@dataclass(frozen=True)
class Heard:
    """Log-probabilities [S, L] of the letters at each step of a recording; letter 0 is none."""

    log_probs: np.ndarray  # float32
    step: float  # s from one step to the next

    def steps(self, seconds: float) -> int:
        """The step at a time, within the recording."""
        return int(np.clip(round(seconds / self.step), 0, len(self.log_probs)))

    def ratios(self) -> np.ndarray:
        """Log-ratios to each step's most probable letter, float32 [S, L]: 0 is what the recogniser would have said."""
        found: np.ndarray = self.log_probs - self.log_probs.max(axis=1, keepdims=True)
        return found

    def spoken(self) -> tuple[np.ndarray, np.ndarray]:
        """The most probable alignment, collapsed: its letters [N] and the steps [N] at which they begin."""
        best = self.log_probs.argmax(axis=1)
        begins = np.ones(len(best), dtype=bool)
        begins[1:] = best[1:] != best[:-1]
        steps = np.flatnonzero(begins & (best != 0))
        return best[steps], steps


def hear(recogniser: Trained, letters: Letters, media: Path) -> Heard:
    """Raises Problem if the system is no CTC recogniser of sound, or if the recording cannot be read."""
    if not hasattr(recogniser.model, "log_probs"):
        raise Problem(
            f"{recogniser.name} is a {recogniser.kind}, without probabilities step by step: take a system of kind ctc"
        )
    prepare_device(0)
    config = recogniser.source.config
    step = config.hop * recogniser.model.config.subsampling
    window, edge = round(WINDOW / step), round(EDGE / step)
    total = max(1, int(audio.probe(media).duration / step))
    starts = range(0, max(1, total - 2 * edge), window - 2 * edge)
    spans = [(start * step, (start + window) * step + config.frame) for start in starts]
    log_probs = np.full((total, len(letters)), np.log(FLOOR), np.float32)
    log_probs[:, 0] = 0  # after the last frame nothing is heard
    waves = audio.segments(media, spans, config.rate)
    for start, found in zip(starts, _windows(recogniser, waves), strict=True):
        first = edge if start else 0
        kept = found[first : total - start]
        log_probs[start + first : start + first + len(kept)] = letters.merge(kept)
    return Heard(log_probs, step)


@torch.inference_mode()
def _windows(recogniser: Trained, waves: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Waveforms [S] → log-probabilities [steps, V] each."""
    while some := list(islice(waves, TOGETHER)):
        frames = [torch.from_numpy(recogniser.source.encode(wave).astype(np.float32)) for wave in some]
        lengths = torch.tensor([len(f) for f in frames])
        padded = torch.nn.utils.rnn.pad_sequence(frames, batch_first=True)  # [B, T, F]
        log_probs, steps = recogniser.model.log_probs(padded, lengths)
        for row, count in enumerate(steps.tolist()):
            yield log_probs[:count, row].numpy()
