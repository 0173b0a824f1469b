"""Tokens → labels, written one after another: each is chosen knowing those before it, and none is written twice.

With x the tf-idf weights of a text (`pipeline.models.tfidf`), h_i what a bidirectional LSTM says of its i-th word
(where `reads` lets it read any), and y_0 = BEGIN:

    z   = W x + b                                   each label's log-odds for itself, as in `binary_relevance`
    g   = tanh(G z / 4)                             what kind of text it is
    s_0 = tanh(V [g; h])                            h: what the LSTM has read at the text's ends
    s_t = GRU([E y_{t-1}; g], s_{t-1})
    c_t = Σ_i softmax_i(s_t · K h_i) h_i            where it looks
    p(y_t | y_<t, x) = softmax(O [s_t; c_t] + softplus(A s_t) ∘ z)       over the labels not written yet, and END

W and b are learnt first, by logistic regression, which few texts with many rare words suit better than a network. The
rest learns from log-odds that texts get from a classifier of the other folds of train (Wolpert 1992): those that a
classifier gives to its own texts are too sure.

`order: frequency` writes the labels of train from the most frequent down to the rarest, then END (Yang et al. 2018,
"SGM"), and learns by cross entropy. `order: free` has no order to learn: any label of the text that is not written yet
is right, and END where none is left, so that a step's loss is

    -log Σ p(y | y_<t, x) over what is right

and what it goes on with is the right label that the model itself holds likeliest (Tsai and Lee 2020, section 3.2).
Written sets are searched by beam: sequences of the same labels are one set, whose probability is their sum; and how
likely a label is, is the share that the sets with it have of all that were found.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import BEGIN, END, PAD, UNKNOWN, Data, Side
from pipeline.models import attention, labels
from pipeline.models.binary_relevance import bags_of, logistic
from pipeline.models.label_sets import answer, matrix
from pipeline.models.labels import FIRST
from pipeline.models.layers import Dropout, load_module, save_module
from pipeline.models.tfidf import rarity
from pipeline.outcomes import Weighed
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.search.beam import beam
from pipeline.sequences import Sequences, batches_of
from pipeline.state import State

READS, WRITES = "tokens", "tokens"
CALM = 4.0  # divides log-odds, that tanh may tell them apart


class Config(Row):
    order: Literal["frequency", "free"] = "frequency"
    hidden: int = Field(128, ge=2)  # of the decoder, of g and of what is read
    embedding: int = Field(64, ge=1)  # of labels, and of words that are read in order
    reads: int = Field(0, ge=0)  # words from the text's beginning that are read in order; 0: the bag is all
    empty: bool = False  # a text may have no label
    dropout: float = Field(0.3, ge=0, lt=1)

    @model_validator(mode="after")
    def _even(self) -> "Config":
        if self.hidden % 2:
            raise ValueError(f"hidden: {self.hidden} is odd, and each direction of reading has half of it")
        return self


class Train(training.Options):
    l2: float = Field(0.01, gt=0)  # of W and b: strength of the penalty, against the sum of the texts' losses
    folds: int = Field(5, ge=2)  # of train, each of which gets its log-odds from the others
    word_dropout: float = Field(0.0, ge=0, lt=1)  # words that are read as unknown, so that unknown words find a use


class Decode(Row):
    beam_size: int = Field(8, ge=1)
    n_best: int = Field(1, ge=1)  # sets
    batch: int = Field(8192, ge=1)  # padded words, times the beam, searched at once

    @model_validator(mode="after")
    def _wide_enough(self) -> "Decode":
        if self.n_best > self.beam_size:
            raise ValueError(f"n_best: {self.n_best} needs a beam_size of at least {self.n_best}")
        return self


class Network(nn.Module):
    """`size` tokens of the source; `labels` of the target, special ones included."""

    rarity: Tensor  # [V]
    weights: Tensor  # W [V, C]
    bias: Tensor  # b [C]

    def __init__(self, config: Config, size: int, labels: int):
        super().__init__()
        self.config, self.size, self.labels = config, size, labels
        hidden, classes = config.hidden, labels - FIRST
        self.register_buffer("rarity", torch.zeros(size))
        self.register_buffer("weights", torch.zeros(size, classes))
        self.register_buffer("bias", torch.zeros(classes))
        self.kind = nn.Linear(classes, hidden)  # G
        self.table = nn.Embedding(labels, config.embedding)  # E
        self.reader: attention.Encoder | None = None
        if config.reads:
            width = {"embedding": config.embedding, "hidden": hidden, "dropout": config.dropout}
            self.reader = attention.Encoder(attention.Config.model_validate(width), size)
            self.key = nn.Linear(hidden, hidden, bias=False)  # K
        wide = 2 * hidden if config.reads else hidden
        self.first = nn.Linear(wide, hidden)  # V
        self.cell = nn.GRUCell(config.embedding + hidden, hidden)
        self.gate = nn.Linear(hidden, classes)  # A
        self.output = nn.Linear(wide, labels)  # O
        self.dropout = Dropout(config.dropout)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """What `encode` takes, and `labels` [B, M], a text's from the most frequent down, padded with PAD → summed
        loss, count of labels and ENDs."""
        state = self.encode(batch, 1)
        written = batch["labels"]
        places = torch.arange(self.labels, device=written.device)
        left = (written[:, :, None] == places).any(dim=1) & (places >= FIRST)  # [B, L]
        last = torch.full_like(written[:, 0], BEGIN)
        total = torch.zeros((), device=written.device)
        count = torch.zeros((), dtype=torch.long, device=written.device)
        going = left.any(dim=1) | self.config.empty  # a text without a label that must have one teaches nothing
        for step in range(written.shape[1] + 1):
            logits, state, _ = self.step(last, state)
            log_p = logits.float().log_softmax(dim=1)
            ends = going & ~left.any(dim=1)
            right = left.clone()
            if self.config.order == "frequency" and step < written.shape[1]:
                right &= places == written[:, step, None]
            right[:, END] = ends
            chosen = log_p.masked_fill(~right, -torch.inf)
            total = total - chosen[going].logsumexp(dim=1).sum()
            count = count + going.sum()
            last = chosen.argmax(dim=1)
            left = left & (places != last[:, None])
            going = going & ~ends
            if not going.any():
                break
        return total, count

    def encode(self, batch: dict[str, Tensor], beam_size: int) -> State:
        """`odds` [B, C], and where texts are read `source` [B, S] with `lengths` [B] → the state before the first
        label, for beam_size hypotheses a text."""
        odds = batch["odds"]
        kind = self.dropout(self.kind((odds / CALM).tanh()).tanh())
        source = {"odds": odds, "kind": kind}
        begun = kind
        if self.reader is not None:
            states, ends = self.reader(batch["source"], batch["lengths"])
            behind = torch.arange(states.shape[1], device=states.device) >= batch["lengths"].clamp(min=1)[:, None]
            source["bias"] = torch.zeros(behind.shape, device=states.device).masked_fill_(behind, -torch.inf)
            source |= {"keys": self.key(states), "values": states}
            begun = torch.cat([kind, ends], dim=1)
        s = self.first(begun).tanh().repeat_interleave(beam_size, dim=0)
        written = torch.zeros(len(s), self.labels, dtype=torch.bool, device=s.device)
        return State(prefix={"s": s, "written": written}, source=source)

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, encoded for beam_size hypotheses each; and their lengths [B]."""
        batch = {"odds": self.odds(sequences, rows), **self.words(sequences, rows)}
        return self.encode(batch, beam_size), torch.from_numpy(sequences.lengths[rows])

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, None]:
        """One label more for N = B * K prefixes: tokens [N] → logits [N, L], -inf where none may be, the next state."""
        source, each = state.source, len(tokens) // len(state.source["kind"])
        written = state.prefix["written"].scatter(1, tokens[:, None], True)
        written[:, END] = False
        kind = source["kind"].repeat_interleave(each, dim=0)
        s = self.cell(torch.cat([self.table(tokens), kind], dim=1), state.prefix["s"])
        seen = s
        if self.reader is not None:
            query = s.view(len(source["kind"]), each, -1)
            looks = (query @ source["keys"].transpose(1, 2) + source["bias"][:, None]).softmax(dim=2)
            seen = torch.cat([s, (looks @ source["values"]).flatten(0, 1)], dim=1)
        own = F.softplus(self.gate(s)) * source["odds"].repeat_interleave(each, dim=0)
        logits = self.output(self.dropout(seen)).float() + F.pad(own.float(), (FIRST, 0))
        barred = written.clone()
        barred[:, [token for token in range(FIRST) if token != END]] = True
        if not self.config.empty:
            barred[:, END] |= tokens == BEGIN
        return logits.masked_fill(barred, -torch.inf), State({"s": s, "written": written}, source), None

    def odds(self, texts: Sequences, rows: np.ndarray) -> Tensor:
        """z of some rows, float32 [B, C]."""
        bags = bags_of(texts, rows, self.rarity.cpu().numpy())
        return torch.from_numpy(bags @ self.weights.cpu().numpy() + self.bias.cpu().numpy())

    def words(self, texts: Sequences, rows: np.ndarray) -> dict[str, Tensor]:
        """What the LSTM reads of some rows: `source` [B, S] with `lengths` [B]; nothing where there is none."""
        if not self.config.reads:
            return {}
        lengths = np.minimum(texts.lengths[rows], self.config.reads).astype(np.int64)
        source = np.full((len(rows), max(1, int(lengths.max(initial=0)))), PAD, dtype=np.int64)
        for place, row in enumerate(rows):
            source[place, : lengths[place]] = texts[row][: lengths[place]]
        return {"source": torch.from_numpy(source), "lengths": torch.from_numpy(lengths)}


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    codec = data.target["train"].codec
    labels.count(codec)
    model = Network(config, len(data.source["train"].codec), len(codec))
    odds = {"train": _stacked(model, data, options)}
    dev = data.source["dev"].sequences
    odds["dev"] = model.odds(dev, np.arange(len(dev)))
    made = {split: _batches(model, data, split, odds[split], options) for split in odds}
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def _stacked(model: Network, data: Data, options: Train) -> Tensor:
    """Learn the model's W and b. Returns z of the training texts [N, C], each by a classifier that has not seen it."""
    texts, truth = data.source["train"].sequences, matrix(data.target["train"], model.labels - FIRST)
    rare = rarity(texts, model.size)
    bags = bags_of(texts, np.arange(len(texts)), rare)
    folds = np.arange(len(texts)) % options.folds
    odds = np.zeros(truth.shape, np.float32)
    for fold in range(options.folds):
        weights, bias = logistic(bags[folds != fold], truth[folds != fold], options.l2)
        odds[folds == fold] = bags[folds == fold] @ weights + bias
    weights, bias = logistic(bags, truth, options.l2)
    for buffer, array in ((model.rarity, rare), (model.weights, weights), (model.bias, bias)):
        buffer.copy_(torch.from_numpy(array))
    return torch.from_numpy(odds)


