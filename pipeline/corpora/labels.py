"""Texts with labels, from tables and JSON lines → a text with all of its labels, or with the one it has.

Enters, plain or .gz: .jsonl (an object a line), .csv (quoted cells may hold line ends) and .tsv (no quotes), both with
the names of their columns in the first line. A field of several labels is a list in JSON, and in a table one cell with
the labels between `between`. Leaves: a record a text; `labels` as a list, the most frequent of train first, and `label`
as a list of one. A text of dev or test with a label that train lacks is rejected.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field, model_validator

from pipeline.corpora.splits import Found, Shared, Source, placed, sources
from pipeline.corpora.text import lines, tidy
from pipeline.problems import Problem, nearest
from pipeline.records import WORDS, Record, Reject

ENDS = ("jsonl", "csv", "tsv")
SHOWN = 200  # characters of a rejected text


class Config(Shared):
    text: str = "text"  # what the files call the text
    labels: str = ""  # and the several labels that a text may have; empty: there are none
    label: str = ""  # and the one label that each text has; empty: there is none
    between: str = Field(";", min_length=1)  # labels in one cell of a table
    encoding: str = "utf-8"

    @model_validator(mode="after")
    def _labelled(self) -> "Config":
        if not self.labels and not self.label:
            raise ValueError("say what the files call the labels: `labels` (several a text) or `label` (one a text)")
        return self

    @property
    def asked(self) -> dict[str, str]:
        """Field of a record → what the files call it."""
        return {field: name for field, name in (("labels", self.labels), ("label", self.label)) if name}


def schema(config: Config) -> pa.Schema:
    return pa.schema([("id", pa.string()), ("text", pa.string()), *((field, WORDS) for field in config.asked)])


def key(config: Config, record: Record) -> list[str]:
    return [record["text"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The texts of every file. Raises Problem where a file cannot be read in its form, or lacks a column."""
    found = sources(config, raw, corpus, default=[f"**/*.{end}{packed}" for end in ENDS for packed in ("", ".gz")])
    splits = placed(config, {source.name: source.split for source in found}, corpus)
    counts = _counted(config, found, splits)
    for source in found:
        split = splits[source.name]
        for index, (number, cells) in enumerate(_rows(config, source.path), start=1):
            where = f"line {number}"
            text, labels = tidy(_text(cells, config.text)), _labels(config, cells)
            reason = "no text" if not text else "not one label" if len(labels.get("label", ".")) != 1 else ""
            note = ""
            unknown = [(f, label) for f in labels for label in labels[f] if not counts[f][label]]
            if not reason and unknown:
                field, label = unknown[0]
                reason = "unknown label"
                note = (
                    f"{source.path}, {where}: no training text has the label {label!r}: {nearest(label, counts[field])}"
                )
            if reason:
                yield Reject(str(source.path), where, reason, text[:SHOWN], note)
                continue
            for field, given in labels.items():
                labels[field] = sorted(sorted(given), key=counts[field].__getitem__, reverse=True)
            record = {"id": f"{corpus}-{source.name}-{index:05d}", "text": text, **labels}
            yield Found(split, record, str(source.path), where)


def _counted(config: Config, found: list[Source], splits: Mapping[str, str | None]) -> dict[str, Counter[str]]:
    """How often each label stands in the files of train. Where texts go to splits one by one: in all files."""
    counts: dict[str, Counter[str]] = {field: Counter() for field in config.asked}
    for source in found:
        if splits[source.name] in ("train", None):
            for _, cells in _rows(config, source.path):
                for field, labels in _labels(config, cells).items():
                    counts[field].update(labels)
    return counts


def _labels(config: Config, cells: Mapping[str, Any]) -> dict[str, list[str]]:
    """Field → its labels, each once."""
    found = {}
    for field, name in config.asked.items():
        value = cells[name]
        if isinstance(value, str):
            value = value.split(config.between) if field == "labels" else [value]
        found[field] = [label for label in dict.fromkeys(map(tidy, value)) if label]
    return found


def _text(cells: Mapping[str, Any], name: str) -> str:
    value = cells[name]
    return value if isinstance(value, str) else " ".join(value)


Row = tuple[int, Mapping[str, Any]]  # line, column → text or list of texts


def _rows(config: Config, file: Path) -> Iterator[Row]:
    end = Path(file.name.removesuffix(".gz")).suffix[1:]
    if end not in ENDS:
        raise Problem(f"{file}: labels are read from {', '.join(ENDS)}: write it as one of them, or mend `files`")
    wanted = [config.text, *config.asked.values()]
    return _objects(config, file, wanted) if end == "jsonl" else _table(config, file, wanted, end)


def _objects(config: Config, file: Path, wanted: list[str]) -> Iterator[Row]:
    for number, line in lines(file, config.encoding):
        if not line.strip():
            continue
        place = f"{file}, line {number}"
        try:
            content = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            raise Problem(f"{place} is not JSON: write an object with {_listed(wanted)} a line") from None
        if not isinstance(content, dict):
            raise Problem(f"{place} is no object: write {_listed(wanted)} as its fields")
        for name in wanted:
            value = content.get(name)
            if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
                raise Problem(f"{place}: `{name}` is missing, or neither text nor a list of texts: mend it")
        yield number, content


def _table(config: Config, file: Path, wanted: list[str], end: str) -> Iterator[Row]:
    numbered = (f"{line}\n" for _, line in lines(file, config.encoding))
    if end == "tsv":
        table = csv.reader(numbered, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        table = csv.reader(numbered, strict=True)
    header: list[str] = []
    begun = 1
    try:
        for cells in table:
            line, begun = begun, table.line_num + 1
            if not cells:
                continue
            if not header:
                header = [cell.strip() for cell in cells]
                for name in wanted:
                    if name not in header:
                        raise Problem(
                            f"{file}, line {line}: there is no column {name!r}: {nearest(name, header)}: name the "
                            "columns in the first line, and state `text`, `labels` or `label` as they are called there"
                        )
                continue
            if len(cells) != len(header):
                raise Problem(
                    f"{file}, line {line}: {len(cells)} cell{'s' * (len(cells) != 1)} where the first line has "
                    f"{len(header)}: {'one tab between cells' if end == 'tsv' else 'quote a cell that holds a comma'}"
                )
            yield line, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise Problem(f"{file}, line {begun}: no row of a table ({error}): mend its quotes") from None


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
