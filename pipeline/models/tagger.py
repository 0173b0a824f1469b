"""Words → tags: a bidirectional LSTM over words and their letters, with or without a linear chain of tags on top.

    v = [word; LSTM over its letters, both ways; Σ shape, beginnings, endings]     Lample et al. 2016, Ling et al. 2015
    h = BiLSTM(v_1 ... v_L);  e_t = O h_t
    p(tags | words): Π softmax(e_t), or the chain of `pipeline.models.chain`       Huang et al. 2015, section 2.5

No vectors from elsewhere: a word that training lacks is told by its letters and its neighbours. That the network learns
to do so, rare words are shown as unknown in training, the more often the rarer (Kiperwasser and Goldberg 2016,
section 6).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import Data, Side
from pipeline.models import tags
from pipeline.models.attention import locked_dropout
from pipeline.models.chain import Chain
from pipeline.models.layers import load_module, save_module
from pipeline.models.recurrent import Bidirectional, mirror_of
from pipeline.models.spelling import FIRST, NONE, RARE, Spelling
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.sequences import batches_of

READS, WRITES = "tokens", "tokens"
ROUND = 8  # steps and rows are filled up to a multiple of it, since a CPU's LSTM is compiled anew for each size


class Config(Row):
    crf: bool = True  # a chain of tags; else each tag for itself
    words: int = Field(100, ge=1)  # numbers of a word's own vector
    letters: int = Field(32, ge=1)  # of a letter's
    spelt: int = Field(64, ge=1)  # of what the letters say, in each direction
    parts: int = Field(64, ge=1)  # of its beginnings and endings
    shapes: int = Field(16, ge=1)  # of how it is written
    hidden: int = Field(200, ge=1)  # of the LSTM over words, in each direction
    layers: int = Field(1, ge=1)  # of it
    dropout: float = Field(0.4, ge=0, lt=1)  # of what enters and leaves a layer: one mask a sentence


class Train(training.Options):
    batch: int = Field(1_000, ge=1)  # padded words a batch
    rare: float = Field(0.5, ge=0)  # a word seen n times is unknown with the probability rare / (rare + n)


class Decode(tags.Decode):
    batch: int = Field(8_192, ge=1)  # padded words tagged at once


class Network(nn.Module):
    def __init__(self, config: Config, count: int, spelling: dict[str, Any]):
        super().__init__()
        self.config, self.count, self.spelling = config, count, Spelling.read(spelling)
        self.words = nn.Embedding(len(self.spelling.words) + FIRST, config.words)
        self.letters = nn.Embedding(len(self.spelling.letters) + FIRST, config.letters)
        self.parts = nn.EmbeddingBag(len(self.spelling.parts) + FIRST, config.parts, mode="sum", padding_idx=NONE)
        self.shapes = nn.Embedding(len(self.spelling.parts) + FIRST, config.shapes)
        self.spelt = Bidirectional(config.letters, config.spelt)
        wide = config.words + 2 * config.spelt + config.parts + config.shapes
        self.layers = nn.ModuleList(
            Bidirectional(2 * config.hidden if layer else wide, config.hidden) for layer in range(config.layers)
        )
        self.output = nn.Linear(2 * config.hidden, count)
        self.chain = Chain(count) if config.crf else None
        nn.init.normal_(self.words.weight, std=0.5)
        nn.init.normal_(self.letters.weight, std=0.5)
        nn.init.normal_(self.shapes.weight, std=0.5)
        nn.init.normal_(self.parts.weight, std=0.5 / 3)

    def emissions(self, batch: dict[str, Tensor]) -> Tensor:
        """What `states` takes → scores of the tags [B, L, C]."""
        return self.scores(self.states(batch)).float().transpose(0, 1)

    def scores(self, states: Tensor) -> Tensor:
        """[L, B, 2 * hidden] → [L, B, C]."""
        return self.output(locked_dropout(states, self.config.dropout, self.training))

    def states(self, batch: dict[str, Tensor]) -> Tensor:
        """`words` [B, L] and `types` [B, L], which of N different words each is; of these `letters` [N, K], `counts`
        [N], `parts` [N, P]; `lengths` [B] → what the words are in their sentence [L, B, 2 * hidden]."""
        rate = self.config.dropout
        shapes, parts = batch["parts"][:, 0], batch["parts"][:, 1:]
        clues = [self._spelt(batch["letters"], batch["counts"]), self.parts(parts), self.shapes(shapes)]
        found = F.embedding(batch["types"].T, torch.cat(clues, dim=1))
        x = torch.cat([self.words(batch["words"].T).to(found), found], dim=2)  # [L, B, W]
        mirror = mirror_of(batch["lengths"], len(x))
        for layer in self.layers:
            x = layer(locked_dropout(x, rate, self.training), mirror)
        return x

    def _spelt(self, letters: Tensor, counts: Tensor) -> Tensor:
        """[N, K], [N] → the last state of both directions [N, 2 * spelt]."""
        states = self.spelt(self.letters(letters.T), mirror_of(counts, letters.shape[1]))  # [K, N, 2 * spelt]
        width = self.config.spelt
        rows = torch.arange(len(counts), device=counts.device)
        return torch.cat([states[counts - 1, rows, :width], states[0, :, width:]], dim=1)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """What `emissions` takes, and `tags` [B, L] → summed loss, count of words."""
        emissions, right, lengths = self.emissions(batch), batch["tags"], batch["lengths"]
        if self.chain is not None:
            return self.chain(emissions, right, lengths), lengths.sum()
        inside = torch.arange(right.shape[1], device=right.device) < lengths[:, None]
        return F.cross_entropy(emissions[inside], right[inside], reduction="sum"), lengths.sum()


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    count = tags.count(data.target["train"].codec)
    model = Network(config, count, Spelling.of(data.source["train"].values).written())
    made = {
        split: _batches(data.source[split], data.target[split], model, options, learnt=split == "train")
        for split in ("train", "dev")
    }
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def save(model: Network, folder: Path) -> None:
    save_module(model, model.config, {"count": model.count, "spelling": model.spelling.written()}, folder)


def load(folder: Path) -> Network:
    model: Network = load_module(Network, Config, folder)
    return model


@torch.inference_mode()
def decode(*, model: Network, source: Side, target: object, options: Decode) -> Iterator[list[Hypothesis]]:
    """The best tags of each sentence, scored by log p(tags | words)."""
    sentences = source.values
    lengths = np.array([len(words) for words in sentences], dtype=np.int64)
    nothing = np.zeros((0, model.count)) if options.marginals else None
    found = [tags.hypothesis(np.zeros(0, dtype=np.int64), 0.0, nothing)] * len(sentences)
    order = np.argsort(lengths, kind="stable")
    for rows in batches_of(lengths, order[lengths[order] > 0].tolist(), options.batch):
        batch = tensors(model.spelling, [sentences[row] for row in rows])
        best, scores, marginals = _answers(model, model.emissions(batch), batch["lengths"], options.marginals)
        for i, row in enumerate(rows):
            places = None if marginals is None else marginals[i, : lengths[row]].numpy()
            found[row] = tags.hypothesis(best[i, : lengths[row]].numpy(), float(scores[i]), places)
    yield from ([hypothesis] for hypothesis in found)


def _answers(model: Network, emissions: Tensor, lengths: Tensor, weighed: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    """Best tags [B, L], their log-probabilities [B], and of every tag [B, L, C], where that is asked for."""
    if model.chain is not None:
        best, scores = model.chain.best(emissions, lengths)
        return best, scores, model.chain.marginals(emissions, lengths) if weighed else None
    log_p = emissions.log_softmax(dim=2)
    highest, best = log_p.max(dim=2)
    inside = torch.arange(best.shape[1]) < lengths[:, None]
    return best, (highest * inside).sum(dim=1), log_p.exp() if weighed else None


def tensors(
    spelling: Spelling, sentences: Sequence[Sequence[str]], draws: np.ndarray | None = None, rare: float = 0.0
) -> dict[str, Tensor]:
    """What `Network.emissions` takes, of sentences [B] of one word at least.

    `draws`: a number in [0, 1) a word of them all, end to end; by it a word that was seen n times is shown as unknown
    with the probability rare / (rare + n).
    """
    lengths = np.array([len(words) for words in sentences], dtype=np.int64)
    inside = np.arange(_rounded(int(lengths.max()), ROUND)) < lengths[:, None]
    different: dict[str, int] = {}
    numbers = np.array([different.setdefault(word, len(different)) for words in sentences for word in words])
    names = [*different, *[""] * (-len(different) % (8 * ROUND))]
    types, words = np.zeros(inside.shape, dtype=np.int64), np.full(inside.shape, NONE, dtype=np.int64)
    types[inside] = numbers
    ids = np.array([spelling.word(name) for name in names], dtype=np.int64)[numbers]
    words[inside] = ids if draws is None else np.where(draws * (rare + spelling.seen[ids]) < rare, RARE, ids)
    spelt = spelling.types(names)
    letters = np.pad(spelt.letters, ((0, 0), (0, -spelt.letters.shape[1] % ROUND)), constant_values=NONE)
    arrays = {"words": words, "types": types, "lengths": lengths}
    arrays |= {"letters": letters, "counts": spelt.counts, "parts": spelt.parts}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _rounded(count: int, step: int) -> int:
    return count + -count % step


def _batches(source: Side, target: Side, model: Network, options: Train, learnt: bool) -> training.Batches:
    sentences, gold, usable = source.values, target.sequences, tags.usable(source, target)

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        chosen = usable[rows]
        draws = None
        if learnt and options.rare:
            generators = (np.random.default_rng((options.seed, epoch, int(row))) for row in chosen)
            draws = np.concatenate(
                [rng.random(len(sentences[row])) for rng, row in zip(generators, chosen, strict=True)]
            )
        batch = tensors(model.spelling, [sentences[row] for row in chosen], draws, options.rare)
        right, _ = gold.padded(chosen, fill=tags.TAGS)
        wide = np.zeros(batch["words"].shape, dtype=np.int64)
        wide[:, : right.shape[1]] = right - tags.TAGS
        return {**batch, "tags": torch.from_numpy(wide)}

    ids = [source.sequences.ids[i] for i in usable]
    return training.Batches(gold.lengths[usable], options.batch, collate, options.seed, ids)