def _batches(model: Network, data: Data, split: str, odds: Tensor, options: Train) -> training.Batches:
    """Texts with their labels, in the order of the vocabulary: the most frequent first."""
    texts = data.source[split].sequences
    truth = matrix(data.target[split], model.labels - FIRST)

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        batch = {"odds": odds[torch.from_numpy(rows)], **model.words(texts, rows)}
        if split == "train" and options.word_dropout and model.config.reads:
            width = batch["source"].shape[1]
            draws = [np.random.default_rng((options.seed, epoch, int(row))).random(width) for row in rows]
            hidden = torch.from_numpy(np.stack(draws) < options.word_dropout) & (batch["source"] > END)
            batch["source"] = batch["source"].masked_fill(hidden, UNKNOWN)
        written = np.full((len(rows), max(1, int(truth[rows].sum(axis=1).max()))), PAD, dtype=np.int64)
        for place, row in enumerate(rows):
            found = np.flatnonzero(truth[row]) + FIRST
            written[place, : len(found)] = found
        return {**batch, "labels": torch.from_numpy(written)}

    lengths = np.minimum(texts.lengths, model.config.reads) + 1
    return training.Batches(lengths, options.batch, collate, options.seed, texts.ids)


@torch.inference_mode()
def decode(*, model: Network, source: Side, target: object, options: Decode) -> Iterator[list[Weighed]]:
    """The likeliest sets of labels of each text, scored by their log-probabilities, and how likely each label is."""
    texts = source.sequences
    found: list[list[Weighed]] = [[] for _ in range(len(texts))]
    order = np.argsort(texts.lengths, kind="stable").tolist()
    for rows in batches_of(texts.lengths + 1, order, max(1, options.batch // options.beam_size)):
        state, _ = model.begin(texts, rows, options.beam_size)
        searched = beam(
            model.step,
            state,
            begin=BEGIN,
            end=END,
            max_lengths=torch.full((len(rows),), model.labels - FIRST + 1),
            beam_size=options.beam_size,
            length_penalty=0.0,
            n_best=options.beam_size,
        )
        for row, sequences in zip(rows, searched, strict=True):
            found[row] = _sets(sequences, model.labels - FIRST, options.n_best)
    yield from found


def _sets(sequences: list[Hypothesis], count: int, n_best: int) -> list[Weighed]:
    """Sequences that were found → their sets, the likeliest first, with the labels' probabilities [count]."""
    sets: dict[frozenset[int], float] = {}
    for one in sequences:
        written = frozenset(token - FIRST for token in one.tokens if token >= FIRST)
        sets[written] = float(np.logaddexp(sets.get(written, -np.inf), one.score))
    shares = np.exp(np.array([*sets.values()]) - np.logaddexp.reduce([*sets.values()]))
    likely = np.zeros(count)
    for written, share in zip(sets, shares, strict=True):
        likely[[*written]] += share
    ranked = sorted(sets.items(), key=lambda item: -item[1])[:n_best]
    return [answer([*written], score, likely) for written, score in ranked]


def save(model: Network, folder: Path) -> None:
    save_module(model, model.config, {"size": model.size, "labels": model.labels}, folder)


def load(folder: Path) -> Network:
    network: Network = load_module(Network, Config, folder)
    return network
