"""A recogniser's log-probabilities and the text that was said → when each token of it was said: forced alignment.

The most probable of the paths through the steps that spell the tokens (Graves et al. 2006, section 3.1), found by
Viterbi search: torchaudio's `forced_align`. The blank, 0, stands before, between and after tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torchaudio
from torch import Tensor

from pipeline.search.ctc import BLANK, steps_needed
from pipeline.sequences import Sequences, batches_of

# torchaudio's search may lose the best path where two cost exactly the same, as in silence that is sure: here none do.
UNEVEN = 1e-4
FRAMES = 60_000  # padded frames given to the recogniser at once


@dataclass(frozen=True)
class Span:
    """Steps [begin, end) in which a token is heard; `score` is the mean log-probability of them."""

    token: int
    begin: int
    end: int
    score: float


def align(log_probs: np.ndarray, tokens: np.ndarray) -> list[Span] | None:
    """log_probs [S, V], tokens [U] without blanks → a span for each; None where S steps cannot spell them."""
    if len(log_probs) < steps_needed(tokens):
        return None
    if not len(tokens):
        return []
    uneven = log_probs - UNEVEN * np.random.default_rng(0).random(log_probs.shape)
    emissions = torch.from_numpy(uneven.astype(np.float32))[None]
    path, _ = torchaudio.functional.forced_align(
        emissions, torch.from_numpy(tokens.astype(np.int64))[None], blank=BLANK
    )
    scores = torch.from_numpy(np.asarray(log_probs, np.float32)).gather(1, path[0, :, None].long())[:, 0]
    merged = torchaudio.functional.merge_tokens(path[0], scores, blank=BLANK)
    return [Span(span.token, span.start, span.end, span.score) for span in merged]


def cuts(spans: Sequence[Span], steps: int) -> np.ndarray:
    """Where one token ends and the next one begins: half-way between their spans. float [U + 1] from 0 to `steps`."""
    between = [(left.end + right.begin) / 2 for left, right in pairwise(spans)]
    return np.array([0, *between, steps], dtype=np.float64)


@torch.inference_mode()
def fine_log_probs(model: Any, features: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Features [T, F] each → log-probabilities [T, V]: one row a frame, though the recogniser takes fewer steps.

    A recogniser that takes a step every n frames hears each utterance n times, each time from one frame later; its
    steps are laid between each other. `model` has `log_probs` and `config.subsampling`, as `pipeline.models.ctc`.
    """
    stride = int(model.config.subsampling)
    found = [np.empty((0, 0), np.float32)] * len(features)
    sequences = Sequences.of([np.asarray(values, np.float32) for values in features])
    order = np.argsort(sequences.lengths, kind="stable")
    for rows in batches_of(sequences.lengths, order.tolist(), FRAMES):
        frames, lengths = sequences.padded(rows)
        width = -(-frames.shape[1] // stride) * stride  # every hearing takes as many steps
        heard = np.zeros((len(rows), width + stride, frames.shape[2]), np.float32)
        heard[:, : frames.shape[1]] = frames
        steps = [_log_probs(model, heard[:, shift : shift + width], lengths - shift) for shift in range(stride)]
        laid = torch.stack(steps, dim=2).flatten(1, 2).numpy()  # [B, width, V]
        for row, values, length in zip(rows, laid, lengths, strict=True):
            found[row] = values[:length]
    return found


def _log_probs(model: Any, frames: np.ndarray, lengths: np.ndarray) -> Tensor:
    """[B, T, F], lengths [B] → [B, S, V]."""
    values, _ = model.log_probs(torch.from_numpy(frames), torch.from_numpy(np.maximum(lengths, 1)))
    found: Tensor = values.transpose(0, 1).cpu()
    return found
