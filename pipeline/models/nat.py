"""Tokens → tokens, all at once: a Transformer whose decoder reads a whole sentence of which some tokens are unknown.

The conditional masked language model (Ghazvininejad et al. 2019, "Mask-Predict"): it learns to tell the tokens of a
target that are hidden from it, however many they are. It writes in a few steps whatever the length: first all tokens
at once, and then, again and again, those that it was least sure of. BEGIN, which no text holds, stands for a token that
is not known.

How many tokens it writes is told in one of two ways. `predicted`: the encoder tells it (section 3.3), by how much the
target is longer than the source. `cut`: it writes more than it needs and fills the rest with END, where it is cut.

`needs`: nothing, or a teacher that writes token by token, whose translations of the training sentences take the place
of the targets (sequence-level distillation: Kim and Rush 2016, section 3.2; for this purpose Gu et al. 2018, section
4.1), since a sentence that can be said in several ways is hard to write at once. A teacher that is a Transformer of the
same make gives its weights to begin with as well.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import BEGIN, END, PAD, Data, Side, Vocabulary
from pipeline.models import transformer
from pipeline.models.layers import Attention, load_module, smoothed_cross_entropy
from pipeline.models.transformer import Transformer, with_end
from pipeline.params import Row
from pipeline.paths import replacing
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.sequences import Sequences, SequenceWriter, batches_of
from pipeline.trained import Trained

READS, WRITES = "tokens", "tokens"
MASK = BEGIN
TOGETHER = 4096  # sentences that a teacher is given at once
TYPICAL = 16  # tokens of a sentence: what is added up over them is of the size of one
CHUNK = 256  # hidden tokens whose logits are held at once: they stay in the cache


class Config(transformer.Config):
    length: Literal["predicted", "cut"] = "predicted"
    spread: int = Field(30, ge=1)  # tokens that a predicted length differs from the source's at most
    ratio: float = Field(1.2, gt=0)  # what is cut is written ratio * source length + room tokens long
    room: int = Field(8, ge=1)


class Train(training.Options):
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    length_weight: float = Field(1.0, gt=0)  # of a sentence's length beside one of its tokens
    distil: bool = True  # a teacher's outputs take the place of the training targets
    begin: bool = True  # a teacher's weights are what training begins with
    search: dict[str, Any] = Field(default_factory=dict)  # what the teacher's own `decode` may say


class Decode(Row):
    iterations: int = Field(4, ge=1)  # 1: all tokens at once, and none is reconsidered
    candidates: int = Field(3, ge=1)  # lengths that are tried
    n_best: int = Field(1, ge=1)  # of these
    batch: int = Field(4096, ge=1)  # padded tokens, times the candidates, written at once

    @property
    def width(self) -> int:
        """Each of the n best outputs has a length of its own."""
        return max(self.candidates, self.n_best)


Seen = list[tuple[Tensor, Tensor]]  # a decoder layer's keys [B, H, D/H, S] and values [B, H, S, D/H] of the source


class NonAutoregressive(Transformer):
    config: Config

    def __init__(
        self,
        config: Config,
        source_size: int,
        target_size: int,
        label_smoothing: float = 0.0,
        length_weight: float = 1.0,
    ):
        super().__init__(config, source_size, target_size, label_smoothing)
        self.length_weight = length_weight
        self.length = nn.Linear(config.d_model, 2 * config.spread + 1) if config.length == "predicted" else None

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Summed loss and count of the tokens that are hidden.

        `source` [B, S], END last; `tokens` [B, T] as they should be, with `lengths` [B]; `hidden` [B, T]: which of them
        are not shown; `longer` [B]: how much longer the target is than the source.
        """
        memory, bias = self.encode(batch["source"])
        tokens, hidden = batch["tokens"], batch["hidden"]
        shown = tokens.masked_fill(hidden, MASK)
        guess = self.guessed(memory, batch["source"], batch["lengths"][:, None])
        out, _ = self.read(shown, guess, padding(batch["lengths"], tokens.shape[1]), self.seen(memory), bias)
        places = hidden.flatten().nonzero()[:, 0]
        labels = tokens.flatten().index_select(0, places)
        smoothing = self.label_smoothing if self.training else 0.0
        read = out.flatten(0, 1).index_select(0, places)  # [N, D]
        loss = smoothed_cross_entropy(read, self.output.weight, labels, smoothing)
        if self.length is not None:
            spread = self.config.spread
            right = batch["longer"].clamp(-spread, spread) + spread
            longer = self._longer(memory, batch["source"]).float()
            loss = loss + self.length_weight * F.cross_entropy(longer, right, reduction="sum")
        return loss, torch.tensor(len(places)).to(labels)

    def seen(self, memory: Tensor) -> Seen:
        """What the decoder's layers see of the memory [B, S, D]."""
        return [layer.cross.keys_values(memory) for layer in self._decoder_layers]

    def guessed(self, memory: Tensor, source: Tensor, lengths: Tensor) -> Tensor:
        """What is read in the place of an unknown token, [B * L, T, D]: the memory where its translation may stand.

        Token t of N in a target stands for token t * S / N of S in the source, as in the uniform copy of Gu et al.
        2018, section 3.1; and for token t where N is only an upper bound.
        """
        ends = (source != PAD).sum(dim=1)[:, None, None]  # [B, 1, 1]
        places = torch.arange(int(lengths.max()), device=lengths.device).expand(*lengths.shape, -1)  # [B, L, T]
        if self.length is not None:
            places = places * ends // lengths[:, :, None]
        places = places.minimum(ends - 1).flatten(1)
        found = memory.gather(1, places[:, :, None].expand(-1, -1, memory.shape[2]))  # [B, L * T, D]
        return found.view(lengths.numel(), -1, memory.shape[2])

    def read(self, shown: Tensor, guess: Tensor, padding: Tensor, seen: Seen, bias: Tensor) -> tuple[Tensor, Tensor]:
        """`shown` [B * L, T], L targets a source → what the output layer reads [B * L, T, D], attention [B * L, T, S].

        `guess` [B * L, T, D] is added where a token is not known.
        A bias `padding` [B * L, 1, 1, T] hides what is behind a target's end, `bias` [B, 1, 1, S] what is behind a
        source's.
        """
        x = self.embed(self.target_table, shown) + guess * (shown == MASK)[:, :, None]
        weights = [x]
        for layer, (keys, values) in zip(self._decoder_layers, seen, strict=True):

            def attend(y: Tensor, own: Attention = layer.attention) -> Tensor:
                return own(y, *own.keys_values(y), padding)[0]

            def cross(
                y: Tensor, cross: Attention = layer.cross, keys: Tensor = keys, values: Tensor = values
            ) -> Tensor:
                # The L targets of a source stand in one row, one after another: its keys are not copied L times.
                out, weights[0] = cross(y.reshape(len(keys), -1, y.shape[2]), keys, values, bias)
                return out.view(y.shape)

            x = layer.residuals[0](x, attend)
            x = layer.residuals[1](x, cross)
            x = layer.residuals[2](x, layer.feed)
        attention = weights[0].mean(dim=1).view(*shown.shape, -1)  # the last layer's mean head
        return self.decoder_norm(x), attention

    def canvases(self, memory: Tensor, source: Tensor, candidates: int) -> Tensor:
        """How many tokens to write, [B, L]: the most probable lengths, best first; or the one that is cut."""
        lengths = (source != PAD).sum(dim=1) - 1  # [B], without END
        if self.length is None:
            return canvas(lengths, self.config)[:, None]
        spread = self.config.spread
        lengths = lengths[:, None] + torch.arange(-spread, spread + 1, device=source.device)  # [B, 2 * spread + 1]
        longer = self._longer(memory, source).masked_fill(lengths < 1, -torch.inf)
        return lengths.gather(1, longer.topk(min(candidates, spread), dim=1).indices)

    def _longer(self, memory: Tensor, source: Tensor) -> Tensor:
        """Unnormalised log-probabilities [B, 2 * spread + 1] of how much longer the target is, -spread first.

        Each token of the source tells by how much its translation is longer, and they are added up: a mean over them,
        or one token that stands for all (LENGTH of Ghazvininejad et al. 2019), would first have to learn to count.
        """
        assert self.length is not None
        real = (source != PAD)[:, :, None]
        found: Tensor = self.length((memory * real).sum(dim=1) / TYPICAL)
        return found

    def told(self, out: Tensor) -> tuple[Tensor, Tensor]:
        """The most probable token of each row of `out` [N, D], and its log-probability, [N] both."""
        tokens, scores = [], []
        for i in range(0, len(out), CHUNK):
            logits = self.output(out[i : i + CHUNK]).float()
            logits[:, [PAD, MASK] if self.length is None else [PAD, MASK, END]] = -torch.inf
            best = logits.max(dim=1)
            tokens.append(best.indices)
            scores.append(best.values - logits.logsumexp(dim=1))
        return torch.cat(tokens), torch.cat(scores)


