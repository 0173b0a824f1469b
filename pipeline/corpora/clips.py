"""Recordings of one utterance each → utterances: the text comes from the file's name or from a table beside the files.

Enters: sound files in one folder or in nested ones. `name` is a regular expression for their names (without suffix),
whose groups tell what is said (`text`), who speaks (`speaker`), and whatever else `held` chooses dev and test by. Or a
`table` (LJ Speech's metadata.csv, Common Voice's .tsv, LibriSpeech's .trans.txt) has a line a file.
Leaves: an utterance a file, from its beginning to its end.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline.audio import MEDIA, probe
from pipeline.corpora.hearing import Heard, hearing_faults
from pipeline.corpora.splits import Found, Shared, Source, Split, distinct, placed, sources
from pipeline.corpora.text import lines, tidy
from pipeline.problems import Problem, nearest
from pipeline.records import Record, Reject, utterance_schema

_EPSILON = 1e-6  # s

Names = Mapping[str, str]  # group of `name` → what it matched


def _as_text(value: Any) -> Any:
    """YAML reads 0 as a number: keys and values that stand for text become it."""
    if isinstance(value, dict):
        return {str(key): _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _pattern(value: str | None) -> str | None:
    try:
        return value if value is None else re.compile(value).pattern
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None


class Config(Shared, Heard):
    folder: str = "."  # of the recordings, in the raw corpus; nested folders are looked through
    language: Annotated[str, AfterValidator(lambda language: distinct([language])[0])]  # the column of the texts
    name: Annotated[str | None, AfterValidator(_pattern)] = None  # a regular expression for the whole name
    # What a piece of the name stands for, as in `{0: zero, 1: one}`; pieces stand between underscores.
    words: Annotated[dict[str, str], BeforeValidator(_as_text), Field(default_factory=dict)]
    table: str | None = None  # a glob for tables of texts, in the raw corpus
    delimiter: Annotated[str, Field(min_length=1)] = "|"  # "," is read with quotes; after a space, all is text
    # Of the table, by number (from 1) or by the header's names: file, text, speaker.
    columns: Annotated[
        dict[Literal["file", "text", "speaker"], str | Annotated[int, Field(ge=1)]],
        Field(default_factory=lambda: {"file": 1, "text": 2}),
    ]
    speaker: str | None = None  # who speaks in all of them, where neither name nor table tells
    # Groups of `name` → their values, that make dev and test; test is chosen first. Instead of `split`.
    held: Annotated[
        dict[Literal["dev", "test"], dict[str, list[str]]], BeforeValidator(_as_text), Field(default_factory=dict)
    ]
    # What no two splits share: a sentence, or (where few words are all that is ever said) a file.
    once: Literal["sentence", "recording"] = "sentence"
    split: Split = Split(by="recording")
    encoding: str = "utf-8"  # of the tables
    shortest: Annotated[float, Field(ge=0)] = 0.1  # s
    longest: Annotated[float, Field(gt=0)] = 30.0  # s

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, options: Any) -> Any:
        if isinstance(options, dict) and isinstance(options.get("split"), dict):
            options = {**options, "split": {"by": "recording", **options["split"]}}
        return options

    @model_validator(mode="after")
    def _consistent(self) -> "Config":
        if self.name is None and self.table is None:
            raise ValueError("say where the texts are: in the files' `name`, or in a `table`")
        groups = list(re.compile(self.name).groupindex) if self.name else []
        if self.table is None and "text" not in groups:
            raise ValueError(f"name: {self.name!r} has no group (?P<text>...): add it, or state a `table`")
        for chosen in self.held.values():
            for group in chosen:
                if group not in groups:
                    raise ValueError(f"held: `name` has no group {group!r}: {nearest(group, groups)}")
        for column in ("file", "text"):
            if self.table is not None and column not in self.columns:
                raise ValueError(f"columns: {column} is missing: give its number or its name")
        if self.held and ("split" in self.model_fields_set or self.files is not None):
            raise ValueError("held: it names dev and test already: leave `files` and `split` out")
        if self.split.by == "text":
            raise ValueError("split.by: text is for subtitles: take recording, or `held`")
        if ".." in Path(self.folder).parts or Path(self.folder).is_absolute():
            raise ValueError(f"folder: {self.folder!r} does not stay in the raw corpus: give a folder inside it")
        return self


def schema(config: Config) -> pa.Schema:
    return utterance_schema([config.language])


def key(config: Config, record: Record) -> list[str | None]:
    if config.once == "sentence":
        return [record[config.language]]
    return [blake2b(Path(record["audio"]).read_bytes()).hexdigest()]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """An utterance a file. Raises Problem where nothing fits together."""
    globs = [f"**/*{end}" for suffix in sorted(MEDIA) for end in (suffix, suffix.upper())]
    found = sources(config, raw / config.folder, corpus, globs)
    told = _Told(config, raw, corpus, found) if config.table else None
    clips: list[tuple[Source, _Clip | Reject]] = [(source, _clip(config, source, told)) for source in found]
    splits = _splits(config, clips, corpus)
    for source, clip in clips:
        yield clip if isinstance(clip, Reject) else _utterance(config, corpus, source, clip, splits[source.name])
    if told is not None:
        yield from told.unused()


@dataclass(frozen=True)
class _Clip:
    text: str
    speaker: str | None
    groups: Names


def _splits(config: Config, clips: Sequence[tuple[Source, "_Clip | Reject"]], corpus: str) -> dict[str, str | None]:
    good = {source.name: (source, clip) for source, clip in clips if isinstance(clip, _Clip)}
    if not good:
        reject = next(clip for _, clip in clips if isinstance(clip, Reject))
        raise Problem(f"corpora.{corpus}: none of {len(clips)} files has a text; {reject.note}")
    if not config.held:
        return placed(config, {name: source.split for name, (source, _) in good.items()}, corpus)
    splits: dict[str, str | None] = dict.fromkeys(good, "train")
    for split in ("dev", "test"):  # test last: it has what both choose
        wanted = config.held.get(split)
        if wanted:
            chosen = [n for n, (_, clip) in good.items() if all(clip.groups.get(g) in v for g, v in wanted.items())]
            if not chosen:
                raise Problem(f"corpora.{corpus}.held.{split}: no file's name has {wanted}: mend the values")
            splits.update(dict.fromkeys(chosen, split))
    return splits


def _clip(config: Config, source: Source, told: "_Told | None") -> "_Clip | Reject":
    groups: Names = {}
    if config.name is not None:
        match = re.fullmatch(config.name, source.path.stem)
        if match is None:
            return _alone(source.path, "another name", f"it does not match {config.name!r}: rename it, or mend `name`")
        groups = {group: value for group, value in match.groupdict().items() if value is not None}
    text, speaker = groups.get("text", ""), groups.get("speaker", config.speaker)
    if told is not None:
        row = told.row(source)
        if row is None:
            return _alone(source.path, "no text", f"no line of {config.table} has its name: add one")
        text, speaker = row["text"], row.get("speaker", speaker)
    if config.words:
        pieces = [piece for piece in re.split(r"[_\s]+", text) if piece]
        for piece in pieces:
            if piece not in config.words:
                hint = nearest(piece, config.words)
                return _alone(source.path, "unknown word", f"`words` does not tell what {piece!r} stands for: {hint}")
        text = " ".join(config.words[piece] for piece in pieces)
    text = tidy(text)
    if not any(character.isalnum() for character in text):
        return _alone(source.path, "no words", f"its text is {text!r}: write what is said")
    return _Clip(text, speaker, groups)


def _utterance(config: Config, corpus: str, source: Source, clip: _Clip, split: str | None) -> Found | Reject:
    try:
        duration = probe(source.path).duration
        reason = _length_fault(config, duration) or next(hearing_faults(config, source.path, [(0.0, duration)]))
    except Problem as problem:  # one bad clip of many is no reason to stop, as a whole episode would be
        return Reject(str(source.path), "", "unreadable", clip.text, note=str(problem))
    if reason:
        return Reject(str(source.path), "", reason, clip.text)
    record = {
        "id": f"{corpus}-{source.name}-0001",
        "recording": source.name,
        "speaker": clip.speaker,
        "audio": source.path.as_posix(),
        "start": 0.0,
        "end": duration,
        config.language: clip.text,
    }
    return Found(split, record, str(source.path), "")


def _length_fault(config: Config, duration: float) -> str:
    if duration < config.shortest - _EPSILON:
        return "too short"
    return "too long" if duration > config.longest + _EPSILON else ""


def _alone(file: Path, reason: str, remedy: str) -> Reject:
    return Reject(str(file), "", reason, "", note=f"{file}: {reason}: {remedy}")


class _Told:
    """What the tables tell: a row a file, which is named by its path, its name or its stem."""

    def __init__(self, config: Config, raw: Path, corpus: str, found: Sequence[Source]) -> None:
        assert config.table is not None
        self.config, self.corpus = config, corpus
        tables = sorted(path for path in raw.glob(config.table) if path.is_file())
        if not tables:
            raise Problem(f"corpora.{corpus}.table: nothing in {raw} matches {config.table!r}: mend it")
        self.rows: dict[str, dict[str, str]] = {}
        self.where: dict[str, tuple[Path, str]] = {}
        self.used: set[str] = set()
        for table in tables:
            for where, row in self._read(table):
                name = row["file"].removeprefix("./")
                if name in self.rows:
                    raise Problem(f"{table}, {where}: {name} has a line already: leave one of them out")
                self.rows[name], self.where[name] = row, (table, where)
        self.folder = raw / config.folder

    def row(self, source: Source) -> dict[str, str] | None:
        path = source.path.relative_to(self.folder)
        for name in (path.as_posix(), path.with_suffix("").as_posix(), path.name, path.stem):
            if name in self.rows:
                self.used.add(name)
                return self.rows[name]
        return None

    def unused(self) -> Iterator[Reject]:
        for name, row in self.rows.items():
            if name not in self.used:
                table, where = self.where[name]
                yield Reject(
                    str(table), where, "no recording", row["text"], note=f"{table}, {where}: {name} is missing"
                )

    def _read(self, table: Path) -> Iterator[tuple[str, dict[str, str]]]:
        places: dict[str, int] | None = None
        for number, cells in self._cells(table):
            if places is None:
                header = any(isinstance(column, str) for column in self.config.columns.values())
                places = self._places(table, cells)
                if header:
                    continue
            if len(cells) <= max(places.values()):
                raise Problem(
                    f"{table}, line {number}: {len(cells)} columns where {max(places.values()) + 1} are due: "
                    f"separate columns by {self.config.delimiter!r}, or mend corpora.{self.corpus}.delimiter"
                )
            yield f"line {number}", {name: cells[place].strip() for name, place in places.items()}

    def _cells(self, table: Path) -> Iterator[tuple[int, list[str]]]:
        rows = ((number, line) for number, line in lines(table, self.config.encoding) if line.strip())
        if self.config.delimiter == ",":
            numbers = []

            def fed() -> Iterator[str]:
                for number, line in rows:
                    numbers.append(number)
                    yield line + "\n"

            for cells in csv.reader(fed()):
                yield numbers[-1], cells
        else:
            most = max((c for c in self.config.columns.values() if isinstance(c, int)), default=0) - 1
            for number, line in rows:
                yield (
                    number,
                    line.split(None, most) if self.config.delimiter == " " else line.split(self.config.delimiter),
                )

    def _places(self, table: Path, cells: Sequence[str]) -> dict[str, int]:
        places: dict[str, int] = {}
        for name, column in self.config.columns.items():
            if isinstance(column, int):
                places[name] = column - 1
            elif column in cells:
                places[name] = cells.index(column)
            else:
                raise Problem(
                    f"{table}, line 1: no column {column!r}: {nearest(column, cells)} "
                    f"Mend corpora.{self.corpus}.columns"
                )
        return places
