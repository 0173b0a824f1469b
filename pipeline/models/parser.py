"""Words → linear brackets, by a network that knows where in its tree it stands: a parser for little data.

`pipeline.models.attention` must learn from trees alone that the next XX is the next word and which bracket is open.
Here both are given: the stack of open brackets is read off what has been written (`pipeline.search.trees`), and what
writes the next token looks at the words that matter there, as transition-based parsers do (Cross and Huang 2016,
section 3; Dyer et al. 2016, section 3):

    h = BiLSTM(words, letters)                             that of `pipeline.models.tagger`, which learns tags, too
    x = Σ_r W_r h(r) + labels + U LSTM(tokens so far)      r: the word read last, the next one, and the words about the
    p(token) = softmax(O relu(V relu(x)))                  beginnings of the two brackets opened last

That the words' states also tell their parts of speech (train.tagging) teaches them what a few thousand trees do not.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import END, PAD, Data, Side, Vocabulary
from pipeline.models import constrained, tagger
from pipeline.models.constrained import Kept, joined, parted, searched
from pipeline.models.layers import Dropout, load_module, save_module, smoothed_cross_entropy
from pipeline.models.spelling import Spelling
from pipeline.models.transformer import shifted
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search.trees import IS_LEAF, Bounds, Brackets, Rows
from pipeline.sequences import Sequences
from pipeline.state import State
from pipeline.tokens.brackets import leaves

READS, WRITES = "tokens", "tokens"
ROLES = 5  # of words: the one read last, the next; before and at the beginning of the innermost bracket; of the second
LABELS = 2  # of the innermost bracket, of the second
TOGETHER = 256  # trees whose places are found together


class Config(Row):
    words: int = Field(100, ge=1)  # numbers of a word's own vector
    letters: int = Field(32, ge=1)  # of a letter's
    spelt: int = Field(64, ge=1)  # of what the letters say, in each direction
    parts: int = Field(64, ge=1)  # of shape, beginnings and endings
    hidden: int = Field(200, ge=1)  # of the LSTM over words, in each direction
    layers: int = Field(2, ge=1)  # of it
    reading: float = Field(0.4, ge=0, lt=1)  # dropout of these layers
    inner: int = Field(256, ge=1)  # numbers of what decides about a token
    history: int = Field(128, ge=1)  # of the LSTM over the tokens so far, and of a token's own vector
    dropout: float = Field(0.3, ge=0, lt=1)  # of what decides

    @property
    def reader(self) -> tagger.Config:
        names = ("words", "letters", "spelt", "parts", "hidden", "layers")
        return tagger.Config(crf=False, dropout=self.reading, **{name: getattr(self, name) for name in names})


class Train(training.Options):
    batch: int = Field(1_500, ge=1)  # padded tokens of the trees a batch
    rare: float = Field(0.5, ge=0)  # a word seen n times is unknown with the probability rare / (rare + n)
    tagging: float = Field(1.0, ge=0)  # the weight of a word's tag, beside that of a token
    label_smoothing: float = Field(0.0, ge=0, lt=1)


class Decode(constrained.Decode):
    constrained: bool = True  # nothing but well-formed trees over exactly the words is searched


class Network(nn.Module):
    def __init__(self, config: Config, *, tags: list[str], tokens: list[str], bounds: list[int], spelling: Any):
        super().__init__()
        self.config, self.tags, self.tokens, self.bounds = config, tags, tokens, bounds
        self.brackets = Brackets(tokens, END, Bounds(*bounds))
        self.reader = tagger.Network(config.reader, max(1, len(tags)), spelling)
        wide, inner = 2 * config.hidden, config.inner
        self.edge = nn.Parameter(torch.zeros(2, wide))  # before the first word, and behind the last
        self.roles = nn.Linear(wide, ROLES * inner)
        self.labels = nn.ModuleList(nn.Embedding(len(tokens) + 1, inner) for _ in range(LABELS))  # 0: no bracket
        self.table = nn.Embedding(len(tokens), config.history)
        self.history = nn.LSTM(config.history, config.history, batch_first=True)
        self.told = nn.Linear(config.history, inner)
        self.deep = nn.Linear(inner, inner)
        self.output = nn.Linear(inner, len(tokens), bias=False)
        self.dropout, self.skipping = Dropout(config.dropout), Dropout(config.reading)
        self.smoothing = 0.0

    def read(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """What `tagger.Network.states` takes → what each role makes of each word [B, L + 2, ROLES, inner], the edges
        first and last; and the words' states."""
        states = self.reader.states(batch)  # [L, B, 2 * hidden]
        words = self.skipping(states.transpose(0, 1))
        before, behind = (edge.expand(len(words), 1, -1) for edge in self.edge)
        return self.roles(torch.cat([before, words, behind], dim=1)).float().unflatten(2, (ROLES, -1)), states

    def decide(self, seen: Tensor, places: Tensor, lengths: Tensor, told: Tensor) -> Tensor:
        """Words by role [B, L + 2, ROLES, inner], where each of T prefixes stands [B, T, ROLES + LABELS], `lengths` [B]
        and the history [B, T, history] → what the output layer reads [B, T, inner]."""
        words = places[:, :, :ROLES]
        words = words.where(words <= lengths[:, None, None], seen.shape[1] - 1)  # behind the last
        sentences = torch.arange(len(seen), device=seen.device)[:, None, None]
        # A sum over a table's rows: the gradient of indexing an array is many times slower.
        rows = (sentences * seen.shape[1] + words) * ROLES + torch.arange(ROLES, device=seen.device)
        x = F.embedding_bag(rows.flatten(0, 1), seen.flatten(0, 2), mode="sum").view(*told.shape[:2], -1)
        x = x + self.told(told)
        for i, table in enumerate(self.labels):
            x = x + table(places[:, :, ROLES + i])
        return self.dropout(F.relu(self.deep(self.dropout(F.relu(x)))))

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """What `read` takes, `before` and `after` [B, T], `places` [B, T, ROLES + LABELS], `tags` [B, L], -1 for none →
        summed loss, count of tokens."""
        seen, states = self.read(batch)
        told, _ = self.history(self.dropout(self.table(batch["before"])))
        x = self.decide(seen, batch["places"], batch["lengths"], told).flatten(0, 1)
        after = batch["after"].flatten()
        real = (after != PAD).nonzero()[:, 0]
        smoothing = self.smoothing if self.training else 0.0
        loss = smoothed_cross_entropy(x[real], self.output.weight, after[real], smoothing)
        if self.training and "tagging" in batch:
            scores = self.reader.scores(states).transpose(0, 1).flatten(0, 1).float()
            tagging = F.cross_entropy(scores, batch["tags"].flatten(), ignore_index=-1, reduction="sum")
            loss = loss + batch["tagging"] * tagging
        return loss, torch.tensor(len(real)).to(after)


