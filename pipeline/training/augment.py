"""Frames of utterances [B, T, F] → the same, as they might also have sounded. Zero is the mean of a band.

Utterances are played a little faster or slower (Ko et al. 2015, here by interpolation between frames), their voices are
made larger or smaller (vocal tract length perturbation, Jaitly and Hinton 2013) and brighter or duller, noise, music or
other speech is laid under them, and stretches of time and bands of frequency are hidden (SpecAugment, Park et al.
2019). What is drawn for an utterance depends on (seed, epoch, utterance) alone: a resumed epoch sees the same.
"""

from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from pipeline.data import Side
from pipeline.problems import Problem
from pipeline.training import options

HIDDEN_SHARE = 0.2  # of an utterance: the longest stretch that one time mask hides
LOOPS = 8  # beds of a kind that are made; one of them is drawn
LOOP = 10.0  # seconds; a bed begins anywhere in them, and again from their start
OCTAVE_DROPS = (0.0, 6.0)  # dB by which noise falls an octave: from white to brown
LOWEST = 110.0  # Hz, the lowest note of music
BEDDED = 4  # numbers drawn for a bed: whether, which, where it begins, how loud


class Options(options.Options):
    """A training whose utterances are changed a little each time they are seen."""

    stretch: float = Field(0.1, ge=0, lt=1)  # 0.1: utterances last 0.9 to 1.1 times as long
    tilt: float = Field(0.0, ge=0)  # dB by which the highest band gains or loses against the lowest, at most
    warp: float = Field(0.0, ge=0, lt=1)  # 0.1: all frequencies are up to a tenth higher or lower
    time_masks: int = Field(2, ge=0)
    time_mask: int = Field(30, ge=0)  # frames that a mask hides at most
    frequency_masks: int = Field(2, ge=0)
    frequency_mask: int = Field(12, ge=0)  # bands that a mask hides at most
    beds: float = Field(0.0, ge=0, le=1)  # the share of utterances under which a bed is laid
    bed_kinds: tuple[Literal["noise", "music", "speech"], ...] = ("noise", "music")  # speech: the corpus's own
    bed_snr: tuple[float, float] = (5.0, 20.0)  # dB of the speech over its bed, from and to

    @model_validator(mode="after")
    def _beds_can_be_drawn(self) -> "Options":
        if self.beds and not self.bed_kinds:
            raise ValueError(f"beds: {self.beds} needs bed_kinds: noise, music or speech")
        if self.bed_snr[0] > self.bed_snr[1]:
            raise ValueError("bed_snr: rises from its first number to its second")
        return self


