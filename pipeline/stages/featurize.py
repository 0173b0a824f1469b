"""A field of a corpus → data/features/<name>: numbers of every record, and the codec that makes them.

A series stands in the manifest itself; audio becomes frames. Each recording is read once, in order, its utterances
transformed many at a time into a part: a file of float32 frames under parts/. From the parts the training set's mean
and deviation are known, and the shards are written. Memory holds a minute of audio, whatever the corpus; several
processes take a recording each, and the result does not depend on them.
"""

import itertools
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress

from pipeline import paths
from pipeline.audio import segments
from pipeline.features.codec import Moments
from pipeline.params import Features, configure, craft, load, row
from pipeline.problems import Problem
from pipeline.records import read_table
from pipeline.sequences import Sequences, SequenceWriter, write_json

AUDIO = "audio"  # the field of a manifest that leads to recordings
TOGETHER = 60.0  # seconds of audio transformed at a time


@dataclass(frozen=True)
class Recording:
    """The utterances of one recording that stand together in a manifest."""

    audio: Path
    ids: list[str]
    spans: list[tuple[float, float]]  # seconds

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True)
class Part:
    """A recording's frames: the file's float32 [sum of lengths, dim], utterances end to end."""

    file: Path
    recording: Recording
    lengths: list[int]
    moments: Moments


@dataclass
class _Made:
    """What is printed of a split."""

    utterances: int = 0
    seconds: float = 0.0
    frames: int = 0
    longest: int = 0

    def add(self, part: Part) -> None:
        self.utterances += len(part.lengths)
        self.seconds += part.recording.seconds
        self.frames += sum(part.lengths)
        self.longest = max(self.longest, *part.lengths)

    def __str__(self) -> str:
        hours = self.seconds / 3600
        return f"{self.utterances} utterances, {hours:.2f} hours, {self.frames} frames, longest {self.longest} frames"


def run(name: str) -> None:
    features = row(load().features, name, "features")
    kind = craft("features", features.kind, f"features.{name}")
    config = configure(kind.Config, features.options, f"features.{name}")
    try:
        codec = kind.Codec(config)
    except Problem as problem:
        raise Problem(f"features.{name}: {problem}") from None
    manifests = {split: paths.manifest(features.corpus, split) for split in paths.SPLITS}
    place = paths.encoding(f"features/{name}")
    if not hasattr(codec, "measure"):
        _encode(name, features, codec, manifests)
        return
    torch.set_num_threads(1)
    made: dict[str, _Made] = {}
    with paths.replacing(place) as folder, _progress(name, manifests) as advance, _pool(config.processes) as pool:
        for split, manifest in manifests.items():  # train comes first: it sets the mean and deviation
            recordings = _recordings(manifest, features.field)
            parts: Iterable[Part] = _measure(recordings, codec, folder / "parts", pool, advance)
            if split == "train" and config.normalise == "global":
                parts = _fitted(parts, codec, manifest)
            made[split] = _Made()
            with SequenceWriter(folder / split, config.dtype) as writer:
                for part in parts:
                    _write(part, codec, writer)
                    made[split].add(part)
        (folder / "parts").rmdir()
        _save(codec, features, folder)
    print(f"features/{name}: {codec.dim} values a frame, {config.hop:g} s from frame to frame")
    for split, counts in made.items():
        print(f"  {split}: {counts}")


def _save(codec: Any, features: Features, folder: Path) -> None:
    codec.save(folder / "codec")
    description = {"kind": features.kind, "corpus": features.corpus, "field": features.field}
    write_json(folder / "codec" / "codec.json", {**description, "options": features.options})


def _encode(name: str, features: Features, codec: Any, manifests: Mapping[str, Path]) -> None:
    """A field whose values stand in the manifest: series."""
    if features.field == AUDIO:
        raise Problem(
            f"features.{name}.kind: {features.kind} is not made of sound: take mel, mfcc, spectrum or samples, or "
            "another field"
        )
    with paths.replacing(paths.encoding(f"features/{name}")) as folder:
        for split, manifest in manifests.items():
            with SequenceWriter(folder / split, codec.config.dtype) as writer:
                for record in read_table(manifest, ["id", features.field]):
                    writer.add(record["id"], codec.encode(record[features.field]))
        _save(codec, features, folder)
    print(f"features/{name}:")
    for split in manifests:
        lengths = Sequences.open(paths.encoding(f"features/{name}") / split).lengths
        print(f"  {split}: {len(lengths)} series, {lengths.sum()} values, longest {lengths.max(initial=0)}")


