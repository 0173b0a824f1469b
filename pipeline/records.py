"""The rows of manifests and of hypotheses, as pyarrow schemas; read and write them.

Every manifest has an `id` (`<corpus>-<recording or file>-<index>`) and its fields, each a column:
text (string), words or tags (list of strings), or audio (a path with start and end in seconds).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.paths import replacing_file
from pipeline.problems import Problem, nearest

WORDS = pa.list_(pa.string())
READ = 4096  # records held at a time while a table is read


def utterance_schema(languages: Sequence[str]) -> pa.Schema:
    """A timed piece of a recording: `audio` is a path in the workspace, times are seconds; a text a language."""
    return pa.schema(
        [
            ("id", pa.string()),
            ("recording", pa.string()),
            ("speaker", pa.string()),
            ("audio", pa.string()),
            ("start", pa.float64()),
            ("end", pa.float64()),
            *((language, pa.string()) for language in languages),
        ]
    )


def pair_schema(languages: Sequence[str]) -> pa.Schema:
    """A sentence in several languages, a column each."""
    return pa.schema([("id", pa.string()), *((language, pa.string()) for language in languages)])


# Gold words with universal and language-specific tags, from CoNLL-U.
TAGGED_SCHEMA = pa.schema([("id", pa.string()), ("words", WORDS), ("upos", WORDS), ("xpos", WORDS)])

# A constituency tree as one bracketed line, with its words and part-of-speech tags.
TREE_SCHEMA = pa.schema([("id", pa.string()), ("words", WORDS), ("tags", WORDS), ("tree", pa.string())])


@dataclass(frozen=True)
class Reject:
    """What ingestion dropped, and why. `where` is a line (`line 12`) or a time (`00:01:02.500`)."""

    file: str
    where: str
    reason: str  # a short constant, counted in the summary: `overlapping`, `empty text`, ...
    text: str
    note: str = ""  # the item, what exactly is wrong with it and the remedy, where there is one


REJECT_SCHEMA = pa.schema([(name, pa.string()) for name in ("file", "where", "reason", "text", "note")])

Record = Mapping[str, Any]


class TableWriter:
    """A Parquet file under way: records are buffered and written in chunks. The same records are the same bytes."""

    def __init__(self, path: Path, schema: pa.Schema, chunk: int = 10_000) -> None:
        self.count = 0
        self._schema, self._chunk = schema, chunk
        self._buffer: list[Record] = []
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def append(self, record: Record) -> None:
        self._buffer.append(record)
        self.count += 1
        if len(self._buffer) == self._chunk:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._buffer, schema=self._schema))
        self._buffer.clear()


def write_table(path: Path, records: Iterable[Record], schema: pa.Schema) -> int:
    """Write records to Parquet; returns how many. `path` changes only when all are written."""
    with replacing_file(path) as partial, TableWriter(partial, schema) as table:
        for record in records:
            table.append(record)
    return table.count


def read_table(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """The records of a Parquet file, one after another, without holding the file in memory.

    Raises Problem if the file is missing or lacks a column.
    """
    if not path.is_file():
        raise Problem(f"{path} is missing: run `dvc repro` first, or `dvc pull` it")
    with pq.ParquetFile(path) as file:
        for column in columns or ():
            if column not in file.schema_arrow.names:
                raise Problem(f"{path} has no field {column!r}: {nearest(column, file.schema_arrow.names)}")
        for batch in file.iter_batches(batch_size=READ, columns=list(columns) if columns else None):
            yield from batch.to_pylist()


def read_field(path: Path, name: str) -> list[Any]:
    """One column of a manifest: a text a record, or a list of words a record."""
    return [record[name] for record in read_table(path, [name])]


@dataclass(frozen=True)
class Hypothesis:
    """One output of a system, best first in its n-best list: target tokens of a search, or sound."""

    tokens: list[int]  # without BOS and END; none where the output is sound
    score: float  # log-probability as the search ranks it (length-normalised where the search does)
    finished: bool = True  # False: cut at the length limit
    # [U, T]: a row an output token; where the output is sound, a row a step of it (1 in the column of the source token
    # that it belongs to, where durations say so). Failures of synthesis are told from it, so it is always given there.
    attention: list[list[float]] | None = None
    waveform: np.ndarray | None = None  # [S] float32, about [-1, 1]: the output, where that is sound
    rate: int = 0  # Hz, of the waveform


@dataclass(frozen=True)
class Decoded:
    """A line of data/hypotheses/<system>/lines.jsonl."""

    id: str
    source: str | list[str] | None  # None where the source is audio
    reference: str | list[str] | None  # None where the target is audio
    hypotheses: list[str | list[str]]  # n-best, as the target's codec writes them; none where the output is sound
    scores: list[float]
    finished: bool
    attention: list[list[float]] | None = None
    source_tokens: list[str] = field(default_factory=list)  # the columns of the attention
    target_tokens: list[str] = field(default_factory=list)  # its rows
    audio: str | None = None  # the output, where it is sound: a file in the folder that holds the lines
    focus: list[int] = field(default_factory=list)  # the source token that each step of a sound attends to most

    @property
    def best(self) -> Any:
        """The best output; of sound, its file."""
        return self.hypotheses[0] if self.hypotheses else self.audio


LINES = "lines.jsonl"


def write_decoded(folder: Path, lines: Iterable[Decoded]) -> None:
    with replacing_file(folder / LINES) as partial, partial.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")


def read_decoded(folder: Path) -> Iterator[Decoded]:
    path = folder / LINES
    if not path.is_file():
        raise Problem(f"{path} is missing: run `dvc repro` first, or `dvc pull` it")
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Decoded(**json.loads(line))
