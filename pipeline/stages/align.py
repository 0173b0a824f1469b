"""A subtitled corpus and a recogniser → data/ledgers/<name>.parquet, data/manifests/<name>/ and a summary.

The training recordings are heard, and every cue of theirs is judged, those too that ingestion dropped. Train holds the
cues that are kept, at their new times; dev and test are the corpus's own, so that all trainings are tested on the same.
Where planted faults stand beside the recordings, the summary tells how many of them were found.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa
from rich.progress import track as progress

from pipeline import paths, planted
from pipeline.alignment import Config
from pipeline.alignment.hearing import Letters, hear
from pipeline.alignment.language import Languages
from pipeline.alignment.ledger import FAULTS, GOOD, KEPT, SCHEMA, Row
from pipeline.alignment.planted import Planted, compare, expected
from pipeline.alignment.verdicts import Recording, Shown, judge, sound, threshold
from pipeline.corpora.copies import marks
from pipeline.corpora.cues import unspoken
from pipeline.corpora.splits import RESERVED
from pipeline.params import Corpus, configure, craft, load, row
from pipeline.problems import Problem
from pipeline.records import REJECT_SCHEMA, Record, Reject, read_field, read_table, write_table
from pipeline.trained import Trained

LEAKED = "copy of a dev or test record"


def run(name: str) -> None:
    params = load()
    alignment = row(params.alignments, name, "alignments")
    config = configure(Config, alignment.options, f"alignments.{name}")
    source = Source(alignment.corpus, params.corpora[alignment.corpus])
    languages = Languages(_texts(alignment.texts, source.spoken, name))
    recogniser = Trained.open(paths.model(alignment.system))
    letters = Letters(recogniser.target)
    heard = [
        sound(track.recording, _shown(track), hear(recogniser, letters, track.media), letters, config)
        for track in progress(source.tracks, description=name)
    ]
    least = threshold(heard) if config.least is None else config.least
    if least is None:
        raise Problem(
            f"alignments.{name}: {alignment.system} can hardly tell one text of {alignment.corpus} from another: train "
            f"a better recogniser of {source.spoken}, see that these are the recordings' subtitles, or give `least`"
        )
    ledger = [judge(recording, letters, languages, source.spoken, least, config) for recording in heard]
    _choose(ledger, config.best)
    records = list(source.kept(name, ledger))
    rows = [found for recording in ledger for found in recording]
    write_table(paths.ledger(name), (asdict(found) for found in rows), SCHEMA)
    if not records:
        raise Problem(
            f"alignments.{name}: no cue of {alignment.corpus} is kept: look into {paths.ledger(name)}, "
            "or give a lower `least`"
        )
    with paths.replacing(paths.manifests(name)) as folder:
        write_table(folder / "train.parquet", records, source.schema)
        write_table(folder / "rejected.parquet", source.rejects(ledger), REJECT_SCHEMA)
        for split in ("dev", "test"):
            shutil.copyfile(paths.manifest(alignment.corpus, split), folder / f"{split}.parquet")
    summary = {**_figures(rows, records, heard), "least": least, **source.compared(ledger)}
    with paths.replacing_file(paths.summary(name)) as file:
        file.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    _tell(name, summary)


class Source:
    """The corpus that is aligned."""

    def __init__(self, name: str, corpus: Corpus):
        self.name = name
        self.reader: Any = craft("corpora", corpus.kind, f"corpora.{name}")
        self.config: Any = configure(self.reader.Config, corpus.options, f"corpora.{name}")
        if not hasattr(self.reader, "tracks") or self.config.spoken is None:
            raise Problem(f"corpora.{name} has no cues in the language that is spoken: there is nothing to align")
        self.spoken: str = self.config.spoken
        self.schema: pa.Schema = self.reader.schema(self.config)
        raw = paths.raw(corpus.raw)
        self.tracks = [t for t in self.reader.tracks(self.config, raw, name) if t.split == "train"]
        if not self.tracks:
            raise Problem(f"corpora.{name} has no recording to train on as a whole: split it by recording")

    def kept(self, alignment: str, ledger: list[list[Row]]) -> Iterator[Record]:
        """The records of the cues that are kept; one that cannot be a record is not, the ledger then says why."""
        tested = {
            mark
            for split in ("dev", "test")
            for record in read_table(paths.manifest(self.name, split))
            for mark in self._marks(record)
        }
        for track, rows in zip(self.tracks, ledger, strict=True):
            times = {found.cue: (found.start, found.end) for found in rows if found.kept}
            records = self.reader.retimed(self.config, track, times, alignment)
            for found in rows:
                if not found.kept:
                    continue
                record = records.get(found.cue)
                if record is None:
                    found.kept, found.reason = False, "too short, too long, or without its translation"
                elif tested & self._marks(record):
                    found.kept, found.reason = False, LEAKED
                else:
                    yield record

    def _marks(self, record: Record) -> set[bytes]:
        return marks(self.reader.key(self.config, record), self.config.alike, self.config.sides)

    def rejects(self, ledger: list[list[Row]]) -> Iterator[Record]:
        for track, rows in zip(self.tracks, ledger, strict=True):
            for found in rows:
                if not found.kept:
                    time = found.old_start if found.old_start is not None else found.start
                    reason = found.reason if found.verdict in KEPT else found.verdict.replace("_", " ")
                    text = found.heard if found.text is None else found.text
                    where = self.reader.clock(time)
                    yield asdict(Reject(str(track.file), where, reason, text, f"{where}: {found.reason}"))

    def compared(self, ledger: list[list[Row]]) -> dict[str, float]:
        """The figures of `planted.compare`; nothing where no fault was planted."""
        pairs: list[tuple[list[Row], list[Planted]]] = []
        for track, rows in zip(self.tracks, ledger, strict=True):
            file = planted.place(track.media)
            if file.is_file():
                pairs.append((rows, expected(planted.read(file), unspoken)))
        return compare(pairs) if pairs else {}


def _choose(ledger: list[list[Row]], best: float) -> None:
    """Mark as kept the cues whose text is right: all, or the share of them that fits best."""
    right = [row for rows in ledger for row in rows if row.verdict in KEPT]
    ranked = sorted(right, key=lambda row: -(row.score or 0.0))
    for place, found in enumerate(ranked):
        found.kept = place < round(best * len(ranked))
        if not found.kept:
            found.reason = "others fit better"


def _shown(track: Any) -> list[Shown]:
    return [Shown(cue.number, cue.start, cue.end, cue.text, cue.fault) for cue in track.cues]


def _texts(corpus: str, spoken: str, alignment: str) -> dict[str, list[str]]:
    """Language → training texts, the spoken one first."""
    manifest = paths.manifest(corpus, "train")
    first = next(read_table(manifest), {})
    languages = [name for name, value in first.items() if name not in RESERVED and isinstance(value, str | None)]
    if spoken not in languages:
        raise Problem(
            f"alignments.{alignment}.texts: {corpus} has no texts in {spoken}, which is spoken: name another corpus"
        )
    ordered = [spoken, *(language for language in languages if language != spoken)]
    return {language: [text for text in read_field(manifest, language) if text] for language in ordered}


def _figures(rows: list[Row], records: list[Record], heard: list[Recording]) -> dict[str, float]:
    found = Counter(r.verdict for r in rows)
    seconds = sum(record["end"] - record["start"] for record in records)
    return {
        "cues": sum(r.cue is not None for r in rows),
        "kept": len(records),
        "hours_kept": round(seconds / 3600, 4),
        "hours_heard": round(sum(r.steps * r.step for r in heard) / 3600, 4),
        **{f"found_{verdict}": found[verdict] for verdict in (GOOD, *FAULTS)},
    }


def _tell(name: str, summary: dict[str, float]) -> None:
    hours, least = summary["hours_kept"], summary["least"]
    print(f"{name}: {summary['kept']} of {summary['cues']} cues are kept ({hours:.2f} h), least score {least:.2f}")
    for verdict in (GOOD, *FAULTS):
        told = f"  {verdict}: {summary[f'found_{verdict}']}"
        if f"{verdict}_planted" in summary:
            scores = (f"{part} {summary.get(f'{verdict}_{part}', 'undefined')}" for part in ("precision", "recall"))
            told += f" ({summary[f'{verdict}_planted']} planted; {', '.join(scores)})"
        print(told)
    if "f1" in summary:
        print(f"  over all faults: F1 {summary['f1']}; any fault told from none: F1 {summary['flagged_f1']}")
