"""Question and sentences → answer: an end-to-end memory network (Sukhbaatar et al. 2015, "End-To-End Memory Networks").

With x_i the sentences of the story, q the question and K hops (section 2):

    m_i^k = A^k x_i + T_i^k;  c_i^k = A^{k+1} x_i + T_i^{k+1}      memories, and what is read from them
    u^1   = A^1 q;  p^k = softmax_i(u^k · m_i^k);  u^{k+1} = u^k + Σ_i p_i^k c_i^k
    answer = softmax(W u^{K+1})

Tables are shared between neighbouring hops (section 2.2, "adjacent"): what a hop reads by is what the next one is
addressed by. A sentence is the sum of its words, each weighed by its position (section 4.1); T tells how long ago it
was told. The source is `input` of a corpus of questions: the question, then each sentence behind a mark. The answers
are those of the training set, as wholes: one that training never gave is never given.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import PAD, UNKNOWN, Data, Side, Vocabulary
from pipeline.models.layers import load_module, save_module
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.questions import MARK
from pipeline.records import Hypothesis
from pipeline.sequences import batches_of

READS, WRITES = "tokens", "tokens"
Asked = tuple[np.ndarray, list[np.ndarray]]  # tokens [J] of a question, and of each sentence of its story


class Config(Row):
    hops: int = Field(3, ge=1)  # K
    dim: int = Field(20, ge=1)  # of the embeddings; the paper's for one task
    memory: int = Field(50, ge=1)  # sentences that are remembered: the latest ones
    position_encoding: bool = True  # False: a sentence is a bag of words
    temporal_encoding: bool = True  # False: nothing tells which sentence is newer


class Train(training.Options):
    linear_start: int = Field(0, ge=0)  # epochs, before the others, without the softmax over memories (section 4.2)
    time_noise: float = Field(0.1, ge=0, lt=1)  # share of empty memories that put the others further back in time
    precision: Literal["auto", "float32", "bf16"] = "float32"  # its matrices are too small to gain by another


class Decode(Row):
    n_best: int = Field(1, ge=1)
    batch: int = Field(16384, ge=1)  # tokens that are answered at once, about


class MemoryNetwork(nn.Module):
    def __init__(self, config: Config, source_size: int, mark: int, answers: list[list[int]]):
        """`mark`: the token between sentences; `answers`: the target tokens of each."""
        super().__init__()
        self.config, self.mark, self.answers = config, mark, answers
        self.linear = False  # without the softmax over memories
        width = (config.hops + 1) * config.dim  # the tables A^1 ... A^{K+1} beside each other
        self.table = nn.Embedding(source_size, width)
        self.times = nn.Parameter(torch.empty(config.memory, width)) if config.temporal_encoding else None
        self.output = nn.Linear(config.dim, len(answers), bias=False)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.1)  # section 4.2

    def sentences(self, tokens: Tensor, tables: int) -> Tensor:
        """tokens [..., J] → the sentences by the first `tables` tables [..., tables * D]."""
        width = tables * self.config.dim
        words = F.embedding(tokens, self.table.weight[:, :width])  # [..., J, tables * D]
        there = (tokens != PAD).to(words.dtype)
        if not self.config.position_encoding:
            return torch.matmul(there.unsqueeze(-2), words).squeeze(-2)
        # l_jd = (1 - j/J) - (d/D)(1 - 2j/J), j and d from 1: two weighted sums of the words, and a slope over d.
        share = torch.arange(1, tokens.shape[-1] + 1, device=tokens.device) / there.sum(-1, keepdim=True).clamp(min=1)
        weights = torch.stack([1 - share, 1 - 2 * share], dim=-2) * there.unsqueeze(-2)  # [..., 2, J]
        level, slope = torch.matmul(weights, words).unbind(-2)
        dims = torch.arange(1, self.config.dim + 1, device=tokens.device) / self.config.dim
        return level - dims.repeat(tables) * slope

    def answer(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`question` [B, J], `story` [B, M, J], `age` [B, M], -1 where there is no sentence.

        Returns logits [B, answers] and the attention of each hop [B, K, M].
        """
        dim, ages = self.config.dim, batch["age"]
        memory = self.sentences(batch["story"], self.config.hops + 1)  # [B, M, (K + 1) * D]
        if self.times is not None:
            memory = memory + F.embedding(ages.clamp(min=0), self.times)
        u = self.sentences(batch["question"], 1)  # [B, D]
        weights = []
        for hop in range(self.config.hops):
            first, second = (memory[..., at * dim : (at + 1) * dim] for at in (hop, hop + 1))
            scores = torch.matmul(first, u[..., None])[..., 0]  # [B, M]
            hidden = ages < 0
            p = scores.masked_fill(hidden, 0) if self.linear else scores.masked_fill(hidden, -torch.inf).softmax(-1)
            u = u + torch.matmul(p[:, None], second)[:, 0]
            weights.append(p)
        return self.output(u), torch.stack(weights, dim=1)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`answer` [B], the places of the right ones, besides what `answer` takes → summed loss, count of questions."""
        logits, _ = self.answer(batch)
        return F.cross_entropy(logits.float(), batch["answer"], reduction="sum"), torch.tensor(len(logits)).to(logits)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[MemoryNetwork, list[dict[str, float]]]:
    """Raises Problem if the source has no marks between sentences, or if dev has no answer of the training set."""
    source, target = data.source["train"], data.target["train"]
    found = {tuple(target.sequences[i].tolist()) for i in range(len(target.sequences))}
    answers = [list(tokens) for tokens in sorted(found)]
    training.prepare_device(options.seed)
    model = MemoryNetwork(config, len(source.codec), _mark(source.codec), answers)
    noise = {"train": options.time_noise, "dev": 0.0}
    made = {split: _batches(model, data.source[split], data.target[split], options, noise[split]) for split in noise}
    history = []
    if options.linear_start:
        model.linear = True
        first = options.model_copy(update={"epochs": options.linear_start})
        history = training.fit(model, train=made["train"], dev=made["dev"], options=first, work=work / "linear")
        model.linear = False
    history += training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


@torch.inference_mode()
def decode(*, model: MemoryNetwork, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """The likeliest answers, with their log-probability. Attention has a row a hop, a column a sentence: see `axes`."""
    sequences = source.sequences
    found: list[list[Hypothesis]] = [[] for _ in range(len(sequences))]
    order = np.argsort(sequences.lengths, kind="stable").tolist()
    count = min(options.n_best, len(model.answers))
    for rows in batches_of(sequences.lengths + 1, order, options.batch):
        asked = [parted(sequences[row], model.mark) for row in rows.tolist()]
        logits, attention = model.answer(_tensors(asked, model.config.memory))
        best = logits.log_softmax(-1).topk(count, dim=-1)
        for i, (row, (_, told)) in enumerate(zip(rows, asked, strict=True)):
            kept = min(len(told), model.config.memory)  # what is too long ago weighs nothing
            weights = F.pad(attention[i, :, :kept], (len(told) - kept, 0)).tolist() if told else None
            n_best = zip(best.values[i].tolist(), best.indices[i].tolist(), strict=True)
            found[row] = [Hypothesis(model.answers[place], score, attention=weights) for score, place in n_best]
    yield from found


def axes(model: MemoryNetwork, codec: Vocabulary, tokens: np.ndarray) -> tuple[list[str], list[str]]:
    """What the rows and the columns of the attention over a source's tokens [U] are: hops and sentences."""
    _, told = parted(tokens, model.mark)
    return [f"hop {hop + 1}" for hop in range(model.config.hops)], [str(codec.decode(sentence)) for sentence in told]


