"""A decoder's inputs [B, U] → the same with some tokens of the model's own: scheduled sampling (Bengio et al. 2015).

A decoder that has only ever read right tokens does not know what to do after a wrong one. So each of its inputs is with
some probability a token drawn from what the model itself says there. The probability follows the epochs, by a schedule.
All are drawn at once, from what the model says after right inputs (Mihaylova and Martins 2019, section 3): one more
pass forwards, however long the sentence is, for a Transformer as for a recurrent decoder. No gradient goes through a
draw.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from pipeline.data import PAD
from pipeline.training import options

STEEP = 5.0  # of the exponential and the sigmoid schedule, over a training
CHUNK = 512  # rows of logits held at once


class Options(options.Options):
    """A training some of whose decoder's inputs are the model's own."""

    sampling: float = Field(0.0, ge=0, le=1)  # the share of inputs drawn from the model, at its highest; 0: none
    sampling_schedule: Literal["constant", "linear", "exponential", "sigmoid"] = "linear"  # how it gets there


def rate(epoch: int, chosen: Options) -> float:
    """The share of inputs drawn from the model in an epoch, counted from 0.

    The schedules are Bengio et al. 2015, section 2.4, over the course of the training, from none to `sampling`: along
    a line; as an exponential falls, most at the start; or along a sigmoid, most in the middle. Or as it is throughout.
    """
    progress = epoch / max(chosen.epochs - 1, 1)
    share = {
        "constant": 1.0,
        "linear": progress,
        "exponential": (1 - math.exp(-STEEP * progress)) / (1 - math.exp(-STEEP)),
        "sigmoid": 0.5 + math.tanh(STEEP * (progress - 0.5)) / (2 * math.tanh(STEEP / 2)),
    }
    return chosen.sampling * share[chosen.sampling_schedule]


def drawn(rows: np.ndarray, width: int, epoch: int, chosen: Options) -> dict[str, Tensor]:
    """What a training batch of these rows [B] holds besides: nothing while none is sampled.

    `sampled` [B, width]: which inputs are the model's own, never the first, which is BEGIN; `draws` [B, width]: a
    number in [0, 1) each, by which it is drawn. A row's depend on (seed, epoch, row) alone, whatever the width.
    """
    share = rate(epoch, chosen)
    if not share:
        return {}
    numbers = [np.random.default_rng((chosen.seed, epoch, int(row), 1)).random((width, 2)) for row in rows]
    which, draws = np.stack(numbers).transpose(2, 0, 1)
    sampled = which < share
    sampled[:, 0] = False
    return {"sampled": torch.from_numpy(sampled), "draws": torch.from_numpy(draws.astype(np.float32))}


@torch.no_grad()
def mixed(
    model: nn.Module, batch: dict[str, Tensor], hidden: Callable[[Tensor], Tensor], output: Callable[[Tensor], Tensor]
) -> Tensor:
    """`before` [B, U] of the batch with a token of the model's own wherever `sampled` is true.

    `hidden`: inputs [B, U] → what the output layer reads after each, [B, U, D], asked with the model in eval mode, so
    that nothing is dropped out on the way; `output`: [N, D] → logits [N, V]. A batch without `sampled` stays as it is.
    """
    before = batch["before"]
    if "sampled" not in batch:
        return before
    rows, places = (batch["sampled"] & (before != PAD)).nonzero(as_tuple=True)
    was_training = model.training
    model.eval()
    reads = hidden(before)[rows, places - 1]  # [N, D]: an input is what was said a step before
    draws = batch["draws"][rows, places]
    own = [token(output(reads[i : i + CHUNK]), draws[i : i + CHUNK]) for i in range(0, len(rows), CHUNK)]
    model.train(was_training)
    shown = before.clone()
    if own:
        shown[rows, places] = torch.cat(own).to(shown)
    return shown


def token(logits: Tensor, draws: Tensor) -> Tensor:
    """The token [N] that a number in [0, 1) draws [N] from softmax(logits [N, V]): where the probabilities of all
    tokens before it and its own pass the number."""
    below = logits.float().softmax(dim=1).cumsum(dim=1) <= draws[:, None]
    return below.sum(dim=1).clamp(max=logits.shape[1] - 1)
