"""Frames of audio [T, F] → tokens: listen, attend and spell (Chan et al. 2016).

The listener is a pyramid of bidirectional LSTMs: each layer above the first reads its input in pairs, so that it takes
half as many steps, and the speller has few places to look at. The speller writes a token a step, and looks at each at
what the listener heard. With h_i the listener's output and y_0 = BEGIN (sections 3.1 and 3.2):

    s_t, c_t = LSTM with attention over h, given y_{t-1}       `pipeline.models.location`
    p(y_t | y_<t, x) = softmax(O tanh(M [s_t; c_t]))

Two things that Chan et al. do without help it to learn from little speech: attention sees where it looked before
(Chorowski et al. 2015), and the listener has to spell by itself as well, by connectionist temporal classification (Kim
et al. 2017). `kernel: 0` and `ctc: 0` take them away.

A speller that has only ever read right letters does not know what to do after a wrong one. So it may be shown letters
of its own in training, scheduled sampling (Bengio et al. 2015): each input is with some probability a token drawn from
what the model itself says there, after the inputs that it was shown so far. No gradient goes through a draw. So all
draws are made first, step by step, and the training proceeds over inputs that are then known.
"""

import math
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import END, PAD, Data
from pipeline.models.frames import frames_of
from pipeline.models.layers import Dropout, load_module, save_module, smoothed_cross_entropy
from pipeline.models.location import LocationAttention, Past
from pipeline.models.recurrent import Bidirectional, mirror_of
from pipeline.models.transformer import shifted
from pipeline.params import Row
from pipeline.search.ctc import BLANK, steps_needed
from pipeline.sequences import Sequences
from pipeline.state import State
from pipeline.training import augment

READS, WRITES = "features", "tokens"
STEEP = 5.0  # of the exponential and the sigmoid schedule, over a training


