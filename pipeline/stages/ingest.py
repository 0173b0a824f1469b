"""A raw corpus → data/manifests/<corpus>/{train,dev,test,rejected}.parquet and data/summaries/<corpus>.json.

One pass reads, sorts into splits and measures; a second leaves out the train and dev copies of what is tested on.
Memory holds the hashes of dev and test records' texts, and no more.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import paths
from pipeline.corpora.copies import marks
from pipeline.corpora.splits import Found, Split, amount, drawn
from pipeline.params import configure, craft, load, row
from pipeline.problems import Problem
from pipeline.records import REJECT_SCHEMA, Record, Reject, TableWriter, read_table

NOT_TEXT = ("id", "recording", "speaker", "audio")
# Columns that a record carries between the two passes.
ORIGIN = ("_file", "_where")
LEAKED = "copy of a {} record"
NOTES = 3  # notes of one reason that are printed


def run(name: str) -> None:
    corpus = row(load().corpora, name, "corpora")
    reader: Any = craft("corpora", corpus.kind, f"corpora.{name}")
    config: Any = configure(reader.Config, corpus.options, f"corpora.{name}")
    raw = paths.raw(corpus.raw)
    if not raw.is_dir():
        raise Problem(f"{raw} is missing: run `dvc repro prepare@{corpus.raw}`, or put your files there")
    with paths.replacing(paths.manifests(name)) as folder:
        ingestion = Ingestion(name, reader, config, folder)
        summary = ingestion.run(raw)
        with paths.replacing_file(paths.summary(name)) as file:
            file.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(ingestion.told())


class Ingestion:
    """One corpus on its way into `folder`."""

    def __init__(self, name: str, reader: Any, config: Any, folder: Path) -> None:
        self.name, self.reader, self.config, self.folder = name, reader, config, folder
        self.schema: pa.Schema = reader.schema(config)
        self.wide = self.schema
        for column in ORIGIN:
            self.wide = self.wide.append(pa.field(column, pa.string()))
        self.rejects: Counter[str] = Counter()
        self.left_out = 0  # good records that `keep` does without
        self.keys: dict[str, set[bytes]] = {"test": set(), "dev": set()}
        self.figures = Figures(self.schema)

    def told(self) -> str:
        """What was made, for the person who waits."""
        lines = [f"{self.name}: {self.figures.told()}", f"rejected: {self.rejects.total():,}"]
        lines += [f"  {reason}: {count:,}" for reason, count in self.rejects.most_common()]
        return "\n".join(lines)

    def run(self, raw: Path) -> dict[str, float]:
        """Write the manifests; returns the summary."""
        with TableWriter(self.folder / "rejected.parquet", REJECT_SCHEMA) as rejected:
            with ExitStack() as stack:
                sorted_ = {
                    split: stack.enter_context(TableWriter(self._draft(split), self.wide)) for split in paths.SPLITS
                }
                for item in self._read(raw):
                    if isinstance(item, Reject):
                        self._drop(item, rejected)
                    else:
                        self._keep(item, sorted_)
            for split in paths.SPLITS:
                with TableWriter(self.folder / f"{split}.parquet", self.schema) as table:
                    for record in self._kept(split, self._clean(split, rejected)):
                        self.figures.add(split, record)
                        table.append(record)
                self._draft(split).unlink()
        return self._summary()

    def _read(self, raw: Path) -> Iterator[Found | Reject]:
        """Everything that the craft finds, each record with its split."""
        bounds: tuple[int, int] | None = None
        if self._by_sentence():
            total = sum(isinstance(item, Found) for item in self.reader.read(self.config, raw, self.name))
            bounds = self._bounds(total)
        index = 0
        for item in self.reader.read(self.config, raw, self.name):
            if isinstance(item, Found) and item.split is None and bounds:
                split = "train" if index < bounds[0] else "dev" if index < bounds[1] else "test"
                index += 1
                yield Found(split, item.record, item.file, item.where)
            else:
                yield item

    def _by_sentence(self) -> bool:
        split: Split = self.config.split
        return not isinstance(self.config.files, dict) and split.by == "order" and split.of == "sentence"

    def _bounds(self, total: int) -> tuple[int, int]:
        """Where dev and where test begin."""
        split: Split = self.config.split
        if isinstance(split.dev, list) or isinstance(split.test, list):
            raise Problem(f"corpora.{self.name}.split: names are for whole files or recordings: give shares or numbers")
        test = total - amount(split.test, total)
        dev = test - amount(split.dev, total)
        if total and dev <= 0:
            raise Problem(f"corpora.{self.name}.split: dev and test take all of {total} sentences: make them smaller")
        return dev, test

    def _keep(self, found: Found, tables: dict[str, TableWriter]) -> None:
        assert found.split is not None
        if found.split in self.keys:
            self.keys[found.split] |= self._marks(found.record)
        tables[found.split].append({**found.record, **dict(zip(ORIGIN, (found.file, found.where), strict=True))})

    def _drop(self, reject: Reject, table: TableWriter) -> None:
        self.rejects[reject.reason] += 1
        if reject.note and self.rejects[reject.reason] <= NOTES:
            print(f"rejected: {reject.note}")
        table.append(asdict(reject))

    def _clean(self, split: str, rejected: TableWriter) -> Iterator[Record]:
        """The records of a split without the copies of what later splits are tested on."""
        against = {"train": ("test", "dev"), "dev": ("test",), "test": ()}[split]
        for record in read_table(self._draft(split)):
            file, where = (record.pop(column) for column in ORIGIN)
            found = self._marks(record) if against else set()
            copied = next((other for other in against if found & self.keys[other]), None)
            if copied is None:
                yield record
                continue
            if self.config.leakage == "refuse":
                raise Problem(
                    f"{file}, {where}: {record['id']} ({split}) is a copy of a {copied} record: take it out, "
                    f"or write `leakage: move` under corpora.{self.name}"
                )
            text = " | ".join(side for side in self.reader.key(self.config, record) if side)
            self._drop(Reject(file, where, LEAKED.format(copied), text), rejected)

    def _kept(self, split: str, records: Iterator[Record]) -> Iterator[Record]:
        """Of train the share that the corpus's row keeps; dev and test as they are, so that shares can be compared."""
        for place, record in enumerate(records):
            if split != "train" or drawn(place, self.config.keep):
                yield record
            else:
                self.left_out += 1

    def _marks(self, record: Record) -> set[bytes]:
        return marks(self.reader.key(self.config, record), self.config.alike, self.config.sides)

    def _draft(self, split: str) -> Path:
        return self.folder / f".{split}.draft"

    def _summary(self) -> dict[str, float]:
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.rejects.most_common(5))
        split, use = ("test", "test with") if getattr(self.reader, "TEST_ALONE", False) else ("train", "train on")
        if not self.figures.counts[split]:
            raise Problem(
                f"corpora.{self.name}: no record is left to {use}"
                + (
                    f" (rejected: {reasons}): mend the files, or the options"
                    if reasons
                    else ": check `files` and `split`"
                )
            )
        leaked = sum(self.rejects[LEAKED.format(split)] for split in self.keys)
        return {
            **self.figures.summary(),
            **({"left_out": self.left_out} if self.left_out else {}),
            "leaked": leaked,
            "rejected": self.rejects.total(),
            **{f"rejected_{reason.replace(' ', '_')}": count for reason, count in sorted(self.rejects.items())},
        }


