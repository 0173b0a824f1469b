"""Tokens → labels: a linear classifier a label over the weighed words of a text, each for itself (Godbole and Sarawagi
2004 call it binary relevance).

With x the tf-idf weights of a text (`pipeline.models.tfidf`), and for each label l

    p(l | x) = σ(w_l · x + b_l)
    minimise  Σ -log p(l or not | x) + l2 / 2 · (|w_l|² + b_l²)         by scikit-learn's liblinear

a label is said where its log-odds pass the label's threshold, which is the one that gives dev the best F1 (Yang 2001,
"SCut"); where dev has few texts of the label, it is drawn to the one threshold that suits all labels best:

    t_l = (n_l · best of l + pooled · best of all) / (n_l + pooled),  n_l texts of dev with the label

`classes: single` is the special case of one label a text: the likeliest of p(l | x) = softmax(W x + b)_l is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field
from safetensors.numpy import load_file, save_file

from pipeline.data import Data, Side
from pipeline.models import labels
from pipeline.models.label_sets import answer, best_sets, matrix, micro_f1
from pipeline.models.labels import FIRST
from pipeline.models.tfidf import rarity, weighed
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import Sequences, read_json, write_json

READS, WRITES = "tokens", "tokens"
TOGETHER = 1024  # texts that are decoded at a time


class Config(Row):
    classes: Literal["several", "single"] = "several"  # labels a text
    empty: bool = False  # several: a text may have none; otherwise it has the one that comes nearest to its threshold


class Train(Row):
    l2: float = Field(0.01, gt=0)  # strength of the penalty, against the sum of the texts' losses
    pooled: float = Field(10.0, ge=0)  # texts of dev that a label's own threshold needs to count as much as the common


class Decode(Row):
    n_best: int = Field(1, ge=1)  # single: at most as many as there are labels


@dataclass(frozen=True)
class Relevance:
    config: Config
    rarity: np.ndarray  # float32 [V]
    weights: np.ndarray  # W, float32 [V, C]
    bias: np.ndarray  # b, float32 [C]
    thresholds: np.ndarray  # t, float32 [C]; zeros where one label is said

    def odds(self, texts: Sequences, rows: np.ndarray) -> np.ndarray:
        """W x + b, float [B, C]."""
        odds: np.ndarray = bags_of(texts, rows, self.rarity) @ self.weights + self.bias
        return odds


def bags_of(texts: Sequences, rows: np.ndarray, rarity: np.ndarray) -> Any:
    """x of some rows, a scipy matrix [B, V]."""
    from scipy.sparse import csr_matrix

    terms, weights, counts = weighed(texts, rows, rarity)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return csr_matrix((weights, terms, starts), shape=(len(rows), len(rarity)))


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Relevance, list[dict[str, float]]]:
    """There are no epochs, and so no history."""
    count = labels.count(data.target["train"].codec)
    if any(not len(side.sequences) for side in data.source.values()):
        raise Problem(
            "training: the train or the dev split is empty: see the corpus's summary and its rejected.parquet"
        )
    texts = data.source["train"].sequences
    rare = rarity(texts, len(data.source["train"].codec))
    bags = bags_of(texts, np.arange(len(texts)), rare)
    dev = data.source["dev"].sequences
    if config.classes == "single":
        weights, bias = _softmax(bags, labels.classes(data.target["train"]), count, options.l2)
        model = Relevance(config, rare, weights, bias, np.zeros(count, np.float32))
        found = model.odds(dev, np.arange(len(dev))).argmax(axis=1)
        told = f"dev accuracy {100 * (found == labels.classes(data.target['dev'])).mean():.2f}"
    else:
        weights, bias = logistic(bags, matrix(data.target["train"], count), options.l2)
        model = Relevance(config, rare, weights, bias, np.zeros(count, np.float32))
        odds, right = model.odds(dev, np.arange(len(dev))), matrix(data.target["dev"], count)
        thresholds = tuned(odds, right, options.pooled, config.empty)
        model = Relevance(config, rare, weights, bias, thresholds)
        told = f"dev micro-F1 {100 * micro_f1(right, chosen(odds - thresholds, config.empty)):.2f}"
    print(f"{len(texts)} texts, {len(rare) - FIRST} terms, {count} labels; {told}")
    return model, []


def logistic(bags: Any, truth: np.ndarray, l2: float) -> tuple[np.ndarray, np.ndarray]:
    """W [V, C] and b [C] of labels that are told one by one, from bags [N, V] and truth [N, C].

    A label that all texts have, or none, is told by its bias alone.
    """
    from sklearn.linear_model import LogisticRegression

    weights, bias = np.zeros((bags.shape[1], truth.shape[1]), np.float32), np.zeros(truth.shape[1], np.float32)
    for label, column in enumerate(truth.T):
        if column.all() or not column.any():
            bias[label] = np.log1p(len(column)) * (1 if column.all() else -1)
            continue
        found = LogisticRegression(C=1 / l2, solver="liblinear", max_iter=1000).fit(bags, column)
        weights[:, label], bias[label] = found.coef_[0], found.intercept_[0]
    return weights, bias


def _softmax(bags: Any, truth: np.ndarray, count: int, l2: float) -> tuple[np.ndarray, np.ndarray]:
    """W and b of one label a text; b is free of the penalty."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=1 / l2, max_iter=1000).fit(bags, truth)
    weights, bias = found.coef_.T, found.intercept_
    if count == 2:  # scikit-learn gives the second one's log-odds
        weights, bias = np.concatenate([-weights / 2, weights / 2], axis=1), np.concatenate([-bias / 2, bias / 2])
    return weights.astype(np.float32), bias.astype(np.float32)


