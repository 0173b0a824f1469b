"""Characters → frames of speech [T, F], all at once, then sound: each character is told how long it lasts.

After FastSpeech (Ren et al. 2019): an encoder (convolutions, then an LSTM in both directions) reads the characters, a
predictor says how many frames each lasts, the length regulator says each as often as that, and a decoder of
convolutions says the frames. The durations that it learns from are those of a recogniser: the one in `needs`, made to
spell the text by forced alignment. Nothing can be skipped or said twice. Pitch and energy are said in between where
asked for (FastPitch, Łańcucki 2021). Features come in with mean 0 and deviation 1 a band, normalised over the corpus.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import PAD, UNKNOWN, Data, Side
from pipeline.models import durations, speaking
from pipeline.models.convolutions import Convolution, within
from pipeline.models.layers import load_module, save_module
from pipeline.models.recurrent import Bidirectional, mirror_of
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.sequences import batches_of

READS, WRITES = "tokens", "features"
ROUND = 8  # characters, and frames: batches are as wide as a multiple of it, for few widths save memory on a CPU
PLACES = 3  # numbers that tell the decoder where in its character a frame stands


class Config(Row):
    channels: int = Field(192, ge=2)  # of everything
    convolutions: int = Field(2, ge=0)  # of the encoder
    decoder: int = Field(4, ge=1)  # convolutions
    kernel: int = Field(5, ge=1)  # characters, or frames, that a convolution sees
    dropout: float = Field(0.1, ge=0, lt=1)
    says: tuple[Literal["pitch", "energy"], ...] = ()  # of each character, before its frames

    @field_validator("channels")
    @classmethod
    def _halves(cls, channels: int) -> int:
        if channels % 2:
            raise ValueError(f"{channels} is odd, and each direction of the LSTM gives half of it")
        return channels

    @field_validator("kernel")
    @classmethod
    def _centred(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError(f"{kernel} is even, and the place itself stands in the middle")
        return kernel


class Train(training.Options):
    batch: int = Field(4000, ge=1)  # padded frames a batch
    lr: float = Field(2e-3, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "cosine"
    warmup: int = Field(50, ge=0)  # steps


class Decode(speaking.Options):
    batch: int = Field(20_000, ge=1)  # padded characters spoken at once
    pace: float = Field(1.0, gt=0)  # 2: twice as fast


class Predictor(nn.Module):
    """A number a character: [B, S, C] → [B, S]."""

    def __init__(self, config: Config):
        super().__init__()
        self.layers = nn.ModuleList(Convolution(config.channels, 3, config.dropout) for _ in range(2))
        self.norm = nn.LayerNorm(config.channels)
        self.output = nn.Linear(config.channels, 1)

    def forward(self, x: Tensor, shown: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, shown)
        return self.output(self.norm(x))[:, :, 0].float()  # type: ignore[no-any-return]


class Network(nn.Module):
    def __init__(self, config: Config, characters: int, bands: int, speakers: list[str], longest: int):
        """`characters`: the size of the vocabulary; `bands`: numbers a frame; `longest`: frames of a character."""
        super().__init__()
        self.config, self.characters, self.bands, self.speakers = config, characters, bands, speakers
        self.longest = longest
        self.vocoder: Path | None = None  # its folder
        wide = config.channels
        self.table = nn.Embedding(characters, wide)
        self.voices = nn.Embedding(len(speakers), wide)
        for table in (self.table, self.voices):
            nn.init.normal_(table.weight, std=0.3)
        self.encoder = nn.ModuleList(
            Convolution(wide, config.kernel, config.dropout) for _ in range(config.convolutions)
        )
        self.context = Bidirectional(wide, wide // 2)
        self.duration = Predictor(config)
        self.sayers = nn.ModuleDict({name: Predictor(config) for name in config.says})
        self.said = nn.ModuleDict({name: nn.Linear(1, wide) for name in config.says})
        self.place = nn.Linear(PLACES, wide)
        self.decoder = nn.ModuleList(Convolution(wide, config.kernel, config.dropout) for _ in range(config.decoder))
        self.norm = nn.LayerNorm(wide)
        self.output = nn.Linear(wide, bands)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`characters` [B, S] padded with PAD, `lengths` [B], `speakers` [B], `durations` [B, S], `frames` [B, T, F],
        `counts` [B] of the frames, and what the config says, [B, S] each → summed loss, frames."""
        lengths, counts, taken = batch["lengths"], batch["counts"], batch["durations"]
        shown = within(lengths, batch["characters"].shape[1])
        x = self.encode(batch["characters"], lengths, batch["speakers"])
        loss = _missed(self.duration(x, shown), taken.float().log1p(), shown)
        for name, sayer in self.sayers.items():
            loss = loss + _missed(sayer(x, shown), batch[name], shown)
            x = x + self.said[name](batch[name][:, :, None])
        frames = self.frames(x, taken, counts, batch["frames"].shape[1])
        away = (frames - batch["frames"]).abs().mean(dim=2)
        return loss + (away * within(counts, frames.shape[1])[:, :, 0]).sum(), counts.sum()

    def encode(self, characters: Tensor, lengths: Tensor, speakers: Tensor) -> Tensor:
        """[B, S], [B], [B] → [B, S, C]."""
        shown = within(lengths, characters.shape[1])
        voice = self.voices(speakers)[:, None]
        x = self.table(characters) + voice
        for layer in self.encoder:
            x = layer(x, shown)
        around = self.context(x.transpose(0, 1), mirror_of(lengths, x.shape[1])).transpose(0, 1)
        return x + around  # type: ignore[no-any-return]

    def frames(self, x: Tensor, taken: Tensor, counts: Tensor, width: int) -> Tensor:
        """Characters [B, S, C], the frames that each takes [B, S], their sums [B] → frames [B, width, F]."""
        ends = taken.cumsum(dim=1)
        time = torch.arange(width, device=x.device).expand(len(x), -1).contiguous()
        which = torch.searchsorted(ends, time, right=True).clamp(max=x.shape[1] - 1)  # [B, T]
        lasts = taken.gather(1, which)
        since = (time - (ends - taken).gather(1, which) + 0.5) / lasts.clamp(min=1)
        places = torch.stack([since, (since * torch.pi).sin(), lasts.float().log1p()], dim=2)
        y = x.gather(1, which[:, :, None].expand(-1, -1, x.shape[2])) + self.place(places)
        shown = within(counts, width)
        for layer in self.decoder:
            y = layer(y, shown)
        return self.output(self.norm(y)).float()  # type: ignore[no-any-return]

    @torch.inference_mode()
    def speak(self, characters: Tensor, lengths: Tensor, speakers: Tensor, pace: float) -> tuple[Tensor, Tensor]:
        """[B, S], [B], [B] → frames [B, T, F], and how many of them belong to each character [B, S]."""
        shown = within(lengths, characters.shape[1])
        x = self.encode(characters, lengths, speakers)
        taken = (self.duration(x, shown).expm1() / pace).round().clamp(1, self.longest).long() * shown[:, :, 0].long()
        for name, sayer in self.sayers.items():
            x = x + self.said[name](sayer(x, shown)[:, :, None])
        counts = taken.sum(dim=1)
        return self.frames(x, taken, counts, int(counts.max())), taken