def canvas(lengths: Tensor, config: Config) -> Tensor:
    """How many tokens are written for sources of so many, where END cuts them: more than are needed."""
    return (config.ratio * lengths).ceil().long() + config.room


def padding(lengths: Tensor, width: int) -> Tensor:
    """Lengths [N] → a bias [N, 1, 1, width] of -inf behind them."""
    behind = torch.arange(width, device=lengths.device) >= lengths[:, None]
    return torch.zeros(behind.shape, device=lengths.device).masked_fill_(behind, -torch.inf)[:, None, None]


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[NonAutoregressive, list[dict[str, float]]]:
    teacher = Trained.open(needs[0]) if needs else None
    train = data.target["train"].sequences
    if teacher is not None and options.distil:
        check_codecs(teacher, data)
        # Each process of several writes its own: they need not wait for one another.
        folder = work / f"distilled-{os.environ.get('RANK', '0')}"
        train = distilled(teacher, data.source["train"], options, folder)
    training.prepare_device(options.seed)
    source_size, target_size = (len(side["train"].codec) for side in (data.source, data.target))
    model = NonAutoregressive(config, source_size, target_size, options.label_smoothing, options.length_weight)
    if teacher is not None and options.begin:
        take_weights(model, teacher)
    targets = {"train": train, "dev": data.target["dev"].sequences}
    made = {split: batches(data.source[split].sequences, targets[split], config, options, split) for split in targets}
    history = training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)
    return model, history