class Writer:
    """The network's `begin` and `step` for sentences of raw words, whose letters it reads."""

    def __init__(self, model: Network, sentences: list[list[str]], options: Decode):
        self.model, self.sentences, self.options = model, sentences, options
        self.kept = Kept() if options.constrained else None

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        model = self.model
        chosen = [self.sentences[row] for row in rows]
        # A sentence without a word is read as one of an empty word, which stays unwritten.
        batch = tagger.tensors(model.reader.spelling, [words or [""] for words in chosen])
        seen, _ = model.read(batch)
        words = torch.tensor([len(words) for words in chosen])
        limits = (self.options.max_ratio * words + 10).long()  # as the search reckons it
        own = model.brackets.begin(*(each.repeat_interleave(beam_size) for each in (words, limits)))
        empty = torch.zeros(len(rows) * beam_size, model.config.history)
        return joined(State({"h": empty, "c": empty}, {"seen": seen, "words": words}), own), words

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, None]:
        model = self.model
        inner, own = parted(state)
        own = model.brackets.read(tokens, own)
        seen, words = inner.source["seen"], inner.source["words"]
        past = tuple(inner.prefix[name][None].contiguous() for name in ("h", "c"))
        told, (h, c) = model.history(model.table(tokens)[:, None], past)
        side = (len(words), -1)  # the prefixes of a sentence stand beside one another
        x = model.decide(seen, places(own).view(*side, ROLES + LABELS), words, told.view(*side, told.shape[2]))
        logits = model.output(x.flatten(0, 1))
        if self.kept:
            logits = self.kept.hold(model.brackets, logits, own)
        return logits, joined(State({"h": h[0], "c": c[0]}, inner.source), own), None


def places(rows: Rows) -> Tensor:
    """int [N, ROLES + LABELS]: the words that matter, from 1 (0: before the first), then labels from 1 (0: none)."""
    at, depth = rows["at"], rows["depth"]
    top, second = ((depth - back).clamp(min=0)[:, None] for back in (1, 2))
    starts = [rows["starts"].gather(1, place)[:, 0] for place in (top, second)]
    labels = [
        (rows["stack"].gather(1, place)[:, 0] + 1).where(depth > back, 0) for back, place in enumerate((top, second))
    ]
    return torch.stack([at, at + 1, starts[0], starts[0] + 1, starts[1] + 1, *labels], dim=1)