def _missed(found: Tensor, wanted: Tensor, shown: Tensor) -> Tensor:
    """The summed error of numbers [B, S], gentle with the few that are far off."""
    return (F.smooth_l1_loss(found, wanted, reduction="none") * shown[:, :, 0]).sum()


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    vocoder = speaking.vocoder_among(needs)
    recogniser = next((folder for folder in needs if folder != vocoder), None)
    if recogniser is None:
        raise Problem("durations come from a recogniser of characters: name one as `needs`")
    timed = {
        split: durations.timed(recogniser, data.source[split], data.target[split], config.says, split)
        for split in ("train", "dev")
    }
    speakers = sorted(set(speaking.speakers(data.target["train"])))
    longest = max((int(taken.max(initial=1)) for taken in timed["train"].durations), default=1)
    model = Network(config, len(data.source["train"].codec), data.target["train"].codec.dim, speakers, longest)
    model.vocoder = vocoder
    batches = {split: _batches(data, split, timed[split], options, speakers) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def save(model: Network, folder: Path) -> None:
    sizes = {"characters": model.characters, "bands": model.bands, "longest": model.longest}
    save_module(model, model.config, {**sizes, "speakers": model.speakers}, folder)
    speaking.save_vocoder(model.vocoder, folder)


def load(folder: Path) -> Network:
    model: Network = load_module(Network, Config, folder)
    model.vocoder = speaking.load_vocoder(folder)
    return model


def decode(*, model: Network, source: Side, target: Any, options: Decode) -> Iterator[list[Hypothesis]]:
    """Speech in the order of the source; texts of about one length are spoken together. `target`: the frames' codec.

    A text without a known character is not spoken: its waveform is empty.
    """
    training.prepare_device(0)
    voice = speaking.voice(target, model.vocoder, options)
    speakers = speaking.numbers(source, model.speakers, options)
    sequences = source.sequences
    order = np.argsort(sequences.lengths, kind="stable")
    silence = Hypothesis(tokens=[], score=0.0, attention=[], waveform=np.zeros(0, np.float32), rate=voice.rate)
    found = [[silence] for _ in range(len(sequences))]
    speakable = [i for i in order.tolist() if (sequences[i] != UNKNOWN).any()]
    for rows in batches_of(sequences.lengths, speakable, options.batch):
        characters, lengths = _wide(*sequences.padded(rows, fill=PAD))
        frames, taken = model.speak(characters.long(), lengths, torch.from_numpy(speakers[rows]), options.pace)
        for row, values, lasts, length in zip(rows, frames, taken, lengths.tolist(), strict=True):
            which = torch.repeat_interleave(torch.arange(length), lasts[:length])
            attention = F.one_hot(which, length).tolist()
            waveform = voice(values[: len(which)].numpy())
            found[row] = [Hypothesis([], 0.0, attention=attention, waveform=waveform, rate=voice.rate)]
    yield from found


def _batches(data: Data, split: str, timed: durations.Timed, options: Train, speakers: list[str]) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    voices = speaking.placed(speaking.speakers(data.target[split]), speakers, target.ids)

    def collate(chosen: np.ndarray, epoch: int) -> dict[str, Tensor]:
        rows = timed.rows[chosen]
        characters, lengths = _wide(*source.padded(rows, fill=PAD))
        characters = characters.long()
        frames, counts = _wide(*target.padded(rows))
        frames = frames.float()
        spread = {"durations": _spread([timed.durations[i] for i in chosen], characters.shape[1])}
        for name, values in timed.said.items():
            spread[name] = _spread([values[i] for i in chosen], characters.shape[1])
        given = {"characters": characters, "lengths": lengths, "frames": frames, "counts": counts}
        return {**given, **spread, "speakers": torch.from_numpy(voices[rows])}

    lengths = target.lengths[timed.rows]
    return training.Batches(lengths, options.batch, collate, options.seed, [source.ids[i] for i in timed.rows])


def _wide(values: np.ndarray, lengths: np.ndarray) -> tuple[Tensor, Tensor]:
    """Values [B, S, ...] with zeros, which PAD is one of, up to a multiple of ROUND; lengths [B]."""
    behind = -values.shape[1] % ROUND
    wide = np.pad(values, [(0, 0), (0, behind), *[(0, 0)] * (values.ndim - 2)])
    return torch.from_numpy(wide), torch.from_numpy(lengths.astype(np.int64))


def _spread(values: list[np.ndarray], width: int) -> Tensor:
    """Rows [S] each → [B, width], 0 behind each."""
    wide = np.zeros((len(values), width), values[0].dtype)
    for row, value in zip(wide, values, strict=True):
        row[: len(value)] = value
    return torch.from_numpy(wide)
