"""Speed and memory of the whole featurize stage: FLAC in, shards out, on one core, for two sizes of corpus.

Writes recordings of made-up sound into a temporary workspace, each some minutes long with an utterance every few
seconds, runs `python -m pipeline featurize` on them in a process of its own, and prints how many times faster than real
time it is, in CPU seconds and by the clock, with and without the start of Python, and its peak memory.

    PYTHONPATH=. python benchmarks/featurize.py [--hours 1 20] [--minutes 30] [--processes 1]
"""

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
import yaml

from pipeline import paths
from pipeline.records import utterance_schema, write_table

RATE = 16_000
ROOT = Path(__file__).parents[1]


def write_workspace(hours: float, minutes: float, processes: int) -> None:
    """In the folder we stand in: recordings, manifests (nine tenths train), params.yaml."""
    folder = Path("data/raw/speech")
    folder.mkdir(parents=True)
    count = max(3, round(hours * 60 / minutes))
    first = folder / "ep000.flac"
    soundfile.write(first, sound(hours * 3600 / count), RATE)
    for i in range(1, count):  # the same sound under other names: decoding costs the same
        shutil.copy(first, folder / f"ep{i:03d}.flac")
    held_out = max(1, count // 20)
    splits = {"test": range(held_out), "dev": range(held_out, 2 * held_out), "train": range(2 * held_out, count)}
    for split, recordings in splits.items():
        records = (record for i in recordings for record in utterances(i, hours * 3600 / count))
        write_table(paths.manifest("speech", split), records, utterance_schema([]))
    row = {"corpus": "speech", "raw": "speech", "field": "audio", "kind": "mel", "processes": processes}
    content = {"corpora": {"speech": {"raw": "speech", "kind": "subtitles"}}, "features": {"logmel": row}}
    Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def sound(seconds: float) -> np.ndarray:
    """Noise under tones that come and go: about as hard to decode as speech."""
    draw = np.random.default_rng(1)
    samples = round(seconds * RATE)
    noise = 0.01 * draw.standard_normal(samples, dtype=np.float32)
    clock = np.arange(samples, dtype=np.float32) / RATE
    return noise + 0.1 * np.sin(2 * np.pi * 220 * clock) * np.sin(3 * clock)


def utterances(recording: int, seconds: float) -> list[dict]:
    """Pieces of 2 to 6 seconds with nothing between them."""
    draw = np.random.default_rng(recording)
    ends = np.cumsum(draw.uniform(2, 6, int(seconds / 2)))
    ends = np.append(ends[ends < seconds - 1], seconds)
    name = f"ep{recording:03d}"
    return [
        {
            "id": f"speech-{name}-{i:04d}",
            "recording": name,
            "audio": f"data/raw/speech/{name}.flac",
            "start": s,
            "end": e,
        }
        for i, (s, e) in enumerate(zip([0, *ends[:-1]], ends, strict=True))
    ]


def run(command: list[str]) -> tuple[float, float, float]:
    """CPU seconds, seconds by the clock, and peak memory in MiB of a command and its children."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, nargs="+", default=[1, 20])
    parser.add_argument("--minutes", type=float, default=30, help="length of a recording")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    start_cpu, start_clock, _ = run([sys.executable, "-c", "import pipeline.stages.featurize, pipeline.features.mel"])
    print(f"Python and its libraries take {start_cpu:.1f} CPU seconds to start ({start_clock:.1f} by the clock)")
    here = Path.cwd()
    for hours in arguments.hours:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            # In a process of its own: what it held would count as the next process's peak, which begins as our copy.
            writer = multiprocessing.Process(
                target=write_workspace, args=(hours, arguments.minutes, arguments.processes)
            )
            writer.start()
            writer.join()
            cpu, clock, peak = run([sys.executable, "-m", "pipeline", "featurize", "logmel"])
            os.chdir(here)
        speeds = [f"{hours * 3600 / seconds:,.0f}" for seconds in (cpu, cpu - start_cpu, clock)]
        print(
            f"{hours:g} h: {speeds[0]} times real time in CPU seconds ({speeds[1]} without the start), "
            f"{speeds[2]} by the clock; peak memory {peak:.0f} MiB"
        )


if __name__ == "__main__":
    main()