class Config(Row):
    stack: int = Field(2, ge=1)  # frames that the listener's first layer reads at once
    layers: int = Field(2, ge=1)  # of the listener; each above the first takes half the steps (Chan et al.: 4)
    listener: int = Field(128, ge=1)  # of a listener's layer, in each direction
    speller: int = Field(128, ge=1)  # of the speller, and of what it sees of a place
    embedding: int = Field(64, ge=1)
    scores: int = Field(64, ge=1)  # of the attention's energies, before their sum
    kernel: int = Field(9, ge=0)  # places around each, of which attention sees how much they were looked at; or 0
    dropout: float = Field(0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _centred(self) -> "Config":
        if self.kernel and self.kernel % 2 == 0:
            raise ValueError(f"kernel: {self.kernel} is even, and has no place in its middle: take {self.kernel + 1}")
        return self

    @property
    def subsampling(self) -> int:
        """Frames a step of the listener's output."""
        return int(self.stack * 2 ** (self.layers - 1))


class Train(augment.Options):
    batch: int = Field(4_000, ge=1)  # padded frames a batch
    lr: float = Field(3e-3, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "cosine"
    warmup: int = Field(100, ge=0)  # steps
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    ctc: float = Field(0.3, ge=0, lt=1)  # the share of the listener's own loss; 0: none
    sampling: float = Field(0.0, ge=0, le=1)  # the share of inputs drawn from the model, at its highest (Chan: 0.1)
    sampling_schedule: Literal["constant", "linear", "exponential", "sigmoid"] = "constant"  # how it gets there


class Listener(nn.Module):
    """Chan et al. 2016, section 3.1."""

    def __init__(self, config: Config, inputs: int):
        super().__init__()
        self.stack = config.stack
        both = 2 * config.listener
        self.layers = nn.ModuleList(
            Bidirectional(2 * both if i else config.stack * inputs, config.listener) for i in range(config.layers)
        )
        self.dropout = Dropout(config.dropout)

    def forward(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Frames [B, T, F] and their counts [B] → [S, B, 2 * listener] and the counts of steps [B]."""
        x = frames.transpose(0, 1)  # [T, B, F]
        for i, layer in enumerate(self.layers):
            x, lengths = joined(x, lengths, 2 if i else self.stack)
            x = self.dropout(layer(x, mirror_of(lengths, len(x))))
        return x, lengths


def joined(x: Tensor, lengths: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """[T, B, C] → [ceil(T / count), B, count * C], each step `count` of the old; and lengths [B] likewise.

    Padding is made silent, so that an utterance's last step does not depend on its neighbours.
    """
    x = x * (torch.arange(len(x), device=x.device)[:, None] < lengths)[:, :, None]
    x = F.pad(x, (0, 0, 0, 0, 0, -len(x) % count))
    steps, rows, width = len(x) // count, x.shape[1], x.shape[2]
    x = x.view(steps, count, rows, width).transpose(1, 2).reshape(steps, rows, count * width)
    return x, (lengths + count - 1) // count


class ListenAttendSpell(nn.Module):
    def __init__(self, config: Config, inputs: int, outputs: int, label_smoothing: float = 0.0, ctc: float = 0.0):
        """`inputs`: numbers a frame; `outputs`: the size of the vocabulary; `ctc`: the listener's share of the loss."""
        super().__init__()
        self.config, self.inputs, self.outputs = config, inputs, outputs
        self.label_smoothing, self.ctc = label_smoothing, ctc
        hidden = config.speller
        self.listener = Listener(config, inputs)
        self.heard = nn.Linear(2 * config.listener, outputs)  # the listener's own spelling
        self.heard.requires_grad_(ctc > 0)  # several processes wait for every gradient that is due
        self.memory = nn.Linear(2 * config.listener, hidden)
        self.table = nn.Embedding(outputs, config.embedding)
        self.input = nn.Linear(config.embedding, 4 * hidden)  # the embedding's share of the gates
        self.attention = LocationAttention(hidden, hidden, config.scores, config.kernel or 1)
        if not config.kernel:  # attention by content alone, as Chan et al. have it
            nn.init.zeros_(self.attention.filters).requires_grad_(False)
        self.both = nn.Linear(2 * hidden, hidden)
        self.output = nn.Linear(hidden, outputs, bias=False)
        self.dropout = Dropout(config.dropout)
        with torch.no_grad():
            self.input.bias[hidden : 2 * hidden] += 1  # remember at first: Jozefowicz et al. 2015

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`frames` [B, T, F], `lengths` [B], `before` [B, U] (BEGIN first), `after` [B, U] (END last), padded with PAD
        → summed loss, count of tokens. With `sampled` and `draws` [B, U], some inputs are the model's own."""
        states, steps = self.listener(batch["frames"], batch["lengths"])
        memory, bias = self.places(states, steps)
        before, after = batch["before"], batch["after"]
        if "sampled" in batch:
            before = self.mixed(before, memory, bias, batch["sampled"], batch["draws"])
        seen = self.attention(self.input(self.dropout(self.table(before.T))), memory, bias)
        hidden = self.dropout(self.combined(*seen[:2]))  # [U, B, H]
        wanted = after.T.flatten()
        real = (wanted != PAD).nonzero()[:, 0]
        rows, labels = hidden.flatten(0, 1).index_select(0, real), wanted.index_select(0, real)
        smoothing = self.label_smoothing if self.training else 0.0
        loss = smoothed_cross_entropy(rows, self.output.weight, labels, smoothing)
        if self.training and self.ctc:
            loss = (1 - self.ctc) * loss + self.ctc * self.heard_loss(states, steps, after)
        return loss, torch.tensor(len(real)).to(wanted)

    def heard_loss(self, states: Tensor, steps: Tensor, after: Tensor) -> Tensor:
        """What the listener loses by spelling alone, summed; utterances too short for their text say nothing."""
        tokens = after.masked_fill(after == END, PAD)
        log_probs = self.heard(states).float().log_softmax(dim=2)
        counts = (tokens != PAD).sum(dim=1)
        return F.ctc_loss(log_probs, tokens, steps, counts, blank=BLANK, reduction="sum", zero_infinity=True)

    def places(self, states: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        """The listener's [S, B, 2 * listener] and [B] → the speller's memory [B, S, H], and 0 or -inf [B, S] behind
        an utterance's end."""
        # An utterance of no frames shows its first padding: softmax needs something to see.
        behind = torch.arange(len(states), device=states.device) >= steps.clamp(min=1)[:, None]
        bias = torch.zeros(behind.shape, device=states.device).masked_fill_(behind, -torch.inf)
        return self.memory(states).transpose(0, 1).float(), bias

    def combined(self, states: Tensor, contexts: Tensor) -> Tensor:
        """What is known at a step [..., H], of [..., H] twice."""
        return self.both(torch.cat([states, contexts], dim=-1)).tanh()

    @torch.no_grad()
    def mixed(self, before: Tensor, memory: Tensor, bias: Tensor, sampled: Tensor, draws: Tensor) -> Tensor:
        """`before` [B, U] with a token of the model's own wherever `sampled` [B, U] is true.

        Step by step: each is drawn, by a number in [0, 1) of `draws` [B, U], given the inputs before it as they are
        shown, own ones included. Nothing is dropped out on the way.
        """
        was_training = self.training
        self.eval()
        with torch.autocast(before.device.type, enabled=False):
            state = self.start(memory, bias, 1)
            shown = before.clone()
            for u in range(1, before.shape[1]):
                logits, state, _ = self.step(shown[:, u - 1], state)
                below = logits.softmax(dim=1).cumsum(dim=1) <= draws[:, u, None]
                own = below.sum(dim=1).clamp(max=self.outputs - 1)
                shown[:, u] = torch.where(sampled[:, u], own, before[:, u])
        self.train(was_training)
        return shown

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        """Source rows, listened to, for beam_size hypotheses each; and their counts of the listener's steps [B]."""
        states, steps = self.listener(*frames_of(*sequences.padded(rows)))
        return self.start(*self.places(states, steps), beam_size), steps

    def start(self, memory: Tensor, bias: Tensor, beam_size: int) -> State:
        """The state before the first step."""
        past = self.attention.begin(memory)._asdict()
        return State(
            prefix={name: tensor.repeat_interleave(beam_size, dim=0) for name, tensor in past.items()},
            source={"keys": self.attention.key(memory), "memory": memory, "bias": bias},
        )

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """One token more for N = B * K prefixes: tokens [N] → logits [N, V], the next state, attention [N, S]."""
        beam_size = len(tokens) // len(state.source["bias"])
        source = {name: tensor.repeat_interleave(beam_size, dim=0) for name, tensor in state.source.items()}
        past = self.attention.step(self.input(self.table(tokens)), Past(**state.prefix), **source)
        logits = self.output(self.combined(past.state, past.context))
        return logits, State(past._asdict(), state.source), past.attention


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[ListenAttendSpell, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    inputs, outputs = data.source["train"].codec.dim, len(data.target["train"].codec)
    model = ListenAttendSpell(config, inputs, outputs, options.label_smoothing, options.ctc)
    batches = {split: _batches(data, split, config, options) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def save(model: ListenAttendSpell, folder: Path) -> None:
    save_module(model, model.config, {"inputs": model.inputs, "outputs": model.outputs}, folder)


def load(folder: Path) -> ListenAttendSpell:
    model: ListenAttendSpell = load_module(ListenAttendSpell, Config, folder)
    return model


def sampling_rate(epoch: int, options: Train) -> float:
    """The share of inputs drawn from the model in an epoch, counted from 0.

    The schedules are Bengio et al. 2015, section 2.4, over the course of the training, from none to `sampling`: along
    a line; as an exponential falls, most at the start; or along a sigmoid, most in the middle. Or as it is throughout.
    """
    progress = epoch / max(options.epochs - 1, 1)
    share = {
        "constant": 1.0,
        "linear": progress,
        "exponential": (1 - math.exp(-STEEP * progress)) / (1 - math.exp(-STEEP)),
        "sigmoid": 0.5 + math.tanh(STEEP * (progress - 0.5)) / (2 * math.tanh(STEEP / 2)),
    }
    return options.sampling * share[options.sampling_schedule]


def _batches(data: Data, split: str, config: Config, options: Train) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    augmented = augment.Augment(options, data.source["train"]) if split == "train" else None
    shortest = np.array([steps_needed(target[i]) for i in range(len(target))], dtype=np.int64) * config.subsampling

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        frames, lengths = source.padded(rows)
        if augmented is not None:
            frames, lengths = augmented(frames, lengths, shortest[rows], rows, epoch)
        frames_tensor, lengths_tensor = frames_of(frames, lengths)
        batch = {"frames": frames_tensor, "lengths": lengths_tensor, **shifted(target, rows)}
        rate = sampling_rate(epoch, options) if split == "train" else 0.0
        if rate:
            draws = _draws(rows, batch["before"].shape[1], (options.seed, epoch))
            batch["sampled"] = torch.from_numpy(draws[0] < rate)
            batch["draws"] = torch.from_numpy(draws[1].astype(np.float32))
        return batch

    return training.Batches(source.lengths, options.batch, collate, options.seed, source.ids)


def _draws(rows: np.ndarray, width: int, seed: tuple[int, int]) -> np.ndarray:
    """Numbers in [0, 1), [2, B, width]; a row's depend on (seed, epoch, row) alone, whatever the width."""
    drawn = [np.random.default_rng((*seed, int(row), 1)).random((width, 2)) for row in rows]
    return np.stack(drawn).transpose(2, 0, 1)
