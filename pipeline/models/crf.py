"""Words → tags: a conditional random field (Lafferty et al. 2001), a linear chain over sparse clues.

With f(x, t) the clues of place t (`pipeline.models.clues`), W a row of weights a clue:

    e_t = f(x, t) W;    p(tags | words) as `pipeline.models.chain` has it
    minimise  Σ -log p(tags | words) + l2/2 (|W|² + |T|² + |start|² + |end|²)      Sha and Pereira 2003

by L-BFGS (Liu and Nocedal 1989). The loss and its gradient are exact, the loss is convex: there is no learning rate to
choose, and no seed. A clue has weights for the tags alone that it was seen with, as in CRFsuite (Okazaki 2007).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from safetensors.numpy import load_file, save_file
from torch import Tensor

from pipeline.data import Data, Side
from pipeline.models import tags
from pipeline.models.chain import both_ways, viterbi
from pipeline.models.clues import Clues
from pipeline.models.tags import Decode as Decode
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.sequences import batches_of, read_json, write_json

READS, WRITES = "tokens", "tokens"
TOGETHER = 16_384  # padded words at once


class Config(Row):
    """The clues are fixed."""


class Train(Row):
    steps: int = Field(100, ge=1)  # of L-BFGS, at most
    tolerance: float = Field(1e-5, gt=0)  # it ends where a step lowers the loss by a smaller share
    l2: float = Field(1.0, ge=0)  # strength of the penalty, against the sum of the sentences' losses
    memory: int = Field(6, ge=1)  # steps that L-BFGS remembers


@dataclass(frozen=True)
class CRF:
    clues: Clues
    weights: np.ndarray  # W, float64 [F, C]
    transitions: np.ndarray  # T, float64 [C, C]
    start: np.ndarray  # float64 [C]
    end: np.ndarray  # float64 [C]

    @property
    def chain(self) -> tuple[Tensor, Tensor, Tensor]:
        return torch.from_numpy(self.transitions), torch.from_numpy(self.start), torch.from_numpy(self.end)


class Sentences:
    """Sentences of a word at least, in batches of about one length: their places end to end, and side by side."""

    def __init__(self, lengths: np.ndarray):
        starts = np.cumsum(lengths) - lengths
        order = np.argsort(lengths, kind="stable").tolist()
        self.batches = []  # rows [B], lengths [B], place of every word [B, L]; behind the end, the last word's
        for rows in batches_of(lengths, order, TOGETHER):
            steps = np.arange(lengths[rows].max())
            places = starts[rows, None] + np.minimum(steps, lengths[rows, None] - 1)
            self.batches.append((rows, torch.from_numpy(lengths[rows]), torch.from_numpy(places)))


class Objective:
    """The training loss and its slope, as a function of all weights in one vector."""

    def __init__(self, matrix: Any, gold: np.ndarray, lengths: np.ndarray, count: int, l2: float):
        """`matrix`: clues of all words [N, F]; `gold` [N], their tags; `lengths` of the sentences."""
        self.matrix, self.transposed = matrix, matrix.T.tocsr()
        self.gold, self.count, self.l2 = gold, count, l2
        self.sentences = Sentences(lengths)
        right = np.zeros((len(gold), count))
        right[np.arange(len(gold)), gold] = 1
        seen = self.transposed @ right  # [F, C]: how often each clue is seen with each tag
        self.pairs = np.flatnonzero(seen)
        ends = np.cumsum(lengths)
        inner = np.ones(len(gold), dtype=bool)
        inner[ends - 1] = False
        follows = np.flatnonzero(inner)
        transitions = np.zeros((count, count))
        np.add.at(transitions, (gold[follows], gold[follows + 1]), 1)
        first, last = (np.bincount(gold[places], minlength=count) for places in (ends - lengths, ends - 1))
        self.given = np.concatenate([seen.ravel()[self.pairs], transitions.ravel(), first, last])

    @property
    def size(self) -> int:
        return len(self.given)

    def parts(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """W [F, C], T [C, C], start and end [C]."""
        split = np.cumsum([len(self.pairs), self.count**2, self.count])
        sparse, transitions, start, end = np.split(vector, split)
        weights = np.zeros((self.matrix.shape[1], self.count))
        weights.ravel()[self.pairs] = sparse
        return weights, transitions.reshape(self.count, self.count), start, end

    def __call__(self, vector: np.ndarray) -> tuple[float, np.ndarray]:
        """Σ -log p + the penalty, and its slope: what the model expects of each weight's clue less what is given."""
        weights, transitions, start, end = self.parts(vector)
        emissions = torch.from_numpy(self.matrix @ weights)  # [N, C]
        expected = torch.zeros_like(emissions)
        pairs = torch.zeros(self.count, self.count, dtype=torch.float64)
        first, last = torch.zeros_like(pairs[0]), torch.zeros_like(pairs[0])
        chain = torch.from_numpy(transitions), torch.from_numpy(start), torch.from_numpy(end)
        total = 0.0
        for _, lengths, places in self.sentences.batches:
            found = both_ways(emissions[places], *chain, lengths)
            total += float(found.log_z.sum())
            pairs += found.pairs
            inside = torch.arange(places.shape[1]) < lengths[:, None]
            expected[places[inside]] = found.marginals[inside]
            first += found.marginals[:, 0].sum(dim=0)
            last += found.marginals[torch.arange(len(lengths)), lengths - 1].sum(dim=0)
        slope = (self.transposed @ expected.numpy()).ravel()[self.pairs]
        slope = np.concatenate([slope, pairs.numpy().ravel(), first.numpy(), last.numpy()]) - self.given
        loss = total - vector @ self.given + self.l2 / 2 * vector @ vector
        return float(loss), slope + self.l2 * vector


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[CRF, list[dict[str, float]]]:
    """The history has a line a step: the training loss a word, its penalty counted."""
    torch.set_num_threads(1)  # stages run side by side
    count = tags.count(data.target["train"].codec)
    source, target = data.source["train"], data.target["train"]
    rows = tags.usable(source, target)
    sentences = [source.values[row] for row in rows]
    clues = Clues.of(sentences)
    gold, lengths = target.sequences.flat(rows)
    train = Objective(clues.matrix(sentences), gold - tags.TAGS, lengths, count, options.l2)
    print(f"{len(clues)} clues, {train.size} weights")
    history: list[dict[str, float]] = []
    model = CRF(clues, *train.parts(minimised(train, options, history)))
    print(f"{len(history)} steps  train {history[-1]['train_loss']:.4f}")
    return model, history


