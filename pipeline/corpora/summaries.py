"""Texts with summaries, as JSON lines → a text and its summary. SciTLDR (Apache 2.0; https://github.com/allenai/scitldr;
Cachola et al. 2020) is in this form: scientific abstracts in one sentence.

Enters: .jsonl, plain or .gz; a line is an object with `source` (the text's sentences, or the whole text) and `target`
(its summaries, or the one). Leaves: in train and dev a record for each summary; in test a record for each text, with
all of its summaries, one a line, for a metric that takes several (`rouge`). Where sentences go to splits one by one,
the first summary is the text's.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.corpora.splits import Found, Shared, placed, sources
from pipeline.corpora.text import lines, tidy
from pipeline.problems import Problem
from pipeline.records import Record, Reject

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("summary", pa.string())])
SHOWN = 200  # characters of a rejected text


class Config(Shared):
    encoding: str = "utf-8"


def schema(config: Config) -> pa.Schema:
    return SCHEMA


def key(config: Config, record: Record) -> list[str]:
    return [record["text"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The texts of every file. Raises Problem at a line that is not JSON, or not in this form."""
    found = sources(config, raw, corpus, default=["**/*.jsonl", "**/*.jsonl.gz"])
    splits = placed(config, {source.name: source.split for source in found}, corpus)
    for source in found:
        index = 0
        for number, line in lines(source.path, config.encoding):
            if not line.strip():
                continue
            where = f"line {number}"
            text, summaries = _parsed(line, f"{source.path}, {where}")
            if not text or not summaries:
                reason = "no summary" if text else "no text"
                yield Reject(file=str(source.path), where=where, reason=reason, text=text[:SHOWN])
                continue
            split = splits[source.name]
            for summary in _told(summaries, split):
                index += 1
                record = {"id": f"{corpus}-{source.name}-{index:04d}", "text": text, "summary": summary}
                yield Found(split, record, str(source.path), where)


def _told(summaries: list[str], split: str | None) -> list[str]:
    """The field `summary` of each record that a text makes."""
    if split is None:
        return summaries[:1]
    return ["\n".join(summaries)] if split == "test" else summaries


def _parsed(line: str, place: str) -> tuple[str, list[str]]:
    """The text and its summaries, those that say nothing left out."""
    try:
        content = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise Problem(f"{place} is not JSON: write an object with `source` and `target` a line") from None
    if not isinstance(content, dict):
        raise Problem(f"{place} is no object: write `source` and `target` as its fields")
    source, target = (_strings(content, name, place) for name in ("source", "target"))
    return tidy(" ".join(source)), [summary for summary in map(tidy, target) if summary]


def _strings(content: dict[str, Any], name: str, place: str) -> list[str]:
    value = content.get(name)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise Problem(f"{place}: `{name}` is missing, or neither text nor a list of texts: mend it")
    return values
