"""Tokens → a label: logistic regression over how often each token occurs, whatever their order.

With x_v the count of token v in a text, the one for all unknown tokens among them:

    p(c | x) = softmax(x W + b)_c
    minimise  1/N Σ -log p(label | x) + l2 / (2 N) |W|²        Hastie et al. 2009, section 4.4; b is free

by gradient descent over all texts at once, with Nesterov's momentum (Beck and Teboulle 2009, section 4), begun anew
where it overshoots (O'Donoghue and Candès 2015, section 3.2). The loss is convex, and a step of 1/L is safe, L being a
bound of its curvature: so there is no learning rate to choose, and no seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import Field
from safetensors.numpy import load_file, save_file

from pipeline.data import Data, Side
from pipeline.models.labels import Decode as Decode
from pipeline.models.labels import classes, count, ranked
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.sequences import Sequences

READS, WRITES = "tokens", "tokens"


class Config(Row):
    """A bag has nothing to choose: which tokens it counts is the source's matter."""


class Train(Row):
    steps: int = Field(500, ge=1)  # at most
    tolerance: float = Field(1e-6, gt=0)  # it ends where no slope is steeper
    l2: float = Field(1.0, ge=0)  # strength of the penalty, against the sum of the texts' losses


@dataclass(frozen=True)
class Logistic:
    weights: np.ndarray  # W, float64 [V, C]
    bias: np.ndarray  # b, float64 [C]

    def log_p(self, bags: "Bags") -> np.ndarray:
        """log p(c | x), float64 [N, C]."""
        return log_softmax(bags.times(self.weights) + self.bias)


class Bags:
    """The count of each token in each text, a matrix X [N, V] of which only the tokens that occur are kept."""

    def __init__(self, texts: Sequences, size: int):
        rows = np.arange(len(texts))
        self.shape = (len(texts), size)
        self.tokens = texts.flat(rows)[0].astype(np.int64)  # of all texts, end to end
        self.rows = np.repeat(rows, texts.lengths)  # the text of each

    def times(self, weights: np.ndarray) -> np.ndarray:
        """X W [N, C], of weights [V, C]."""
        columns = [np.bincount(self.rows, column[self.tokens], minlength=self.shape[0]) for column in weights.T]
        return np.stack(columns, axis=1)

    def transposed_times(self, values: np.ndarray) -> np.ndarray:
        """Xᵀ G [V, C], of values [N, C]."""
        columns = [np.bincount(self.tokens, column[self.rows], minlength=self.shape[1]) for column in values.T]
        return np.stack(columns, axis=1)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Logistic, list[dict[str, float]]]:
    """The history has a line a step: the mean loss of train, without the penalty, and of dev."""
    size, labels = len(data.source["train"].codec), count(data.target["train"].codec)
    if any(not len(side.sequences) for side in data.source.values()):
        raise Problem(
            "training: the train or the dev split is empty: see the corpus's summary and its rejected.parquet"
        )
    bags = {split: Bags(side.sequences, size) for split, side in data.source.items()}
    truth = {split: classes(side) for split, side in data.target.items()}
    history = []
    for model in descend(bags["train"], truth["train"], labels, options):
        history.append({f"{split}_loss": loss(model.log_p(bags[split]), truth[split]) for split in ("train", "dev")})
    print(f"{len(history)} steps  train {history[-1]['train_loss']:.4f}  dev {history[-1]['dev_loss']:.4f}")
    return model, history


def descend(bags: Bags, truth: np.ndarray, labels: int, options: Train) -> Iterator[Logistic]:
    """From zero to the least loss, step by step."""
    texts, size = bags.shape
    right = np.eye(labels)[truth]
    step = 1 / curvature(bags, options.l2)
    now = ahead = np.zeros((size + 1, labels))  # b below W
    momentum = 1.0
    for _ in range(options.steps):
        model = Logistic(ahead[:-1], ahead[-1])
        error = (np.exp(model.log_p(bags)) - right) / texts
        slope = np.concatenate([bags.transposed_times(error) + options.l2 / texts * ahead[:-1], error.sum(0)[None]])
        before, now = now, ahead - step * slope
        yield Logistic(now[:-1], now[-1])
        if np.abs(slope).max() <= options.tolerance:
            break
        if (slope * (now - before)).sum() > 0:  # uphill: the momentum is of no more use
            momentum = 1.0
        after = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = now + (momentum - 1) / after * (now - before)
        momentum = after


def curvature(bags: Bags, l2: float) -> float:
    """A bound of the loss's second derivative: half the largest eigenvalue of XᵀX / N (Böhning 1992), and the penalty.

    The eigenvalue by power iteration over X with a column of ones, rounded up.
    """
    texts, size = bags.shape
    vector = np.ones((size + 1, 1))
    largest = 0.0
    for _ in range(30):
        vector = vector / np.linalg.norm(vector)
        along = bags.times(vector[:-1]) + vector[-1]
        vector = np.concatenate([bags.transposed_times(along), along.sum(0)[None]])
        largest = float(np.linalg.norm(vector))
    return (0.5 * 1.1 * largest + l2) / texts


def loss(log_p: np.ndarray, truth: np.ndarray) -> float:
    """-log p(label), a text."""
    return float(-log_p[np.arange(len(truth)), truth].mean())


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted: np.ndarray = logits - logits.max(axis=1, keepdims=True)
    normal: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normal


def decode(*, model: Logistic, source: Side, target: object, options: Decode) -> Iterator[list[Hypothesis]]:
    """The likeliest labels of each text, scored by their log-probabilities."""
    if len(source.sequences):
        yield from ranked(model.log_p(Bags(source.sequences, len(model.weights))), options.n_best)


def save(model: Logistic, folder: Path) -> None:
    save_file({"weights": model.weights, "bias": model.bias}, folder / "model.safetensors")


def load(folder: Path) -> Logistic:
    return Logistic(**load_file(folder / "model.safetensors"))