def save(model: NonAutoregressive, folder: Path) -> None:
    transformer.save(model, folder)


def load(folder: Path) -> NonAutoregressive:
    model: NonAutoregressive = load_module(NonAutoregressive, Config, folder)
    return model


def distilled(teacher: Trained, source: Side, options: Train, folder: Path) -> Sequences:
    """What the teacher writes for each source. It is kept in `folder`, so that a kill does not cost it."""
    if not folder.is_dir():
        search = teacher.options(**options.search)
        print(f"{teacher.name} writes {len(source.sequences)} sentences anew", flush=True)
        with replacing(folder) as partial, SequenceWriter(partial, np.int32) as writer:
            for rows in np.array_split(np.arange(len(source.sequences)), max(1, len(source.sequences) // TOGETHER)):
                portion = Sequences.of([source.sequences[i] for i in rows], [source.sequences.ids[i] for i in rows])
                found = teacher.decode(Side(source.codec, portion), search)
                for identifier, n_best in zip(portion.ids, found, strict=True):
                    writer.add(identifier, np.array(n_best[0].tokens, dtype=np.int32))
    return Sequences.open(folder)


def check_codecs(teacher: Trained, data: Data) -> None:
    """Raises Problem where the teacher reads or writes other tokens than the system."""
    for side, theirs, ours in (
        ("source", teacher.source, data.source["train"].codec),
        ("target", teacher.target, data.target["train"].codec),
    ):
        if not hasattr(theirs, "tokens") or theirs.tokens(range(len(theirs))) != ours.tokens(range(len(ours))):
            raise Problem(
                f"needs: the {side} tokens of {teacher.name} are others than this system's: give both the same "
                f"{side}, or set train.distil to false"
            )


def take_weights(model: NonAutoregressive, teacher: Trained) -> None:
    """Begin with the teacher's weights. Raises Problem where it is no Transformer of this make and size."""
    if not isinstance(teacher.model, Transformer):
        raise Problem(
            f"needs: {teacher.name} is a {teacher.kind}, no transformer to begin with: set train.begin to false"
        )
    free = {"dropout", "attention_dropout", "ffn_dropout"}
    for name in transformer.Config.model_fields.keys() - free:
        theirs, mine = getattr(teacher.model.config, name), getattr(model.config, name)
        if theirs != mine:
            raise Problem(
                f"needs: {teacher.name} has {name} {theirs}, this model {mine}: make them alike, or set train.begin to "
                "false"
            )
    model.load_state_dict(teacher.model.state_dict(), strict=False)


def batches(source: Sequences, target: Sequences, config: Config, options: Train, split: str) -> training.Batches:
    """Targets with some of their tokens hidden: in training others in every epoch, on dev always the same."""
    cut = config.length == "cut"
    widths = canvas(torch.from_numpy(source.lengths), config).numpy() if cut else np.maximum(target.lengths, 1)

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        texts, lengths = target.padded(rows, fill=PAD)
        longer = lengths - source.lengths[rows]
        lengths = widths[rows]
        behind = np.arange(lengths.max()) >= lengths[:, None]  # [B, T]
        tokens = np.full(behind.shape, PAD, dtype=np.int64)
        width = min(tokens.shape[1], texts.shape[1])
        tokens[:, :width] = texts[:, :width]
        if cut:
            tokens[tokens == PAD] = END
            tokens[behind] = PAD
        rng = np.random.default_rng((options.seed, epoch if split == "train" else 0, int(rows[0])))
        made = {
            "source": with_end(source, rows)[0],
            "tokens": tokens,
            "lengths": lengths,
            "longer": longer,
            "hidden": drawn(rng, behind) & (tokens != PAD),
        }
        return {name: torch.from_numpy(array) for name, array in made.items()}

    sides = np.stack([source.lengths + 1, widths], axis=1)
    return training.Batches(sides, options.batch, collate, options.seed, source.ids)


def drawn(rng: np.random.Generator, behind: np.ndarray) -> np.ndarray:
    """Which tokens are hidden, [B, T]: of each target from 1 to all, any number and any of them equally probable.

    `behind` [B, T]: what is no part of a target. (Ghazvininejad et al. 2019, section 3.2)
    """
    lengths = (~behind).sum(axis=1)
    count = 1 + np.floor(rng.random(len(behind)) * lengths)
    order = np.where(behind, 2.0, rng.random(behind.shape)).argsort(axis=1, kind="stable")
    hidden: np.ndarray = order.argsort(axis=1, kind="stable") < count[:, None]
    return hidden & ~behind


def decode(
    *, model: NonAutoregressive, source: Side, target: Vocabulary, options: Decode
) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the source: an output for each of several lengths. The score is log P a token."""
    sequences = source.sequences
    found: list[list[Hypothesis]] = [[] for _ in range(len(sequences))]
    order = np.argsort(sequences.lengths, kind="stable").tolist()
    for rows in batches_of(sequences.lengths + 1, order, max(1, options.batch // options.width)):
        for row, n_best in zip(rows, written(model, sequences, rows, options), strict=True):
            found[row] = n_best
    yield from found


@torch.inference_mode()
def written(
    model: NonAutoregressive, sequences: Sequences, rows: np.ndarray, options: Decode
) -> list[list[Hypothesis]]:
    """The n-best lists of some rows of a source, best first: an output of each length that is tried.

    Of a sentence that fills a batch alone, so many lengths are tried as find room there.
    """
    source = torch.from_numpy(with_end(sequences, rows)[0])
    memory, bias = model.encode(source)
    room = max(1, options.batch // (len(rows) * source.shape[1]))
    lengths = model.canvases(memory, source, min(options.width, room))  # [B, L]
    guess = model.guessed(memory, source, lengths)
    tokens, scores, attention = mask_predict(model, memory, bias, guess, lengths, options.iterations)
    outputs = zip(lengths.tolist(), tokens.tolist(), scores.tolist(), strict=True)
    found = []
    for i, (wide, texts, probable) in enumerate(outputs):
        made = [_hypothesis(model.config, texts[j][:n], probable[j][:n]) for j, n in enumerate(wide)]
        best = sorted(range(len(made)), key=lambda j: -made[j].score)[: options.n_best]
        end = int(sequences.lengths[rows[i]]) + 1  # of the source, whose END counts
        seen = [attention[i, j, : len(made[j].tokens), :end].tolist() for j in best]
        found.append([replace(made[j], attention=lines) for j, lines in zip(best, seen, strict=True)])
    return found


def mask_predict(
    model: NonAutoregressive, memory: Tensor, bias: Tensor, guess: Tensor, lengths: Tensor, iterations: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Ghazvininejad et al. 2019, section 3: what is written on canvases of `lengths` [B, L].

    In iteration t of K, counted from 0, the N (K - t) / K tokens of a canvas that were least probable when they were
    written are hidden and written anew, all at once. Returns tokens [B, L, T], their log-probabilities [B, L, T], and
    the attention [B, L, T, S] of the last time that something was written.
    """
    counts = lengths.flatten()  # [B * L]
    bars = padding(counts, int(counts.max()))
    behind = bars[:, 0, 0] != 0  # [B * L, T]
    tokens = torch.full(behind.shape, PAD)
    scores = torch.zeros(behind.shape)
    seen = model.seen(memory)
    attention = memory.new_zeros(0)
    for t in range(iterations):
        ranks = scores.masked_fill(behind, torch.inf).argsort(dim=1, stable=True).argsort(dim=1)
        hidden = (ranks < (counts * (iterations - t) // iterations)[:, None]) & ~behind
        places = hidden.flatten().nonzero()[:, 0]
        if not len(places):
            break
        out, attention = model.read(tokens.masked_fill(hidden, MASK), guess, bars, seen, bias)
        best, probable = model.told(out.flatten(0, 1).index_select(0, places))
        tokens.view(-1)[places], scores.view(-1)[places] = best, probable
    shape = (*lengths.shape, -1)
    return tokens.view(shape), scores.view(shape), attention.view(*shape, memory.shape[1])


def _hypothesis(config: Config, tokens: list[int], scores: list[float]) -> Hypothesis:
    """What was written, up to END where it is cut; its score is the mean log-probability of a token, END included."""
    finished = config.length == "predicted" or END in tokens
    end = tokens.index(END) if config.length == "cut" and finished else len(tokens)
    return Hypothesis(tokens[:end], float(np.mean(scores[: end + 1])), finished)
