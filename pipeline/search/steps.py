"""Decoding with a model that writes token by token: its source's rows in batches of one length, searched, n-best.

The search is by beam, by several beams that differ (`groups`), or by drawing from the model's distribution.

Such a model has two methods, and no search of its own:

    begin(sequences, rows, beam_size) → State, lengths [B]     the encoded rows; their lengths in steps of the source
    step(tokens [N], state) → logits [N, V], State, attention [N, S] or None
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from pipeline.data import BEGIN, END, Side, Vocabulary
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search.beam import Step, beam
from pipeline.search.diverse import diverse
from pipeline.search.joint import joint
from pipeline.search.prior import Prior
from pipeline.search.sampling import sample, uniforms
from pipeline.sequences import Sequences, batches_of
from pipeline.state import State


class Decode(Row):
    search: Literal["beam", "sampling"] = "beam"
    beam_size: int = Field(5, ge=1)
    length_penalty: float = Field(1.0, ge=0)  # log P(Y) / |Y|^length_penalty ranks what has ended
    n_best: int = Field(1, ge=1)
    max_ratio: float = Field(2.0, gt=0)  # an output is cut at max_ratio * source length + 10
    batch: int = Field(4096, ge=1)  # padded steps of the source, times the beam, searched at once
    ctc: float = Field(0.0, ge=0, le=1)  # the share of CTC's say, where the model has learnt it beside its decoder
    groups: int = Field(1, ge=1)  # beams that share beam_size, and avoid each other's words
    diversity: float = Field(0.5, ge=0)  # what it costs a group, in log-probability, to take a word that another took
    # Of sampling. Its n-best are so many samples, ranked as a beam's are.
    temperature: float = Field(1.0, gt=0)  # above 1: nearer to chance; towards 0: greedy
    top_k: int = Field(0, ge=0)  # the likeliest tokens that are drawn from; 0: all
    top_p: float = Field(1.0, gt=0, le=1)  # the probability of the nucleus that is drawn from; 1: everything
    seed: int = Field(1, ge=0)

    @model_validator(mode="after")
    def _wide_enough(self) -> "Decode":
        if self.search == "beam" and self.n_best > self.beam_size:
            raise ValueError(f"n_best: {self.n_best} needs a beam_size of at least {self.n_best}")
        if self.beam_size % self.groups:
            raise ValueError(f"groups: {self.groups} groups cannot share a beam_size of {self.beam_size} evenly")
        if self.search == "sampling" and self.groups > 1:
            raise ValueError("groups: they are of a beam: leave them out, or search: beam")
        return self

    @property
    def width(self) -> int:
        """Hypotheses of a sentence that are followed side by side."""
        return self.n_best if self.search == "sampling" else self.beam_size


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
    return batches_of(sequences.lengths + 1, order.tolist(), max(1, options.batch // options.width))


def search(
    model: Any, sequences: Sequences, rows: np.ndarray, options: Decode, prior: Prior | None = None
) -> list[list[Hypothesis]]:
    """The n-best lists of some rows, searched as one batch. Raises Problem for a prior where there is none to ask."""
    if prior is not None and (options.search == "sampling" or options.groups > 1):
        raise Problem("decode: a second model is asked by one beam alone: leave search: sampling and groups out")
    state, lengths = model.begin(sequences, rows, options.width)
    step = model.step
    if options.ctc:
        step, state = joint(step, state, lengths, options.ctc, begin=BEGIN, end=END)
    limits = (options.max_ratio * lengths + 10).long()
    if options.search == "sampling":
        found = _sampled(step, state, rows, limits, options)
    elif options.groups > 1:
        found = diverse(
            step,
            state,
            begin=BEGIN,
            end=END,
            max_lengths=limits,
            beam_size=options.beam_size,
            groups=options.groups,
            diversity=options.diversity,
            length_penalty=options.length_penalty,
            n_best=options.n_best,
        )
    else:
        found = beam(
            step,
            state,
            begin=BEGIN,
            end=END,
            max_lengths=limits,
            beam_size=options.beam_size,
            length_penalty=options.length_penalty,
            n_best=options.n_best,
            prior=prior,
        )
    return [[_trimmed(one, length) for one in n_best] for n_best, length in zip(found, lengths.tolist(), strict=True)]


def _sampled(step: Step, state: State, rows: np.ndarray, limits: Tensor, options: Decode) -> list[list[Hypothesis]]:
    found = sample(
        step,
        state,
        begin=BEGIN,
        end=END,
        max_lengths=limits,
        drawn=uniforms(options.seed, rows, options.n_best, int(limits.max())),
        temperature=options.temperature,
        top_k=options.top_k,
        top_p=options.top_p,
        length_penalty=options.length_penalty,
    )
    return [sorted(samples, key=lambda one: -one.score) for samples in found]


def _trimmed(found: Hypothesis, length: int) -> Hypothesis:
    """Without the attention to the padding of the batch, which is 0."""
    attention = found.attention and [line[:length] for line in found.attention]
    return Hypothesis(found.tokens, found.score, found.finished, attention)
