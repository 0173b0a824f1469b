"""A media file of any length → the stretches in which somebody may be speaking, one after another.

What is loud against the quietest of the last minute counts as speech: no model, no language. Pauses shorter than PAUSE
belong to the speech around them; a stretch longer than LONGEST is cut where it is quietest. Where loud and quiet cannot
be told apart (music throughout, say) everything counts, so that no speech is lost. Memory holds WINDOW seconds.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline import audio

WINDOW = 30.0  # s that are looked at together
LONGEST = 12.0  # s of a stretch; utterances that recognisers learn from are hardly longer
PAUSE = 0.3  # s
SHORTEST = 0.1  # s; what is loud for less is a knock, not speech
MARGIN = 0.15  # s kept before and after: words begin and end softly
STEP = 0.01  # s over which a level is measured
MEMORY = 60.0  # s whose levels tell what is loud
SILENCE = -60.0  # dB of full scale; never loud
CONTRAST = 10.0  # dB between loud and quiet, below which they cannot be told apart
RISE = 0.3  # of the way from quiet to loud, where speech begins
QUIET, LOUD = 0.1, 0.95  # quantiles of the levels

Run = tuple[int, int]  # steps [begin, end)


@dataclass(frozen=True)
class Stretch:
    start: float  # s
    end: float
    waveform: np.ndarray  # float32 [S]


def stretches(file: Path, rate: int) -> Iterator[Stretch]:
    """The stretches of a file in their order, at `rate`. Raises Problem where it cannot be read."""
    start, duration = 0.0, audio.probe(file).duration
    hop = max(1, round(STEP * rate))
    known: deque[float] = deque(maxlen=round(MEMORY / STEP))

    def last() -> bool:
        # What would leave less than a second is taken whole: headers round, and there may be no more.
        return start + WINDOW + 1 >= duration

    def spans() -> Iterator[audio.Span]:
        while start < duration:
            yield start, duration + 1 if last() else start + WINDOW

    for samples in audio.segments(file, spans(), rate):
        level = levels(samples, hop)
        runs, used = _complete(level, loud([*known, *level])[len(known) :], last())
        for begin, end in (part for run in runs for part in _parts(level, run)):
            piece = samples[begin * hop : end * hop if end < len(level) else None]
            yield Stretch(start + begin * hop / rate, start + (begin * hop + len(piece)) / rate, piece)
        known.extend(level[:used])
        start = duration if last() else start + used * hop / rate


def levels(samples: np.ndarray, hop: int) -> np.ndarray:
    """Samples [S] → the level of each `hop` of them, in dB of full scale: [N]. What remains at the end is one more."""
    whole = np.zeros(-(-len(samples) // hop) * hop)
    whole[: len(samples)] = samples
    return np.asarray(10 * np.log10(np.square(whole).reshape(-1, hop).mean(axis=1) + 1e-12))


def loud(level: list[float] | np.ndarray) -> np.ndarray:
    """Which of the levels [N] may be speech: bool [N]."""
    values = np.asarray(level)
    if not len(values):
        return np.zeros(0, bool)
    audible = values[values > SILENCE]
    if not len(audible):
        return np.zeros(len(values), bool)
    quiet, high = np.quantile(values, QUIET), np.quantile(audible, LOUD)
    quiet = max(quiet, high - 50.0)  # below that it is no noise of a room, but a pause of a machine
    if high - quiet < CONTRAST:
        return values > SILENCE
    return values > max(SILENCE, quiet + RISE * (high - quiet))


def _complete(level: np.ndarray, speech: np.ndarray, last: bool) -> tuple[list[Run], int]:
    """The runs of speech in a window, with their margins, and how many of its steps are done with.

    Of a window that is not the last, the run that reaches its end comes again in the next one: all of it, or its last
    part where it is longer than LONGEST.
    """
    pause, margin = round(PAUSE / STEP), round(MARGIN / STEP)
    found = [run for run in _joined(_runs(speech), pause) if run[1] - run[0] >= SHORTEST / STEP]
    used = len(speech) if last else len(speech) - pause // 2
    if not last and found and found[-1][1] > len(speech) - pause:
        begin, _ = found.pop()
        *_, (used, _) = _parts(level, (begin, len(speech)))
        if used > begin:
            found.append((begin, used))
        else:
            used = max(begin - margin, 1)
    middles = [0, *((left[1] + right[0]) // 2 for left, right in pairwise(found)), used]
    return [
        (max(begin - margin, low), min(end + margin, high))
        for (begin, end), (low, high) in zip(found, pairwise(middles), strict=False)
    ], used


def _runs(speech: np.ndarray) -> list[Run]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], speech, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _joined(runs: list[Run], pause: int) -> list[Run]:
    """Runs with less than `pause` between them become one."""
    joined: list[Run] = []
    for begin, end in runs:
        if joined and begin - joined[-1][1] < pause:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


def _parts(level: np.ndarray, run: Run) -> Iterator[Run]:
    """A run, in parts of LONGEST at most, cut where it is quietest in the second half of what a part may be."""
    begin, end = run
    most = round(LONGEST / STEP)
    while end - begin > most:
        cut = begin + quietest(level[begin : begin + most])
        yield begin, cut
        begin = cut
    yield begin, end


def quietest(level: np.ndarray) -> int:
    """The step in the second half of [N] around which PAUSE seconds are quietest."""
    width = min(round(PAUSE / STEP), len(level))
    power = np.convolve(10 ** (np.asarray(level) / 10), np.full(width, 1 / width), mode="valid")  # [N - width + 1]
    half = len(power) // 2
    return int(half + np.argmin(power[half:]) + width // 2)
