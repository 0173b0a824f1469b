"""Decoding with a model that writes token by token: its source's rows in batches of one length, beam search, n-best.

Such a model has two methods, and no search of its own:

    begin(sequences, rows, beam_size) → State, lengths [B]     the encoded rows; their lengths in steps of the source
    step(tokens [N], state) → logits [N, V], State, attention [N, S] or None
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from pydantic import Field, model_validator

from pipeline.data import BEGIN, END, Side, Vocabulary
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.search.beam import beam
from pipeline.search.joint import joint
from pipeline.search.prior import Prior
from pipeline.sequences import Sequences, batches_of


class Decode(Row):
    beam_size: int = Field(5, ge=1)
    length_penalty: float = Field(1.0, ge=0)  # log P(Y) / |Y|^length_penalty ranks what has ended
    n_best: int = Field(1, ge=1)
    max_ratio: float = Field(2.0, gt=0)  # an output is cut at max_ratio * source length + 10
    batch: int = Field(4096, ge=1)  # padded steps of the source, times the beam, searched at once
    ctc: float = Field(0.0, ge=0, le=1)  # the share of CTC's say, where the model has learnt it beside its decoder

    @model_validator(mode="after")
    def _wide_enough(self) -> "Decode":
        if self.n_best > self.beam_size:
            raise ValueError(f"n_best: {self.n_best} needs a beam_size of at least {self.n_best}")
        return self


@torch.inference_mode()
def decode(*, model: Any, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the source. Rows of about one length are searched together."""
    sequences = source.sequences
    found: list[list[Hypothesis]] = [[] for _ in range(len(sequences))]
    for rows in batches(sequences, options):
        for row, n_best in zip(rows, search(model, sequences, rows, options), strict=True):
            found[row] = n_best
    yield from found


def batches(sequences: Sequences, options: Decode) -> list[np.ndarray]:
    """The rows that are searched together, [B] each: of about one length."""
    order = np.argsort(sequences.lengths, kind="stable")
    return batches_of(sequences.lengths + 1, order.tolist(), max(1, options.batch // options.beam_size))


def search(
    model: Any, sequences: Sequences, rows: np.ndarray, options: Decode, prior: Prior | None = None
) -> list[list[Hypothesis]]:
    """The n-best lists of some rows, searched as one batch."""
    state, lengths = model.begin(sequences, rows, options.beam_size)
    step = model.step
    if options.ctc:
        step, state = joint(step, state, lengths, options.ctc, begin=BEGIN, end=END)
    found = beam(
        step,
        state,
        begin=BEGIN,
        end=END,
        max_lengths=(options.max_ratio * lengths + 10).long(),
        beam_size=options.beam_size,
        length_penalty=options.length_penalty,
        n_best=options.n_best,
        prior=prior,
    )
    return [[_trimmed(one, length) for one in n_best] for n_best, length in zip(found, lengths.tolist(), strict=True)]


def _trimmed(found: Hypothesis, length: int) -> Hypothesis:
    """Without the attention to the padding of the batch, which is 0."""
    attention = found.attention and [line[:length] for line in found.attention]
    return Hypothesis(found.tokens, found.score, found.finished, attention)