class Figures:
    """What the summary tells of the records: how many, how long, the longest."""

    def __init__(self, schema: pa.Schema) -> None:
        self.timed = "start" in schema.names
        self.worded = "words" in schema.names
        self.series = "future" in schema.names
        self.texts = [field.name for field in schema if field.type == pa.string() and field.name not in NOT_TEXT]
        self.counts = dict.fromkeys(paths.SPLITS, 0)
        self.seconds = dict.fromkeys(paths.SPLITS, 0.0)
        self.recordings: dict[str, set[str]] = {split: set() for split in paths.SPLITS}
        self.longest: dict[str, float] = {}

    def add(self, split: str, record: Record) -> None:
        self.counts[split] += 1
        if self.timed:
            seconds = record["end"] - record["start"]
            self.seconds[split] += seconds
            self.recordings[split].add(record["recording"])
            self._longest("seconds", seconds)
        if self.worded:
            self._longest("words", len(record["words"]))
        elif self.series:
            self._longest("values", len(record["past"]["values"]) + len(record["future"]))
        else:
            self._longest("characters", max(len(record[text] or "") for text in self.texts))

    def _longest(self, unit: str, length: float) -> None:
        self.longest[unit] = max(length, self.longest.get(unit, 0))

    @property
    def noun(self) -> str:
        return "utterances" if self.timed else "series" if self.series else "sentences"

    def told(self) -> str:
        parts = []
        for split, count in self.counts.items():
            hours = f" ({self.seconds[split] / 3600:.2f} h)" if self.timed else ""
            parts.append(f"{count:,} {self.noun}{hours} to {split}")
        return ", ".join(parts) + "; the longest: " + ", ".join(f"{n:,.6g} {unit}" for unit, n in self.longest.items())

    def summary(self) -> dict[str, float]:
        noun = self.noun
        figures: dict[str, float] = {f"{noun}_{split}": count for split, count in self.counts.items()}
        if self.timed:
            figures |= {f"hours_{split}": round(seconds / 3600, 4) for split, seconds in self.seconds.items()}
            figures |= {f"recordings_{split}": len(names) for split, names in self.recordings.items()}
        return figures | {f"longest_{unit}": round(length, 3) for unit, length in self.longest.items()}