def minimised(objective: Objective, options: Train, history: list[dict[str, float]]) -> np.ndarray:
    """The weights of the least loss; `history` gets the loss a word after each step."""
    from scipy.optimize import OptimizeResult, minimize

    def note(intermediate_result: OptimizeResult) -> None:
        history.append({"train_loss": float(intermediate_result.fun) / len(objective.gold)})

    limits = {"maxiter": options.steps, "maxcor": options.memory, "ftol": options.tolerance, "gtol": 0.0}
    found = minimize(objective, np.zeros(objective.size), jac=True, method="L-BFGS-B", callback=note, options=limits)
    weights: np.ndarray = found.x
    return weights


@torch.inference_mode()
def decode(*, model: CRF, source: Side, target: object, options: Decode) -> Iterator[list[Hypothesis]]:
    """The best tags of each sentence, scored by log p(tags | words)."""
    sentences = source.values
    lengths = np.array([len(words) for words in sentences], dtype=np.int64)
    count = len(model.start)
    nothing = np.zeros((0, count)) if options.marginals else None
    found = [tags.hypothesis(np.zeros(0, dtype=np.int64), 0.0, nothing)] * len(sentences)
    filled = np.flatnonzero(lengths)
    emissions = torch.from_numpy(model.clues.matrix([sentences[row] for row in filled]) @ model.weights)
    for rows, sizes, places in Sentences(lengths[filled]).batches:
        best, scores = viterbi(emissions[places], *model.chain, sizes)
        known = both_ways(emissions[places], *model.chain, sizes)
        for i, row in enumerate(filled[rows]):
            marginals = known.marginals[i, : lengths[row]].numpy() if options.marginals else None
            path = best[i, : lengths[row]].numpy()
            found[row] = tags.hypothesis(path, float(scores[i] - known.log_z[i]), marginals)
    yield from ([hypothesis] for hypothesis in found)


def save(model: CRF, folder: Path) -> None:
    """model.safetensors, with the weights that are not zero, and the clues by the order of their columns."""
    places = np.flatnonzero(model.weights)
    arrays = {"weights": model.weights.ravel()[places], "places": places}
    arrays |= {"transitions": model.transitions, "start": model.start, "end": model.end}
    save_file(arrays, folder / "model.safetensors")
    write_json(folder / "clues.json", list(model.clues.columns))


def load(folder: Path) -> CRF:
    arrays = load_file(folder / "model.safetensors")
    clues = Clues(read_json(folder / "clues.json"))
    weights = np.zeros((len(clues), len(arrays["start"])))
    weights.ravel()[arrays["places"]] = arrays["weights"]
    return CRF(clues, weights, **{name: arrays[name] for name in ("transitions", "start", "end")})