def parted(tokens: np.ndarray, mark: int) -> Asked:
    """Tokens [U] → the question, and the sentences that it is about, oldest first."""
    question, *told = np.split(tokens, np.flatnonzero(tokens == mark))
    return question, [sentence[1:] for sentence in told]


def save(model: MemoryNetwork, folder: Path) -> None:
    extra = {"source_size": model.table.num_embeddings, "mark": model.mark, "answers": model.answers}
    save_module(model, model.config, extra, folder)


def load(folder: Path) -> MemoryNetwork:
    model: MemoryNetwork = load_module(MemoryNetwork, Config, folder)
    return model


def _mark(codec: Vocabulary) -> int:
    """The token that stands between sentences."""
    tokens = codec.encode(MARK)
    if len(tokens) != 1 or tokens[0] == UNKNOWN:
        raise Problem(
            f"the source has no {MARK!r} between sentences: take the field `input` of a corpus of questions "
            "(kind babi or squad) as its tokens"
        )
    return int(tokens[0])


def _batches(model: MemoryNetwork, source: Side, target: Side, options: Train, noise: float) -> training.Batches:
    """The questions of a split whose answer can be given at all."""
    places = {tuple(answer): place for place, answer in enumerate(model.answers)}
    sequences = source.sequences
    labels = np.array([places.get(tuple(target.sequences[i].tolist()), -1) for i in range(len(sequences))])
    known = np.flatnonzero(labels >= 0)
    asked = [parted(sequences[i], model.mark) for i in known.tolist()]
    memory = model.config.memory

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        gaps = None
        if noise:  # a batch is known by its first row
            random = np.random.default_rng((options.seed, epoch, rows[0]))
            gaps = random.random((len(rows), memory)) < noise
        answers = torch.from_numpy(labels[known[rows]])
        return {**_tensors([asked[row] for row in rows], memory, gaps), "answer": answers}

    names = [sequences.ids[i] for i in known]
    return training.Batches(sequences.lengths[known] + 1, options.batch, collate, options.seed, names)


def _tensors(asked: Sequence[Asked], memory: int, gaps: np.ndarray | None = None) -> dict[str, Tensor]:
    """What `MemoryNetwork.answer` takes of B questions, each with the latest `memory` sentences of its story.

    `gaps` [B, memory]: True where an empty memory stands behind the sentence of that age, the latest first.
    """
    # A story without a sentence is one empty sentence, so that there is something to attend to.
    stories = [told[-memory:] or [np.empty(0, dtype=np.int32)] for _, told in asked]
    counts = np.array([len(story) for story in stories])
    there = np.arange(counts.max()) < counts[:, None]  # [B, M]
    age = counts[:, None] - 1 - np.arange(counts.max())
    if gaps is not None:
        back = np.take_along_axis(np.cumsum(gaps, axis=1), np.maximum(age, 0), axis=1)
        age = np.minimum(age + back, memory - 1)
    flat = _padded([sentence for story in stories for sentence in story])
    story = np.full((*there.shape, flat.shape[1]), PAD)
    story[there] = flat
    return {
        "question": torch.from_numpy(_padded([question for question, _ in asked])),
        "story": torch.from_numpy(story),
        "age": torch.from_numpy(np.where(there, age, -1)),
    }


def _padded(arrays: list[np.ndarray]) -> np.ndarray:
    """int64 [N, J]; of arrays that are all empty, J is 1."""
    lengths = np.array([len(array) for array in arrays])
    padded = np.full((len(arrays), max(1, lengths.max())), PAD, dtype=np.int64)
    padded[np.arange(padded.shape[1]) < lengths[:, None]] = np.concatenate(arrays)
    return padded
