"""A trained system and its test source → data/hypotheses/<system>.jsonl."""

from collections.abc import Iterator
from typing import Any

from pipeline import paths
from pipeline.data import load_codec, load_side
from pipeline.params import System, configure, craft, load, row
from pipeline.records import Decoded, read_field, write_decoded
from pipeline.sequences import read_json

PICTURED = 8  # sentences whose attention is kept for the report


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    write_decoded(paths.hypotheses(name), _decode(name, system))


def _decode(name: str, system: System) -> Iterator[Decoded]:
    architecture = craft("models", system.model.kind, f"systems.{name}.model")
    options: Any = configure(architecture.Decode, system.decode, f"systems.{name}.decode")
    source = load_side(system.source, system.corpus, "test")
    target = load_codec(system.target)
    field = read_json(paths.encoding(system.target) / "codec" / "codec.json")["field"]
    references = read_field(paths.manifest(system.corpus, "test"), field)
    model = architecture.load(paths.model(name))
    for i, found in enumerate(architecture.decode(model=model, source=source, target=target, options=options)):
        best = found[0]
        pictured = i < PICTURED and best.attention is not None
        seen = int(source.sequences.lengths[i]) + 1  # END counts; the rest is the batch's padding
        yield Decoded(
            id=source.sequences.ids[i],
            source=source.values[i] if source.field != "audio" else None,
            reference=references[i],
            hypotheses=[target.decode(h.tokens) for h in found],
            scores=[round(h.score, 4) for h in found],
            finished=best.finished,
            attention=[[round(w, 3) for w in line[:seen]] for line in best.attention or []] if pictured else None,
            source_tokens=source.codec.tokens(source.sequences[i])
            if pictured and hasattr(source.codec, "tokens")
            else [],
            target_tokens=target.tokens(best.tokens) if pictured else [],
        )
