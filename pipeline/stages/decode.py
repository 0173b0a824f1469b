"""A trained system and its test source → data/hypotheses/<system>: lines.jsonl, and the files of what is sound."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote

import numpy as np

from pipeline import audio, paths
from pipeline.axes import axes
from pipeline.data import load_side
from pipeline.outcomes import Forecast, OutcomesWriter
from pipeline.params import System, configure, load, row
from pipeline.records import Decoded, Hypothesis, read_field, write_decoded
from pipeline.sequences import read_json
from pipeline.trained import Trained, searching

PICTURED = 8  # sentences whose attention is kept for the report


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    with paths.replacing(paths.hypotheses(name)) as folder:
        start = perf_counter()
        with OutcomesWriter(folder) as beside:
            write_decoded(folder, _decode(name, system, folder, beside))
        _tell(name, folder, perf_counter() - start)


def _decode(name: str, system: System, folder: Path, beside: OutcomesWriter) -> Iterator[Decoded]:
    trained = Trained.open(paths.model(name))
    options: Any = configure(searching(trained.craft).Decode, system.decode, f"systems.{name}.decode")
    source = load_side(system.source, system.corpus, "test")
    target = trained.target
    field = read_json(paths.encoding(system.target) / "codec" / "codec.json")["field"]
    sound = field == "audio"
    focused = sound or hasattr(trained.craft, "axes")  # what it looks at most is asked about: see the metrics
    references = None if sound else read_field(paths.manifest(system.corpus, "test"), field)
    # The first texts; sounds from all over the test set, which stands speaker by speaker.
    stride = -(-len(source.sequences) // PICTURED) if sound else 1
    for i, found in enumerate(trained.decode(source, options)):
        best = found[0]
        beside.add(source.sequences.ids[i], best)
        pictured = i in range(0, PICTURED * stride, stride) and best.attention is not None
        rows, columns = axes(trained, source.sequences[i], best) if pictured or sound else ([], [])
        yield Decoded(
            id=source.sequences.ids[i],
            source=source.values[i] if source.field != "audio" else None,
            reference=references[i] if references is not None else None,
            hypotheses=[] if sound else [_output(target, h) for h in found],
            scores=[round(h.score, 4) for h in found],
            finished=best.finished,
            attention=[[round(w, 3) for w in line] for line in best.attention or []] if pictured else None,
            source_tokens=columns,
            target_tokens=rows,
            audio=_write(folder, source.sequences.ids[i], best) if sound else None,
            focus=np.argmax(best.attention, axis=1).tolist() if focused and best.attention else [],
        )


def _output(target: Any, hypothesis: Hypothesis) -> Any:
    """What is compared with the reference: tokens as the target's codec writes them, or a series' values."""
    return hypothesis.values.tolist() if isinstance(hypothesis, Forecast) else target.decode(hypothesis.tokens)


def _write(folder: Path, identifier: str, hypothesis: Hypothesis) -> str | None:
    """A sound's file, named as seen from the folder; None of one without a sample."""
    if hypothesis.waveform is None or not len(hypothesis.waveform):
        return None
    place = Path("audio") / f"{quote(identifier, safe=' ')}.flac"
    (folder / place).parent.mkdir(exist_ok=True)
    audio.write(folder / place, hypothesis.waveform, hypothesis.rate)
    return place.as_posix()


def _tell(name: str, folder: Path, seconds: float) -> None:
    """How long it took, loading included: for the log alone, since it varies from run to run."""
    said = sum(audio.probe(file).duration for file in folder.glob("audio/*.flac"))
    rate = f", {said / seconds:.1f} times as fast as its {said:.0f} s of sound are played" if said else ""
    print(f"{name}: decoded in {seconds:.1f} s{rate}")
