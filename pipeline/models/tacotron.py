"""Characters → frames of speech [T, F], then sound: Tacotron 2 in small (Shen et al. 2018), for several speakers.

An encoder (convolutions, then an LSTM in both directions) reads the characters. A decoder says the frames step by step,
`reduction` of them a step (Wang et al. 2017, section 3.3): the last frame said goes through a prenet, an LSTM with
location-sensitive attention looks for the characters that come next, a second LSTM and a projection say the frames, and
whether these were the last. A postnet of convolutions mends what came out. The second LSTM and all after it feed back
nothing, so in training they see all steps at once. Guided attention (Tachibana et al. 2018, section 4) draws attention
to the diagonal while it is learnt. Features come in with mean 0 and deviation 1 a band, normalised over the corpus.
"""

import itertools
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
from pipeline.models import speaking
from pipeline.models.convolutions import Convolution, within
from pipeline.models.layers import Dropout, load_module, save_module
from pipeline.models.location import LocationAttention, Past
from pipeline.models.recurrent import Bidirectional, mirror_of
from pipeline.params import Row
from pipeline.records import Hypothesis
from pipeline.sequences import batches_of

READS, WRITES = "tokens", "features"
KERNEL = 5  # characters, or frames, that a convolution sees
SPARE = 10  # steps that a text may take beside those for its characters
ROUND = 8  # characters and steps: batches are as wide as a multiple of it, for few widths save memory on a CPU


