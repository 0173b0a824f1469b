"""A recogniser, texts and their recordings → how many frames each character lasts, and its pitch and energy.

The recogniser spells each text by forced alignment (`pipeline.search.forced`); a character ends half-way between where
it is heard last and where the next one is heard first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.audio import segments
from pipeline.data import Side
from pipeline.problems import Problem
from pipeline.records import read_table
from pipeline.search.forced import align, cuts, fine_log_probs
from pipeline.trained import Trained

TOGETHER = 256  # recordings that are aligned together
LOWEST, HIGHEST = 60.0, 400.0  # Hz, of a voice
OCTAVE = 0.05  # by which twice the lag must be more alike: every multiple of a period is one, too
VOICED = 0.4  # of the loudness: what the repetition of a voiced frame explains at least


@dataclass(frozen=True)
class Timed:
    """What was found of a split."""

    rows: np.ndarray  # [N]: the utterances that could be aligned
    durations: list[np.ndarray]  # of each of them int64 [U], frames; they add up to all of its frames
    said: dict[str, list[np.ndarray]]  # `pitch`, `energy`: float32 [U], mean 0 and deviation 1 over the split


def timed(recogniser: Path, texts: Side, frames: Side, said: Sequence[str], split: str) -> Timed:
    """`texts` and `frames` are the sides of one split; the recogniser hears the recordings of the frames' manifest.

    Utterances too short for their text are left out, and told. Raises Problem if the recogniser is not one of
    characters, or if nothing is left.
    """
    trained = Trained.open(recogniser)
    if not hasattr(trained.model, "log_probs"):
        raise Problem(f"{recogniser}: this system has no alignment to give: name one of kind ctc as `needs`")
    rows: list[int] = []
    found: list[np.ndarray] = []
    extra: dict[str, list[np.ndarray]] = {name: [] for name in said}
    waveforms = enumerate(_waveforms(frames, trained.source.config.rate))
    while portion := list(islice(waveforms, TOGETHER)):
        heard = fine_log_probs(trained.model, [trained.source.encode(waveform) for _, waveform in portion])
        for (i, waveform), log_probs in zip(portion, heard, strict=True):
            spelt = _spelt(trained, texts.values[i], len(texts.sequences[i]))
            spans = None if spelt is None else align(log_probs, spelt)
            if not spans:
                continue
            seconds = _seconds(cuts(spans, len(log_probs)), trained.source.config)
            taken = _frames(seconds, len(frames.sequences[i]), frames.codec.config)
            rows.append(i)
            found.append(taken)
            for name in said:
                track = _MEASURES[name](waveform, trained.source.config.rate, frames, i)
                extra[name].append(_mean_each(track, taken))
    _tell(split, len(frames.sequences), rows, frames.sequences.ids)
    return Timed(np.array(rows), found, {name: _standardised(values) for name, values in extra.items()})


def _waveforms(frames: Side, rate: int) -> Iterator[np.ndarray]:
    """The recordings of a manifest [S], in its order."""
    assert frames.manifest is not None
    records = read_table(frames.manifest, [frames.field, "start", "end"])
    for file, group in groupby(records, key=lambda record: record[frames.field]):
        yield from segments(Path(file), [(record["start"], record["end"]) for record in group], rate)


def _spelt(trained: Trained, text: str, characters: int) -> np.ndarray | None:
    """The recogniser's tokens [U] for a text of U characters; None where it spells it otherwise."""
    tokens: np.ndarray = trained.target.encode(text)
    return tokens if len(tokens) == characters else None


def _seconds(steps: np.ndarray, config: Any) -> np.ndarray:
    """Places between frames of the recogniser, from 0 → seconds."""
    return (steps - 0.5) * float(config.hop) + float(config.frame) / 2


def _frames(seconds: np.ndarray, count: int, config: Any) -> np.ndarray:
    """Times at which characters begin and end [U + 1] → how many of `count` frames have their middle in each: [U]."""
    first = np.ceil(np.round((seconds - config.frame / 2) / config.hop, 6)).astype(np.int64).clip(0, count)
    first[0], first[-1] = 0, count
    return np.diff(np.maximum.accumulate(first))


def _energy(waveform: np.ndarray, rate: int, frames: Side, row: int) -> np.ndarray:
    """Of each frame of a synthesiser's target: the mean of its bands, [T]."""
    return np.asarray(frames.sequences[row], np.float32).mean(axis=1)


def _pitch(waveform: np.ndarray, rate: int, frames: Side, row: int) -> np.ndarray:
    """Of each frame: the logarithm of its fundamental frequency, [T]; not a number where it has no voice.

    The lag at which the frame is most like itself, by the normalised autocorrelation (Rabiner 1977).
    """
    config, count = frames.codec.config, len(frames.sequences[row])
    length = round(max(config.frame, 3 / LOWEST) * rate)
    starts = np.round((np.arange(count) * config.hop + config.frame / 2) * rate).astype(np.int64)
    padded = np.pad(waveform, (length // 2, max(0, int(starts[-1]) + length - length // 2 - len(waveform))))
    pieces = padded[starts[:, None] + np.arange(length)] * np.hanning(length)  # [T, length]
    power = np.abs(np.fft.rfft(pieces, 2 * length)) ** 2
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(length), 2 * length)) ** 2)
    lags = np.arange(int(rate / HIGHEST), int(rate / LOWEST) + 1)
    likeness = np.fft.irfft(power)
    ratio = likeness[:, lags] / np.maximum(likeness[:, :1], 1e-9) * (window[0] / window[lags])  # [T, lags]
    best = (ratio - OCTAVE * np.log2(lags)).argmax(axis=1)
    pitch: np.ndarray = np.log(rate / lags[best])
    return np.where(ratio[np.arange(count), best] > VOICED, pitch, np.nan)


_MEASURES = {"pitch": _pitch, "energy": _energy}


def _mean_each(track: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """A track [T] → its mean over the frames of each character [U]; not a number where there is none."""
    known = ~np.isnan(track)
    ends = np.cumsum(taken)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, track, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    total, count = sums[ends] - sums[ends - taken], counts[ends] - counts[ends - taken]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _standardised(values: list[np.ndarray]) -> list[np.ndarray]:
    """To mean 0 and deviation 1 over all that are numbers; the others are 0."""
    everything = np.concatenate(values) if values else np.zeros(0)
    known = everything[~np.isnan(everything)]
    mean, deviation = (known.mean(), max(known.std(), 1e-5)) if len(known) else (0.0, 1.0)
    return [np.nan_to_num((value - mean) / deviation).astype(np.float32) for value in values]


def _tell(split: str, count: int, rows: list[int], ids: list[str]) -> None:
    left = sorted(set(range(count)) - set(rows))
    if left:
        names = ", ".join(ids[i] for i in left[:5]) + ", ..." * (len(left) > 5)
        print(f"{split}: {len(left)} of {count} utterances are left out, as the recogniser cannot spell them: {names}")
    if not rows:
        raise Problem(
            f"{split}: the recogniser can align no utterance: its tokens must be characters, one for one those of the "
            "synthesiser's source, and the sound long enough for them"
        )
