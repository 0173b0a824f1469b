"""Synthesised speech and recordings → mel-cepstral distortion; the steps of a synthesiser → where it lost its way.

The distortion (Kubichek 1993) is the difference of two spectra's envelopes in dB, of 13 cepstral coefficients without
the loudness (MCD13: Skerry-Ryan et al. 2018), frame against frame as dynamic time warping pairs them. What is said is
scored as text, by a recogniser that writes it down: see `pipeline.stages.evaluate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from pipeline.metrics.metric import Metric, Output, Scores, ratio

RATE = 16_000  # Hz: both sides are brought to it
FRAME, HOP, TRANSFORMED = 400, 160, 512  # samples: 25 ms, every 10 ms
BANDS = 80  # mel filters
ORDER = 13  # coefficients, without the one that is the loudness
FLOOR = 1e-6  # of the energy in a band: below it, silence is silence
SKIPPED = 5  # source tokens in a row that no step attends to: more than a pause or a doubled letter
BACK = 4  # source tokens behind the furthest one reached ...
AGAIN = 3  # ... for so many steps in a row: what was said is said again


@dataclass(frozen=True)
class Walk:
    """How an output went through its source."""

    focus: Sequence[int]  # [T]: the source token that each step attends to most
    length: int  # source tokens
    finished: bool  # False: cut at the length limit


def log_amplitudes(waveform: np.ndarray) -> np.ndarray:
    """float32 [S] at RATE → natural logarithms of the amplitudes in mel bands, float64 [T, BANDS]."""
    filled = np.pad(waveform, (0, max(0, FRAME - len(waveform))))
    window, filters = _bank()
    frames = np.lib.stride_tricks.sliding_window_view(filled.astype(np.float64), FRAME)[::HOP] * window  # [T, FRAME]
    power = np.square(np.abs(np.fft.rfft(frames, n=TRANSFORMED))) @ filters  # [T, BANDS]
    logarithms: np.ndarray = np.log(np.maximum(power, FLOOR)) / 2
    return logarithms


def cepstra(logarithms: np.ndarray) -> np.ndarray:
    """c_m = 2/N Σ_k ln|X_k| cos(π m (k + ½) / N) for m = 1..ORDER: [T, N] → [T, ORDER]."""
    bands = logarithms.shape[1]
    waves = np.cos(np.pi * np.outer(np.arange(bands) + 0.5, np.arange(1, ORDER + 1)) / bands)  # [N, ORDER]
    found: np.ndarray = logarithms @ waves * (2 / bands)
    return found


def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mel-cepstral distortion of every pair of frames, dB: [T, K], [S, K] → [T, S]. 10 / ln 10 · √(2 Σ (c - c')²)."""
    squares = np.zeros((len(left), len(right)))
    for one, other in zip(left.T, right.T, strict=True):
        squares += np.subtract.outer(one, other) ** 2
    found: np.ndarray = 10 / np.log(10) * np.sqrt(2 * squares)
    return found


def warp(costs: np.ndarray) -> tuple[float, int]:
    """The cheapest path through [T, S] from the first pair to the last → what it costs, and how many pairs it has.

    Dynamic time warping (Sakoe and Chiba 1978, symmetric, without weights): a pair follows the one before it on the
    left, below, or both. Of equally cheap ways, the one that moves on both sides.
    """
    rows, columns = costs.shape
    # Pairs with i + j = k depend on the two diagonals before: an array a diagonal, by row, with a wall before row 0.
    total = [np.full(rows + 1, np.inf) for _ in range(3)]
    pairs = [np.zeros(rows + 1, np.int64) for _ in range(3)]
    flat = costs.ravel()
    for k in range(rows + columns - 1):
        low, high = max(0, k - columns + 1), min(k, rows - 1) + 1
        here, before, earlier = k % 3, (k - 1) % 3, (k - 2) % 3
        ways = np.stack([total[earlier][low:high], total[before][low:high], total[before][low + 1 : high + 1]])
        counts = np.stack([pairs[earlier][low:high], pairs[before][low:high], pairs[before][low + 1 : high + 1]])
        if k == 0:
            ways[:] = 0.0
        best = ways.argmin(axis=0)[None]
        total[here][:] = np.inf
        first = low * columns + k - low
        cells = flat[first : first + (high - low - 1) * (columns - 1) + 1 : max(columns - 1, 1)]
        total[here][low + 1 : high + 1] = np.take_along_axis(ways, best, axis=0)[0] + cells
        pairs[here][low + 1 : high + 1] = np.take_along_axis(counts, best, axis=0)[0] + 1
    last = (rows + columns - 2) % 3
    return float(total[last][rows]), int(pairs[last][rows])


def distortion(reference: np.ndarray, hypothesis: np.ndarray) -> tuple[float, int]:
    """Two waveforms at RATE → the sum of the distortions of the pairs of frames, dB, and how many pairs there are."""
    left, right = (cepstra(log_amplitudes(waveform)) for waveform in (reference, hypothesis))
    return warp(distances(left, right))


def mcd() -> Metric:
    """dB a pair of frames; what makes no sound at all is compared as silence."""

    def statistics(output: Output) -> np.ndarray:
        found = [
            distortion(recording.read(RATE), sound.read(RATE) if sound else np.zeros(FRAME, np.float32))
            for recording, sound in zip(output.references, output.hypotheses, strict=True)
        ]
        return np.array(found, dtype=float)

    def scores(sums: np.ndarray) -> Scores:
        return {"mcd": sums[..., 0] / sums[..., 1]}

    return Metric(statistics, scores, None, of="sound")


def skips(walk: Walk) -> int:
    """Runs of SKIPPED or more source tokens that no step attends to."""
    seen = sorted({-1, walk.length, *walk.focus})
    return sum(after - before > SKIPPED for before, after in pairwise(seen))


def repeats(walk: Walk) -> int:
    """Returns by BACK or more source tokens that last AGAIN steps or more."""
    focus = np.array([*walk.focus, *[walk.length] * (not len(walk.focus))])
    behind = np.maximum.accumulate(focus) - focus >= BACK
    edges = np.flatnonzero(np.diff(np.concatenate([[False], behind, [False]]).astype(int)))  # [2 R]: begins, ends
    return int((edges[1::2] - edges[::2] >= AGAIN).sum())


def failures() -> Metric:
    """Outputs that skip, repeat or do not end, in percent."""

    def statistics(output: Output) -> np.ndarray:
        counts = [(skips(walk), repeats(walk), not walk.finished) for walk in output.hypotheses]
        return np.array([(any(row), *row, 1) for row in counts], dtype=np.int64)

    def scores(sums: np.ndarray) -> Scores:
        return {"failures": ratio(sums[..., 0], sums[..., 4])}

    return Metric(statistics, scores, None, counts={"skips": 1, "repeats": 2}, of="walk")


@cache
def _bank() -> tuple[np.ndarray, np.ndarray]:
    """The window [FRAME] and the mel filters [bins, BANDS]."""
    from torchaudio.functional import melscale_fbanks  # heavy, and most systems write no sound

    filters = melscale_fbanks(TRANSFORMED // 2 + 1, 0.0, RATE / 2, BANDS, RATE, norm=None, mel_scale="htk")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)  # Hann's, periodic
    return window, filters.double().numpy()
