"""Speed of log-mel features: pipeline.features.mel against torchaudio.transforms.MelSpectrogram, in one run.

Both take the same utterances of 2 to 8 seconds of made-up sound on one thread: torchaudio one at a time (its fastest
way: a longer signal leaves the cache), ours as the featurize stage does, a minute of sound at a time. They take turns,
and the median ratio of the rounds and the largest difference between values are printed.

    PYTHONPATH=. python benchmarks/logmel.py [--minutes 10] [--rounds 9]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torchaudio

from pipeline.features.mel import Codec, Config
from pipeline.stages.featurize import TOGETHER

RATE = 16_000
CONFIG = Config(rate=RATE, n_mels=80, window="hamming", frame=0.025, hop=0.010, normalise="none")
Result = list[np.ndarray]


def sounds(seconds: float) -> list[np.ndarray]:
    """Utterances of noise that comes and goes, with tones in it."""
    draw = np.random.default_rng(1)
    found: list[np.ndarray] = []
    while sum(map(len, found)) < seconds * RATE:
        samples = int(draw.uniform(2, 8) * RATE)
        time_axis = np.arange(samples) / RATE
        tone = np.sin(2 * np.pi * draw.uniform(80, 400) * time_axis) * np.sin(3 * time_axis)
        found.append((0.1 * tone + 0.02 * draw.standard_normal(samples)).astype(np.float32))
    return found


def ours(waveforms: list[np.ndarray]) -> Callable[[], Result]:
    codec = Codec(CONFIG)
    batches: list[list[np.ndarray]] = [[]]
    for waveform in waveforms:
        if sum(map(len, batches[-1])) + len(waveform) > TOGETHER * RATE:
            batches.append([])
        batches[-1].append(waveform)
    return lambda: [values for batch in batches for values in codec.measure(batch)]


def theirs(waveforms: list[np.ndarray]) -> Callable[[], Result]:
    frames = Codec(CONFIG).frames
    transform = torchaudio.transforms.MelSpectrogram(
        RATE,
        n_fft=frames.n_fft,
        win_length=frames.length,
        hop_length=frames.hop,
        n_mels=CONFIG.n_mels,
        pad=(frames.n_fft - frames.length) // 2,
        window_fn=torch.hamming_window,
        center=False,
        mel_scale="htk",
    )
    return lambda: [transform(torch.from_numpy(w)).clamp_(min=1e-10).log_().T.numpy() for w in waveforms]


def timed(run: Callable[[], Result]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seconds = 60 * arguments.minutes
    waveforms = sounds(seconds)
    with torch.inference_mode():
        sides = ours(waveforms), theirs(waveforms)
        pairs = list(zip(*(side() for side in sides), strict=True))
        rounds = [tuple(timed(side) for side in sides) for _ in range(arguments.rounds)]
    assert all(mine.shape == other.shape for mine, other in pairs)
    difference = max(float(np.abs(mine - other).max()) for mine, other in pairs)
    for name, times in zip(("seqloom", "torchaudio"), zip(*rounds, strict=True), strict=True):
        print(f"{name:10} {seconds / statistics.median(times):8,.0f} times real time (CPU seconds, one thread)")
    ratio = statistics.median(other / mine for mine, other in rounds)
    print(f"ratio      {ratio:8.2f}   largest difference {difference:.1e}")


if __name__ == "__main__":
    main()
