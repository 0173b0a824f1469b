"""Frames of speech [T, F] → its samples [T, hop]: a vocoder, a system of its own that a synthesiser may speak through.

After Vocos (Siuzdak 2024): convolutions at the rate of the frames say a spectrum for each, magnitudes and phases, and
the inverse short-time Fourier transform lays them over each other. It learns to be near the recording as spectra see
it: on the mel scale, and through windows of several lengths (Yamamoto et al. 2020, section 2.2).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torchaudio
from pydantic import Field
from torch import Tensor, nn

from pipeline import training
from pipeline.data import Data, Side
from pipeline.models.convolutions import Convolution, within
from pipeline.models.layers import load_module, save_module
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis

READS = WRITES = "features"
LOUDEST = 5.0  # logarithm of a magnitude: nothing is louder
FLOOR = 1e-3  # of a magnitude, in losses: quieter is silence
WINDOWS = (256, 512, 1024)  # samples; they move on by a quarter of themselves
MELS, MEL_WINDOW = 80, 1024


class Config(Row):
    channels: int = Field(192, ge=1)
    layers: int = Field(4, ge=1)  # convolutions
    kernel: Literal[3, 5, 7, 9] = 5  # frames that one sees
    overlap: int = Field(4, ge=2)  # spectra that lie over each other: each is as many hops long


class Train(training.Options):
    batch: int = Field(512, ge=1)  # frames a batch
    piece: int = Field(32, ge=1)  # frames of an utterance that are heard in an epoch
    lr: float = Field(2e-3, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "cosine"
    warmup: int = Field(50, ge=0)  # steps
    mel_weight: float = Field(1.0, ge=0)  # of the mel scale's loss, beside the spectra's


class Decode(Row):
    """One utterance after another: nothing to choose."""


class Vocoder(nn.Module):
    window: Tensor

    def __init__(self, config: Config, bands: int, hop: int, rate: int, mel_weight: float = 1.0):
        """`bands`: numbers a frame; `hop`: samples a frame; `rate`: samples a second."""
        super().__init__()
        self.config, self.bands, self.hop, self.rate = config, bands, hop, rate
        wide, self.length = config.channels, config.overlap * hop
        self.input = nn.Conv1d(bands, wide, config.kernel, padding=config.kernel // 2)
        self.layers = nn.ModuleList(Convolution(wide, config.kernel, 0.0) for _ in range(config.layers))
        self.norm = nn.LayerNorm(wide)
        self.magnitude = nn.Linear(wide, self.length // 2 + 1)
        self.phase = nn.Linear(wide, 2 * (self.length // 2 + 1))
        self.register_buffer("window", torch.hann_window(self.length), persistent=False)
        self.distance = Distance(rate, mel_weight)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`frames` [B, T, F], `samples` [B, T, hop], `lengths` [B] → summed loss, frames."""
        samples = self.say(batch["frames"], batch["lengths"])
        shown = within(batch["lengths"], samples.shape[1])
        count = batch["lengths"].sum()
        return self.distance((samples * shown).flatten(1), (batch["samples"] * shown).flatten(1)) * count, count

    def say(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Frames [B, T, F], lengths [B] → samples [B, T, hop]."""
        shown = within(lengths, frames.shape[1])
        x = self.input((frames * shown).transpose(1, 2)).transpose(1, 2)
        for layer in self.layers:
            x = layer(x, shown)
        x = self.norm(x)
        magnitude = self.magnitude(x).float().clamp(max=LOUDEST).exp()  # [B, T, bins]
        across, up = self.phase(x).float().chunk(2, dim=2)
        size = (across.square() + up.square() + 1e-8).sqrt()
        spectrum = torch.complex(magnitude * across / size, magnitude * up / size)
        return self._overlapped(torch.fft.irfft(spectrum, self.length) * self.window, shown)

    def _overlapped(self, pieces: Tensor, shown: Tensor) -> Tensor:
        """Windowed pieces [B, T, overlap * hop], each a hop after the one before → what they add up to [B, T, hop].

        Row t is the middle hop of piece t. `shown` [B, T, 1]: pieces that are there.
        """
        batch, count, _ = pieces.shape
        parts = (pieces * shown).view(batch, count, self.config.overlap, self.hop)
        weights = self.window.square().view(self.config.overlap, self.hop)
        total = pieces.new_zeros(batch, count + self.config.overlap - 1, self.hop)
        weight = torch.zeros_like(total)
        for i in range(self.config.overlap):
            total[:, i : i + count] += parts[:, :, i]
            weight[:, i : i + count] += weights[i] * shown
        samples = (total / weight.clamp(min=0.1)).flatten(1)
        begin = (self.length - self.hop) // 2
        return samples[:, begin : begin + count * self.hop].reshape(batch, count, self.hop)


class Distance(nn.Module):
    """How far samples [B, S] are from those wanted, as an ear hears them: spectra's magnitudes, without their phase."""

    filters: Tensor

    def __init__(self, rate: int, mel_weight: float):
        super().__init__()
        self.mel_weight = mel_weight
        for length in WINDOWS:
            self.register_buffer(f"window{length}", torch.hann_window(length), persistent=False)
        filters = torchaudio.functional.melscale_fbanks(MEL_WINDOW // 2 + 1, 0.0, rate / 2, MELS, rate)
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, found: Tensor, wanted: Tensor) -> Tensor:
        with torch.autocast(found.device.type, enabled=False):
            loss = found.new_zeros(())
            for length in WINDOWS:
                one, other = self._magnitude(found, length), self._magnitude(wanted, length)
                convergence = (other - one).norm() / other.norm().clamp(min=FLOOR)
                loss = loss + (convergence + _log_distance(one, other)) / len(WINDOWS)
                if length == MEL_WINDOW:
                    loss = loss + self.mel_weight * _log_distance(one @ self.filters, other @ self.filters)
            return loss

    def _magnitude(self, samples: Tensor, length: int) -> Tensor:
        """[B, S] → [B, frames, bins]."""
        window = getattr(self, f"window{length}")
        padded = nn.functional.pad(samples, (length // 2, length // 2))
        spectrum = torch.fft.rfft(padded.unfold(1, length, length // 4) * window)
        return (spectrum.real.square() + spectrum.imag.square() + FLOOR**2).sqrt()


def _log_distance(one: Tensor, other: Tensor) -> Tensor:
    return ((one + FLOOR).log() - (other + FLOOR).log()).abs().mean()


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Vocoder, list[dict[str, float]]]:
    training.prepare_device(options.seed)
    source, target = data.source["train"].codec, data.target["train"].codec
    _expect_same_frames(source, target)
    model = Vocoder(config, source.dim, target.dim, target.config.rate, options.mel_weight)
    batches = {split: _batches(data, split, options) for split in ("train", "dev")}
    history = training.fit(model, train=batches["train"], dev=batches["dev"], options=options, work=work)
    return model, history


def _expect_same_frames(source: Any, target: Any) -> None:
    if not hasattr(target, "waveform"):
        raise Problem("a vocoder says samples: name features of the kind samples as its target")
    ours, theirs = ((c.config.rate, c.config.frame, c.config.hop) for c in (source, target))
    if ours != theirs:
        raise Problem(
            f"rate, frame and hop are {ours} of the source and {theirs} of the target: give both features the same"
        )


def save(model: Vocoder, folder: Path) -> None:
    save_module(model, model.config, {"bands": model.bands, "hop": model.hop, "rate": model.rate}, folder)


def load(folder: Path) -> Vocoder:
    model: Vocoder = load_module(Vocoder, Config, folder)
    return model


@torch.inference_mode()
def sound(model: Vocoder, target: Any, frames: np.ndarray) -> np.ndarray:
    """Frames [T, F] → float32 [S]; `target` is the codec of the samples. How a synthesiser speaks through it."""
    lengths = torch.tensor([len(frames)])
    samples = model.say(torch.from_numpy(np.asarray(frames, np.float32))[None], lengths)[0]
    waveform: np.ndarray = target.waveform(samples.numpy())
    return waveform / max(1.0, float(np.abs(waveform).max(initial=0.0)))


def decode(*, model: Vocoder, source: Side, target: Any, options: Decode) -> Iterator[list[Hypothesis]]:
    """What it makes of the frames of recordings, in their order: copy synthesis."""
    training.prepare_device(0)
    rate = int(target.config.rate)
    for i in range(len(source.sequences)):
        yield [Hypothesis([], 0.0, waveform=sound(model, target, source.sequences[i]), rate=rate)]


def _batches(data: Data, split: str, options: Train) -> training.Batches:
    source, target = data.source[split].sequences, data.target[split].sequences
    counts = np.minimum(source.lengths, options.piece)

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        frames = np.zeros((len(rows), options.piece, source[0].shape[1]), np.float32)
        samples = np.zeros((len(rows), options.piece, target[0].shape[1]), np.float32)
        for i, row in enumerate(rows):
            count, room = int(counts[row]), int(source.lengths[row] - counts[row])
            draw = np.random.default_rng((options.seed, epoch, int(row))).random() if split == "train" else 0.5
            begin = int(draw * (room + 1))
            frames[i, :count] = source[row][begin : begin + count]
            samples[i, :count] = target[row][begin : begin + count]
        lengths = torch.from_numpy(counts[rows].astype(np.int64))
        return {"frames": torch.from_numpy(frames), "samples": torch.from_numpy(samples), "lengths": lengths}

    return training.Batches(counts, options.batch, collate, options.seed, source.ids)