def traced(brackets: Brackets, sequences: Sequences) -> list[np.ndarray]:
    """Where each prefix of each tree stands, int [U + 1, ROLES + LABELS] a tree; the first prefix is empty."""
    found: list[np.ndarray] = [np.zeros(0)] * len(sequences)
    order = np.argsort(sequences.lengths, kind="stable")
    for i in range(0, len(order), TOGETHER):
        chosen = order[i : i + TOGETHER]
        tokens, lengths = sequences.padded(chosen, fill=PAD)
        written = torch.from_numpy(tokens.astype(np.int64))
        words = (brackets.kinds[written] == IS_LEAF).sum(dim=1)
        rows = brackets.begin(words, words * 0)
        stood = [places(rows)]
        for column in written.T:
            rows = brackets.read(column, rows)
            stood.append(places(rows))
        stacked = torch.stack(stood, dim=1).numpy()
        for row, tree, length in zip(chosen, stacked, lengths, strict=True):
            found[row] = tree[: length + 1].copy()
    return found


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    """Raises Problem where the target is no trees over the source's words."""
    training.prepare_device(options.seed)
    source, target = data.source["train"], data.target["train"]
    sentences = [leaves(str(tree))[1] for tree in target.values]
    for identifier, words, tags in zip(source.sequences.ids, source.values, sentences, strict=True):
        if len(words) != len(tags):
            raise Problem(f"{identifier} has {len(words)} words and a tree of {len(tags)}: take the words of the tree")
    tokens = target.codec.tokens(range(len(target.codec)))
    bounds = Bounds.of([target.codec.tokens(target.sequences[i]) for i in range(len(target.sequences))])
    model = Network(
        config,
        tags=sorted({tag for tags in sentences for tag in tags}),
        tokens=tokens,
        bounds=[bounds.depth, bounds.run],
        spelling=Spelling.of(source.values).written(),
    )
    model.smoothing = options.label_smoothing
    made = {split: _batches(data.source[split], data.target[split], model, options, split) for split in data.source}
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def _batches(source: Side, target: Side, model: Network, options: Train, split: str) -> training.Batches:
    """The sentences that have a word."""
    sentences, trees, stood = source.values, target.sequences, traced(model.brackets, target.sequences)
    ids = {tag: number for number, tag in enumerate(model.tags)}
    tags = [np.array([ids.get(tag, -1) for tag in leaves(str(tree))[1]]) for tree in target.values]
    usable = np.array([i for i, words in enumerate(sentences) if words], dtype=np.int64)

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        chosen = usable[rows]
        words = [sentences[row] for row in chosen]
        if split == "train":
            rngs = (np.random.default_rng((options.seed, epoch, int(row))) for row in chosen)
            draws = np.concatenate([rng.random(len(each)) for rng, each in zip(rngs, words, strict=True)])
            batch = tagger.tensors(model.reader.spelling, words, draws, options.rare)
            batch["tagging"] = torch.tensor(options.tagging)
        else:
            batch = tagger.tensors(model.reader.spelling, words)
        batch |= shifted(trees, chosen)
        stands = np.zeros((*batch["before"].shape, ROLES + LABELS), dtype=np.int64)
        gold = np.full(batch["words"].shape, -1, dtype=np.int64)
        for i, row in enumerate(chosen):
            stands[i, : len(stood[row])] = stood[row]
            gold[i, : len(tags[row])] = tags[row]
        return batch | {"places": torch.from_numpy(stands), "tags": torch.from_numpy(gold)}

    lengths = trees.lengths[usable] + 1
    return training.Batches(lengths, options.batch, collate, options.seed, [trees.ids[i] for i in usable])


def save(model: Network, folder: Path) -> None:
    about = {"tags": model.tags, "tokens": model.tokens, "bounds": model.bounds}
    save_module(model, model.config, {**about, "spelling": model.reader.spelling.written()}, folder)


def load(folder: Path) -> Network:
    model: Network = load_module(Network, Config, folder)
    return model


def decode(*, model: Network, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the source."""
    writer = Writer(model, [list(words) for words in source.values], options)
    yield from searched(writer, writer.kept, source.sequences, model.tokens, options)