def _recordings(manifest: Path, field: str) -> Iterator[Recording]:
    records = read_table(manifest, ["id", field, "start", "end"])
    for audio, group in itertools.groupby(records, key=lambda record: record[field]):
        utterances = list(group)
        yield Recording(Path(audio), [u["id"] for u in utterances], [(u["start"], u["end"]) for u in utterances])


def _pool(processes: int) -> AbstractContextManager[ProcessPoolExecutor | None]:
    if processes == 1:
        return nullcontext()
    context = multiprocessing.get_context("spawn")  # a fork would copy the progress bar's thread in mid-air
    return ProcessPoolExecutor(processes, mp_context=context, initializer=torch.set_num_threads, initargs=(1,))


def _measure(
    recordings: Iterable[Recording],
    codec: Any,
    folder: Path,
    pool: ProcessPoolExecutor | None,
    advance: Callable[[float], None],
) -> Iterator[Part]:
    """Parts in the order of the recordings; few are under way at a time. `advance` is told the seconds done."""
    folder.mkdir(exist_ok=True)
    tasks = ((recording, codec, folder / f"{i:08d}.f32") for i, recording in enumerate(recordings))
    parts = itertools.starmap(measure, tasks) if pool is None else _spread(tasks, pool, 2 * codec.config.processes)
    for part in parts:
        advance(part.recording.seconds)
        yield part


def _spread(tasks: Iterable[tuple[Any, ...]], pool: ProcessPoolExecutor, most: int) -> Iterator[Part]:
    """The results of tasks in their order, at most `most` of them begun and not yet asked for."""
    waiting: deque[Future[Part]] = deque()
    for task in tasks:
        if len(waiting) == most:
            yield waiting.popleft().result()
        waiting.append(pool.submit(measure, *task))
    while waiting:
        yield waiting.popleft().result()


def measure(recording: Recording, codec: Any, file: Path) -> Part:
    """Read and transform one recording; its frames go to `file`."""
    lengths: list[int] = []
    moments = Moments(codec.dim)
    with file.open("wb") as out:
        for waveforms in _together(segments(recording.audio, recording.spans, codec.config.rate), codec.config.rate):
            for values in codec.measure(waveforms):
                lengths.append(len(values))
                moments.add(values)
                out.write(np.ascontiguousarray(values).data)
    return Part(file, recording, lengths, moments)


def _together(waveforms: Iterable[np.ndarray], rate: int) -> Iterator[list[np.ndarray]]:
    batch: list[np.ndarray] = []
    samples = 0
    for waveform in waveforms:
        if batch and samples + len(waveform) > TOGETHER * rate:
            yield batch
            batch, samples = [], 0
        batch.append(waveform)
        samples += len(waveform)
    if batch:
        yield batch


def _fitted(parts: Iterable[Part], codec: Any, manifest: Path) -> list[Part]:
    """All parts, once the codec has their mean and deviation."""
    found = list(parts)
    moments = Moments(codec.dim)
    for part in found:
        moments.join(part.moments)
    if not moments.frames:
        raise Problem(f"{manifest} has no utterance to take a mean from: look at the corpus, or set normalise: none")
    codec.fit(moments)
    return found


def _write(part: Part, codec: Any, writer: SequenceWriter) -> None:
    with part.file.open("rb") as file:
        for identifier, length in zip(part.recording.ids, part.lengths, strict=True):
            values = np.fromfile(file, np.float32, length * codec.dim).reshape(length, codec.dim)
            writer.add(identifier, codec.normalise(values))
    part.file.unlink()


@contextmanager
def _progress(name: str, manifests: Mapping[str, Path]) -> Iterator[Callable[[float], None]]:
    """A bar over the seconds of audio, on standard error."""
    spans = (record for manifest in manifests.values() for record in read_table(manifest, ["start", "end"]))
    total = sum(record["end"] - record["start"] for record in spans)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"features/{name}", total=total)
        yield lambda seconds: bar.advance(task, seconds)
