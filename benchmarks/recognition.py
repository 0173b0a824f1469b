"""How many times faster than real time the trained recognisers are on one core: waveforms in, text out.

Needs a workspace whose recognisers are trained (`make repro`). The test split's waveforms are read into memory first;
then their encoding, the search and the writing of the text are timed in CPU seconds of one thread: the search as the
system's row has it and a beam of one, in batches, as `decode` works, and an utterance at a time, as they are spoken.
What the project wants at least (CTC's best alignment 50 times, the Transformer's beam 10 times, in batches) is printed
beside; where it is missed, the exit status is 1.

    PYTHONPATH=. python benchmarks/recognition.py [--workspace .] [--systems asr_ctc ...] [--rounds 3]
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import paths, training
from pipeline.audio import read
from pipeline.data import typed_side
from pipeline.metrics.error_rate import align_characters, count_edits, error_rate
from pipeline.params import System, load, row
from pipeline.records import read_table
from pipeline.trained import Trained, searching

WANTED = {("ctc", True): 50.0, ("speech_transformer", False): 10.0}  # by kind, and whether it is greedy


def recognisers(systems: dict[str, System]) -> list[str]:
    """The trained systems that hear and write the words they heard."""
    return [
        name
        for name, system in systems.items()
        if system.task == "asr" and system.source.startswith("features/") and paths.model(name).is_dir()
    ]


def measure(name: str, system: System, rounds: int) -> list[bool]:
    """Print a line a search; whether each is as fast as wanted."""
    trained = Trained.open(paths.model(name))
    field = load().tokens[system.target.split("/")[1]].field
    records = list(read_table(paths.manifest(system.corpus, "test"), ["audio", "start", "end", field]))
    rate = trained.source.config.rate
    waveforms = [read(Path(record["audio"]), rate, record["start"], record["end"]) for record in records]
    seconds = sum(map(len, waveforms)) / rate
    fast = []
    for greedy in (True, False) if "beam_size" in searching(trained.craft).Decode.model_fields else (False,):
        options = trained.options(**(system.decode | ({"beam_size": 1, "n_best": 1} if greedy else {})))
        texts, together = timed(trained, [waveforms], options, rounds)
        _, alone = timed(trained, [[waveform] for waveform in waveforms], options, 1)
        errors = error_rate(count_edits(align_characters([record[field] for record in records], texts)).sum(axis=0))
        wanted = WANTED.get((system.model.kind, greedy), 0.0)
        fast.append(seconds / together >= wanted)
        search = "greedy" if greedy else f"beam {options.beam_size}" if hasattr(options, "beam_size") else "search"
        goal = f"; wanted: {wanted:.0f} times{'' if fast[-1] else ', MISSED'}" if wanted else ""
        print(
            f"{name:16} {search:8} {seconds / together:6.0f} times real time in batches, {seconds / alone:5.0f} alone; "
            f"CER {float(errors):.2f} %{goal}",
            flush=True,
        )
    return fast


def timed(trained: Trained, batches: list[list[np.ndarray]], options: Any, rounds: int) -> tuple[list[str], float]:
    """The best texts of all waveforms, and the median CPU seconds that a round took. A first round warms up."""
    spent = []
    for turn in range(rounds + 1):
        texts: list[str] = []
        chosen = batches if turn else batches[:1]
        began = time.process_time()
        for waveforms in chosen:
            source = typed_side(trained.source, waveforms)
            texts += [trained.target.decode(found[0].tokens) for found in trained.decode(source, options)]
        spent.append(time.process_time() - began)
    return texts, statistics.median(spent[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=Path())
    parser.add_argument("--systems", nargs="*", help="default: every trained one of task asr")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.chdir(arguments.workspace)
    training.prepare_device(0)
    systems = load().systems
    names = arguments.systems or recognisers(systems)
    if not names:
        sys.exit("no recogniser is trained here: `make repro` first")
    fast = [each for name in names for each in measure(name, row(systems, name, "systems"), arguments.rounds)]
    sys.exit(0 if all(fast) else 1)


if __name__ == "__main__":
    main()