class Augment:
    """What a training does to its utterances."""

    def __init__(self, chosen: Options, source: Side):
        """`source`: the training split. Raises Problem if its features cannot be mixed or warped as is asked for."""
        self.options, self.codec = chosen, source.codec
        if chosen.warp and not hasattr(source.codec, "warped"):
            raise Problem("train.warp: these features have no frequencies: choose features of kind mel, or warp: 0")
        self.slope: np.ndarray | None = None  # [F]: what a tilt of 1 adds to each band
        if chosen.tilt:
            _expect_logarithms("tilt", source.codec)
            decibels = np.linspace(-0.5, 0.5, source.codec.dim) * chosen.tilt
            self.slope = (np.log(10) / 10 * decibels / _deviation(source.codec)).astype(np.float32)
        self.beds = Beds(chosen, source) if chosen.beds else None

    def __call__(
        self, frames: np.ndarray, lengths: np.ndarray, shortest: np.ndarray, rows: np.ndarray, epoch: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Stretch utterances in time, never to less than `shortest` frames [B]; warp; lay beds; hide times and bands.

        frames: [B, T, F]; lengths: [B]; rows: [B], the utterances' numbers. Returns frames and lengths anew.
        """
        draws = self.draws(rows, epoch)
        factors = 1 + self.options.stretch * (2 * draws[:, 0] - 1)
        stretched = np.maximum(np.round(lengths * factors).astype(np.int64), np.minimum(shortest, lengths))
        frames = resample(frames.astype(np.float32, copy=False), lengths, stretched)
        if self.options.warp:
            frames = moved(frames, self.codec.warped(1 + self.options.warp * (2 * draws[:, -2] - 1)))
        if self.slope is not None:
            frames += (2 * draws[:, -1, None, None] - 1).astype(np.float32) * self.slope
        if self.beds is not None:
            self.beds.lay(frames, stretched, draws[:, -2 - BEDDED : -2])
        shown_times, shown_bands = self._shown(stretched, frames.shape, draws)
        frames *= shown_times[:, :, None]
        frames *= shown_bands[:, None, :]
        return frames, stretched

    def draws(self, rows: np.ndarray, epoch: int) -> np.ndarray:
        """Numbers in [0, 1), [B, D]: one for the stretch, two for each mask, BEDDED for the bed, then warp and tilt."""
        masks = self.options.time_masks + self.options.frequency_masks
        count = 1 + 2 * masks + BEDDED + 2
        return np.stack([np.random.default_rng((self.options.seed, epoch, int(row))).random(count) for row in rows])

    def _shown(self, lengths: np.ndarray, shape: tuple[int, ...], draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What no mask hides: times [B, T], no padding among them, and bands [B, F]."""
        time, band = np.arange(shape[1]), np.arange(shape[2])
        times = time < lengths[:, None]
        bands = np.ones((shape[0], shape[2]), dtype=bool)
        widest = np.minimum(self.options.time_mask, np.floor(HIDDEN_SHARE * lengths))
        for i in range(self.options.time_masks + self.options.frequency_masks):
            width, place = draws[:, 1 + 2 * i], draws[:, 2 + 2 * i]
            if i < self.options.time_masks:
                times &= ~_stretch(time, width * (widest + 1), place, lengths)
            else:
                bands &= ~_stretch(band, width * (self.options.frequency_mask + 1), place, np.array([len(band)]))
        return times, bands


class Beds:
    """Sounds to lie under speech, as logarithms of powers: where two sound at once, their powers add up."""

    def __init__(self, chosen: Options, source: Side):
        codec = source.codec
        _expect_logarithms("beds", codec)
        self.options, self.source = chosen, source.sequences
        self.audible = np.flatnonzero(self.source.lengths)
        self.mean = np.zeros(codec.dim, np.float32) if codec.mean is None else codec.mean  # [F]
        self.deviation = _deviation(codec)
        self.loops = {kind: _loops(kind, codec, chosen.seed) for kind in chosen.bed_kinds if kind != "speech"}

    def lay(self, frames: np.ndarray, lengths: np.ndarray, draws: np.ndarray) -> None:
        """Mix a bed into the share of the utterances that has one: frames [B, T, F] in place; draws [B, BEDDED]."""
        for i in np.flatnonzero((draws[:, 0] < self.options.beds) & (lengths > 0)):
            _, which, where, loud = draws[i]
            spoken = frames[i, : lengths[i]] * self.deviation + self.mean  # [T, F]
            bed = self._drawn(float(which))
            bed = np.take(bed, np.arange(len(spoken)) + int(where * len(bed)), axis=0, mode="wrap")
            low, high = self.options.bed_snr
            level = _level(spoken) - _level(bed) - np.log(10) / 10 * (low + loud * (high - low))
            mixed = np.logaddexp(spoken, bed + np.float32(level))
            frames[i, : lengths[i]] = (mixed - self.mean) / self.deviation

    def _drawn(self, which: float) -> np.ndarray:
        """A bed [T, F] by a number in [0, 1): its kind first, and then which one of that kind."""
        kind, rest = divmod(which * len(self.options.bed_kinds), 1)
        name = self.options.bed_kinds[int(kind)]
        if name != "speech":
            return self.loops[name][int(rest * LOOPS)]
        other = self.audible[int(rest * len(self.audible))]
        return np.asarray(self.source[other], np.float32) * self.deviation + self.mean


def _expect_logarithms(option: str, codec: Any) -> None:
    if not getattr(codec, "logarithmic", False):
        raise Problem(
            f"train.{option}: these features are no logarithms of powers, which alone can be mixed and filtered: "
            f"choose features of kind mel with normalise global or none and no deltas, or {option}: 0"
        )


def _deviation(codec: Any) -> np.ndarray:
    return np.ones(codec.dim, np.float32) if codec.deviation is None else np.asarray(codec.deviation)


def _level(log_powers: np.ndarray) -> float:
    """The logarithm of the mean power of [T, F]."""
    highest = log_powers.max()
    return float(highest + np.log(np.exp(log_powers - highest).mean()))


def _loops(kind: str, codec: Any, seed: int) -> list[np.ndarray]:
    """LOOPS beds of a kind as the codec measures them: [T, F] each."""
    make, number = {"noise": (_noise, 0), "music": (_music, 1)}[kind]
    rate = codec.config.rate
    rngs = [np.random.default_rng((seed, number, i)) for i in range(LOOPS)]
    made: list[np.ndarray] = codec.measure([make(round(LOOP * rate), rate, rng).astype(np.float32) for rng in rngs])
    return made


def _noise(samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Noise [S] whose power falls evenly by the octave, as of rain, wind or a street."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(samples, 1 / rate), 50.0) / 50.0)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (-rng.uniform(*OCTAVE_DROPS) * octaves / 20), samples))


def _music(samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Chords [S] of three plucked notes each, every note with partials that fade the sooner the higher they are."""
    wave = np.zeros(samples)
    beat = round(rate * rng.uniform(0.25, 0.8))
    time = np.arange(min(3 * beat, samples)) / rate
    for start in range(0, samples, beat):
        steps = rng.integers(0, 25, size=3)  # semitones above the lowest note
        for pitch in LOWEST * 2 ** (steps / 12):
            for partial in range(1, 6):
                note = np.sin(2 * np.pi * pitch * partial * time) * np.exp(-2 * partial * time) / partial
                end = min(start + len(note), samples)
                wave[start:end] += note[: end - start]
    return wave + 1e-4 * rng.standard_normal(samples)


def _stretch(axis: np.ndarray, width: np.ndarray, place: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """Where `axis` [N] lies in a stretch of floor(width) [B], at `place` (0 to 1) of the room that it has: [B, N]."""
    whole = np.minimum(np.floor(width), extent)
    start = np.floor(place * (extent - whole + 1))
    hidden: np.ndarray = (axis >= start[:, None]) & (axis < (start + whole)[:, None])
    return hidden


def resample(frames: np.ndarray, lengths: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """[B, T, F] with each row's `lengths` frames drawn out to `wanted` by linear interpolation: [B, max(wanted), F]."""
    steps = np.arange(int(wanted.max(initial=0)))
    ratio = (lengths - 1) / np.maximum(wanted - 1, 1)
    position = np.clip(steps * ratio[:, None], 0, np.maximum(lengths - 1, 0)[:, None])  # [B, T']
    left = position.astype(np.int64)
    right = np.minimum(left + 1, np.maximum(lengths - 1, 0)[:, None])
    share = (position - left).astype(np.float32)[:, :, None]
    rows = np.arange(len(frames))[:, None]
    drawn: np.ndarray = frames[rows, left] * (1 - share) + frames[rows, right] * share
    return drawn


def moved(frames: np.ndarray, places: np.ndarray) -> np.ndarray:
    """[B, T, F] with each band taken from its place [B, F] among the bands, by linear interpolation."""
    left = places.astype(np.int64)[:, None]  # [B, 1, F]
    right = np.minimum(left + 1, frames.shape[2] - 1)
    share = (places[:, None] - left).astype(np.float32)
    lower, upper = (np.take_along_axis(frames, bands, axis=2) for bands in (left, right))
    found: np.ndarray = lower + share * (upper - lower)
    return found