class Config(Row):
    reduction: int = Field(5, ge=1)  # frames a step of the decoder
    channels: int = Field(128, ge=2)  # of the encoder: embedding, convolutions, both directions of the LSTM together
    convolutions: int = Field(3, ge=0)  # of the encoder
    speaker: int = Field(32, ge=1)  # of the speaker's embedding
    prenet: int = Field(128, ge=1)
    hidden: int = Field(192, ge=1)  # of each of the decoder's LSTMs
    attention: int = Field(64, ge=1)  # where the energies are taken
    location: int = Field(15, ge=1)  # characters around a place at which attention sees where it has looked
    postnet: int = Field(128, ge=1)  # channels
    postnet_convolutions: int = Field(3, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    prenet_dropout: float = Field(0.5, ge=0, lt=1)  # Shen et al. 2018, section 2.2

    @field_validator("channels")
    @classmethod
    def _halves(cls, channels: int) -> int:
        if channels % 2:
            raise ValueError(f"{channels} is odd, and each direction of the LSTM gives half of it")
        return channels

    @field_validator("location")
    @classmethod
    def _centred(cls, location: int) -> int:
        if location % 2 == 0:
            raise ValueError(f"{location} is even, and the place itself stands in the middle")
        return location


class Train(training.Options):
    batch: int = Field(6400, ge=1)  # padded frames a batch
    lr: float = Field(2e-3, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "cosine"
    warmup: int = Field(100, ge=0)  # steps
    guided: float = Field(1.0, ge=0)  # weight of the guided attention's loss; 0: none
    guided_width: float = Field(0.2, gt=0)  # g of Tachibana et al. 2018, of the whole length
    stop_weight: float = Field(5.0, gt=0)  # of the one step that is the last


class Decode(speaking.Options):
    batch: int = Field(4000, ge=1)  # padded characters spoken at once
    window: int = Field(5, ge=0)  # attention moves on by less than this many characters a step, back by one; 0: freely
    max_ratio: float = Field(2.0, gt=0)  # speech is cut where it lasts so many times as long as training's, and SPARE


class Network(nn.Module):
    def __init__(
        self,
        config: Config,
        characters: int,
        bands: int,
        speakers: list[str],
        pace: float,
        options: Train | None = None,
    ):
        """`characters`: the size of the vocabulary; `bands`: numbers a frame; `speakers`: by name; `pace`: frames a
        character, in the mean."""
        super().__init__()
        self.config, self.characters, self.bands = config, characters, bands
        self.speakers, self.pace = speakers, pace
        self.options = options or Train.model_validate({})  # what the loss needs of them
        self.vocoder: Path | None = None  # its folder
        wide, hidden = config.channels, config.hidden
        memory = wide + config.speaker
        self.table = nn.Embedding(characters, wide)
        self.convolutions = nn.ModuleList(Convolution(wide, KERNEL, config.dropout) for _ in range(config.convolutions))
        self.context = Bidirectional(wide, wide // 2)
        self.voices = nn.Embedding(len(speakers), config.speaker)
        self.prenet = nn.ModuleList(nn.Linear(size, config.prenet) for size in (bands, config.prenet))
        self.inputs = nn.Linear(config.prenet + config.speaker, 4 * hidden)
        self.attention = LocationAttention(hidden, memory, config.attention, config.location)
        self.decoder = nn.LSTM(hidden + memory, hidden)
        self.output = nn.Linear(hidden + memory, config.reduction * bands + 1)
        sizes = [bands, *[config.postnet] * (config.postnet_convolutions - 1), bands]
        self.postnet = nn.ModuleList(
            nn.Conv1d(before, after, KERNEL, padding=KERNEL // 2) for before, after in itertools.pairwise(sizes)
        )
        self.dropout = Dropout(config.dropout)
        self.prenet_dropout = Dropout(config.prenet_dropout)
        for name, parameter in self.named_parameters():
            if name in ("inputs.bias", "decoder.bias_ih_l0"):
                parameter.data[hidden : 2 * hidden] += 1  # remember at first: Jozefowicz et al. 2015

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`characters` [B, S] padded with PAD, `speakers` [B], `frames` [B, T * reduction, F], `steps` [B], `lengths`
        [B] (of the characters) → summed loss, frames."""
        frames, steps = batch["frames"], batch["steps"]
        memory, bias = self.encode(batch["characters"], batch["lengths"], batch["speakers"])
        before, stop, attention = self.say(frames, memory, bias, batch["speakers"])
        after = before + self.mend(before, steps)
        real = within(steps, stop.shape[1])[:, :, 0]  # [B, T]
        each = (before - frames).square() + (after - frames).square() + (after - frames).abs()
        reduction = self.config.reduction
        spoken = (each.mean(dim=2).view(len(frames), -1, reduction).sum(dim=2) * real).sum()
        last = real - within(steps - 1, stop.shape[1])[:, :, 0]
        weight = real + (self.options.stop_weight - 1) * last
        stopped = F.binary_cross_entropy_with_logits(stop, last, weight, reduction="sum")
        loss = spoken + reduction * stopped
        if self.options.guided and self.training:
            away = off_diagonal(batch["lengths"], steps, attention.shape, self.options.guided_width)
            loss = loss + reduction * self.options.guided * (attention * away).sum()
        return loss, steps.sum() * reduction

    def encode(self, characters: Tensor, lengths: Tensor, speakers: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S], [B], [B] → the memory [B, S, M] and what hides its padding [B, S]: 0 and -inf."""
        shown = within(lengths, characters.shape[1])
        x = self.table(characters)
        for convolution in self.convolutions:
            x = convolution(x, shown)
        x = self.context(x.transpose(0, 1), mirror_of(lengths, x.shape[1])).transpose(0, 1)
        voice = self.voices(speakers)[:, None].expand(-1, x.shape[1], -1)
        bias = torch.zeros_like(shown[:, :, 0]).masked_fill_(shown[:, :, 0] == 0, -torch.inf)
        return torch.cat([self.dropout(x).float(), voice], dim=2), bias

    def say(self, frames: Tensor, memory: Tensor, bias: Tensor, speakers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The frames that were said [B, T * R, F] → what the decoder makes of each step: frames [B, T * R, F], logits
        of the end [B, T], attention [B, T, S]."""
        last = F.pad(frames[:, self.config.reduction - 1 :: self.config.reduction], (0, 0, 1, 0))[:, :-1]  # [B, T, F]
        x = self._entering(last.transpose(0, 1), speakers)
        states, contexts, attention = self.attention(x, memory, bias)
        states, contexts = self.dropout(states), self.dropout(contexts)
        deeper, _ = self.decoder(torch.cat([states, contexts], dim=2))
        said, stop = self._leaving(deeper, contexts)
        return said.transpose(0, 1).flatten(1, 2), stop.T, attention.transpose(0, 1)

    def _entering(self, last: Tensor, speakers: Tensor) -> Tensor:
        """Frames [..., B, F] → the gates' share of them [..., B, 4H]."""
        x = last
        for layer in self.prenet:
            x = self.prenet_dropout(F.relu(layer(x)))
        voice = self.voices(speakers).expand(*x.shape[:-1], -1)
        return self.inputs(torch.cat([x, voice.to(x.dtype)], dim=-1))  # type: ignore[no-any-return]

    def _leaving(self, deeper: Tensor, contexts: Tensor) -> tuple[Tensor, Tensor]:
        """[T, B, H], [T, B, M] → frames [T, B, R, F], logits of the end [T, B]."""
        out = self.output(torch.cat([deeper.to(contexts.dtype), contexts], dim=2)).float()
        return out[:, :, :-1].unflatten(2, (self.config.reduction, self.bands)), out[:, :, -1]

    def mend(self, frames: Tensor, steps: Tensor) -> Tensor:
        """What the postnet adds to frames [B, T * R, F]."""
        real = within(steps * self.config.reduction, frames.shape[1]).transpose(1, 2)  # [B, 1, T * R]
        x = frames.transpose(1, 2)
        for i, convolution in enumerate(self.postnet):
            x = convolution(x * real)
            if i + 1 < len(self.postnet):
                x = self.dropout(x.tanh())
        return x.transpose(1, 2).float()

    @torch.inference_mode()
    def speak(
        self, characters: Tensor, lengths: Tensor, speakers: Tensor, options: Decode
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Texts [B, S], [B], [B] → frames [B, T * R, F], steps [B], whether each came to its end [B], attention
        [B, T, S]."""
        memory, bias = self.encode(characters, lengths, speakers)
        keys = self.attention.key(memory)
        past = self.attention.begin(memory)
        batch = len(characters)
        most = torch.ceil(options.max_ratio * self.pace * lengths / self.config.reduction).long() + SPARE
        steps = torch.zeros_like(lengths)
        finished = torch.zeros_like(lengths, dtype=torch.bool)
        last = memory.new_zeros(batch, self.bands)
        deep = None
        frames, attention = [], []
        for _ in range(int(most.max())):
            x = self._entering(last, speakers)
            past = self.attention.step(x, past, keys, memory, bias + ahead(past, options.window))
            deeper, deep = self.decoder(torch.cat([past.state, past.context], dim=1)[None], deep)
            said, stop = self._leaving(deeper, past.context[None])
            going = ~finished & (steps < most)
            steps += going
            finished |= going & (stop[0] > 0)
            frames.append(said[0])
            attention.append(past.attention)
            last = said[0, :, -1]
            if not (~finished & (steps < most)).any():
                break
        said = torch.cat(frames, dim=1)
        return said + self.mend(said, steps), steps, finished, torch.stack(attention, dim=1)


def off_diagonal(lengths: Tensor, steps: Tensor, shape: torch.Size, width: float) -> Tensor:
    """[B, T, S]: 1 - exp(-(s / S_b - t / T_b)² / 2 g²); 0 behind a text's last step."""
    device = lengths.device
    place = (torch.arange(shape[2], device=device) + 0.5) / lengths[:, None]  # [B, S]
    time = (torch.arange(shape[1], device=device) + 0.5) / steps[:, None]  # [B, T]
    away = 1 - torch.exp(-((place[:, None] - time[:, :, None]) ** 2) / (2 * width**2))
    return away * (time < 1)[:, :, None]


def ahead(past: Past, window: int) -> Tensor:
    """What hides all but the neighbourhood of the character last looked at (Ping et al. 2018, section 3.4): [B, S]."""
    if not window:
        return torch.zeros_like(past.attention)
    way = torch.arange(past.attention.shape[1], device=past.attention.device) - past.attention.argmax(1)[:, None]
    return torch.zeros_like(past.attention).masked_fill_((way < -1) | (way >= window), -torch.inf)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    speakers = sorted(set(speaking.speakers(data.target["train"])))
    source, target = data.source["train"], data.target["train"]
    pace = float(target.sequences.lengths.sum() / max(source.sequences.lengths.sum(), 1))
    model = Network(config, len(source.codec), target.codec.dim, speakers, pace, options)
    model.vocoder = speaking.vocoder_among(needs)
    batches = {split: _batches(data, split, config, options, speakers) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def save(model: Network, folder: Path) -> None:
    about = {"characters": model.characters, "bands": model.bands, "speakers": model.speakers, "pace": model.pace}
    save_module(model, model.config, about, folder)
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
        characters, lengths = _characters(*sequences.padded(rows, fill=PAD))
        frames, steps, finished, attention = model.speak(characters, lengths, torch.from_numpy(speakers[rows]), options)
        for i, row in enumerate(rows):
            count = int(steps[i])
            found[row] = [
                Hypothesis(
                    tokens=[],
                    score=0.0,
                    finished=bool(finished[i]),
                    attention=attention[i, :count, : int(lengths[i])].tolist(),
                    waveform=voice(frames[i, : count * model.config.reduction].numpy()),
                    rate=voice.rate,
                )
            ]
    yield from found


def _batches(data: Data, split: str, config: Config, options: Train, speakers: list[str]) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    voices = speaking.placed(speaking.speakers(data.target[split]), speakers, target.ids)

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        characters, lengths = _characters(*source.padded(rows, fill=PAD))
        frames, steps = _steps(*target.padded(rows), config.reduction)
        return {
            "characters": characters,
            "lengths": lengths,
            "speakers": torch.from_numpy(voices[rows]),
            "frames": frames,
            "steps": steps,
        }

    lengths = np.stack([target.lengths, source.lengths], axis=1)
    return training.Batches(lengths, options.batch, collate, options.seed, source.ids)


def _characters(tokens: np.ndarray, lengths: np.ndarray) -> tuple[Tensor, Tensor]:
    """Tokens [B, S], lengths [B] → a multiple of ROUND wide; a text of nothing counts as one padding character."""
    width = max(-(-tokens.shape[1] // ROUND), 1) * ROUND
    wide = np.full((len(tokens), width), PAD, dtype=np.int64)
    wide[:, : tokens.shape[1]] = tokens
    return torch.from_numpy(wide), torch.from_numpy(np.maximum(lengths, 1).astype(np.int64))


def _steps(frames: np.ndarray, lengths: np.ndarray, reduction: int) -> tuple[Tensor, Tensor]:
    """Frames [B, T, F], lengths [B] → [B, W * reduction, F], where W is a multiple of ROUND, and steps [B].

    Each row's last frame is said on to the end: a step has no frame that means nothing.
    """
    steps = np.maximum(-(-lengths // reduction), 1).astype(np.int64)
    width = -(-int(steps.max()) // ROUND) * ROUND * reduction
    place = np.minimum(np.arange(width), np.maximum(lengths - 1, 0)[:, None])  # [B, W * reduction]
    wide = frames[np.arange(len(frames))[:, None], place].astype(np.float32)
    return torch.from_numpy(wide), torch.from_numpy(steps)
