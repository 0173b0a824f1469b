"""Tokens → a label: a recurrent network reads the text, and its last state decides (Dai and Le 2015, section 3.1).

    h_t = cell(E x_t, h_{t-1});  p(c | x) = softmax(O h_T)_c

What was read early must last to the end; unlike a bag of words, it knows which word stood before which.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import END, PAD, UNKNOWN, Data, Side
from pipeline.models import labels, rnn
from pipeline.models.cells import Name
from pipeline.models.layers import Dropout, load_module, save_module
from pipeline.models.transformer import with_end
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.sequences import Sequences, batches_of

READS, WRITES = "tokens", "tokens"
ROUND = 8  # tokens: batches are as wide as a multiple of it, since a CPU's LSTM is compiled anew for each width


class Config(Row):
    cell: Name = "lstm"
    embedding: int = Field(64, ge=1)
    hidden: int = Field(64, ge=1)
    layers: int = Field(1, ge=1)
    dropout: float = Field(0.2, ge=0, lt=1)


class Train(training.Options):
    word_dropout: float = Field(0.0, ge=0, lt=1)  # tokens shown as unknown, so that unknown words find a use


class Decode(labels.Decode):
    batch: int = Field(8192, ge=1)  # padded tokens read at once


class Network(nn.Module):
    def __init__(self, config: Config, size: int, labels: int, word_dropout: float = 0.0):
        super().__init__()
        self.config, self.size, self.labels, self.word_dropout = config, size, labels, word_dropout
        self.table = nn.Embedding(size, config.embedding)
        self.stack = rnn.Stack(rnn.Config(**config.model_dump()))
        self.dropout = Dropout(config.dropout)
        self.output = nn.Linear(config.hidden, labels)
        nn.init.normal_(self.table.weight, std=config.embedding**-0.5)

    def logits(self, source: Tensor) -> Tensor:
        """[B, T], END after each row's last, padded with PAD → [B, C]."""
        if self.training and self.word_dropout:
            hidden = (torch.rand(source.shape, device=source.device) < self.word_dropout) & (source > END)
            source = source.masked_fill(hidden, UNKNOWN)
        states = self.stack.each(self.table(source.T) * self.config.embedding**0.5)[-1]  # [T, B, H]
        ends = (source != PAD).sum(dim=1) - 1
        return self.output(self.dropout(states[ends, torch.arange(len(source), device=source.device)]))

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, T], `label` [B] → summed loss, count of texts."""
        loss = F.cross_entropy(self.logits(batch["source"]).float(), batch["label"], reduction="sum")
        return loss, torch.tensor(len(batch["label"])).to(batch["label"])


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    sizes = len(data.source["train"].codec), labels.count(data.target["train"].codec)
    model = Network(config, *sizes, word_dropout=options.word_dropout)
    made = {split: _batches(data.source[split].sequences, data.target[split], options) for split in ("train", "dev")}
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def save(model: Network, folder: Path) -> None:
    save_module(model, model.config, {"size": model.size, "labels": model.labels}, folder)


def load(folder: Path) -> Network:
    model: Network = load_module(Network, Config, folder)
    return model


@torch.inference_mode()
def decode(*, model: Network, source: Side, target: object, options: Decode) -> Iterator[list[Hypothesis]]:
    """The likeliest labels of each text, scored by their log-probabilities."""
    texts = source.sequences
    log_p = np.zeros((len(texts), model.labels))
    order = np.argsort(texts.lengths, kind="stable").tolist()
    for rows in batches_of(texts.lengths + 1, order, options.batch):
        log_p[rows] = model.logits(_read(texts, rows)).float().log_softmax(dim=1).numpy()
    yield from labels.ranked(log_p, options.n_best)


def _read(texts: Sequences, rows: np.ndarray) -> Tensor:
    """[B, T], END after each row's last, padded with PAD."""
    tokens = torch.from_numpy(with_end(texts, rows)[0])
    return F.pad(tokens, (0, -tokens.shape[1] % ROUND), value=PAD)


def _batches(texts: Sequences, target: Side, options: Train) -> training.Batches:
    known = torch.from_numpy(labels.classes(target))

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        return {"source": _read(texts, rows), "label": known[torch.from_numpy(rows)]}

    return training.Batches(texts.lengths + 1, options.batch, collate, options.seed, texts.ids)