def chosen(above: np.ndarray, empty: bool) -> np.ndarray:
    """Which labels are said, bool [N, C], by how far their log-odds are above their thresholds."""
    found: np.ndarray = above > 0
    if not empty:
        none = np.flatnonzero(~found.any(axis=1))
        found[none, above[none].argmax(axis=1)] = True
    return found


def tuned(odds: np.ndarray, right: np.ndarray, pooled: float, empty: bool) -> np.ndarray:
    """A threshold a label, float32 [C], from dev's log-odds and truth [N, C]."""
    grid = np.quantile(odds, np.linspace(0, 1, 400)[1:-1])
    common = max(grid, key=lambda threshold: micro_f1(right, chosen(odds - threshold, empty)))
    texts = right.sum(axis=0)
    own = [best_threshold(odds[:, label], right[:, label]) if texts[label] else common for label in range(len(texts))]
    share = texts / np.maximum(texts + pooled, 1e-9)
    thresholds: np.ndarray = (share * own + (1 - share) * common).astype(np.float32)
    return thresholds


def best_threshold(odds: np.ndarray, right: np.ndarray) -> float:
    """Between which two of the log-odds [N] of a label the texts above have the best F1; the highest of several.

    Above all of them where that is best, by as much as they spread.
    """
    order = np.argsort(-odds, kind="stable")
    hits = np.cumsum(right[order])
    f1 = 2 * hits / (np.arange(1, len(odds) + 1) + right.sum())
    place = int(f1.argmax())
    below = odds[order[place + 1]] if place + 1 < len(odds) else odds[order[place]] - 1
    return float(odds[order[place]] + below) / 2


def decode(*, model: Relevance, source: Side, target: object, options: Decode) -> Iterator[list[Any]]:
    """The likeliest sets of labels of each text (or its likeliest labels), and how likely each label is.

    A set's score is its log-probability, were each threshold where a label is as likely as not.
    """
    texts = source.sequences
    for start in range(0, len(texts), TOGETHER):
        odds = model.odds(texts, np.arange(start, min(start + TOGETHER, len(texts)))).astype(np.float64)
        if model.config.classes == "single":
            likely = np.exp(odds - odds.max(axis=1, keepdims=True))
            likely /= likely.sum(axis=1, keepdims=True)
            for row, order in zip(likely, np.argsort(-likely, axis=1, kind="stable"), strict=True):
                yield [answer([int(one)], float(np.log(row[one])), row) for one in order[: options.n_best]]
            continue
        for row in odds:
            likely = 1 / (1 + np.exp(-row))
            sets = (found for found in best_sets(row - model.thresholds) if found[0] or model.config.empty)
            yield [answer(classes, score, likely) for classes, score in islice(sets, options.n_best)]


def save(model: Relevance, folder: Path) -> None:
    arrays = {name: getattr(model, name) for name in ("rarity", "weights", "bias", "thresholds")}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / "model.safetensors")
    write_json(folder / "config.json", model.config.model_dump())


def load(folder: Path) -> Relevance:
    return Relevance(
        Config.model_validate(read_json(folder / "config.json")), **load_file(folder / "model.safetensors")
    )
