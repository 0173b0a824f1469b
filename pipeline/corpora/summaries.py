"""Texts with summaries, as JSON lines → a text and its summary. SciTLDR (Apache 2.0; https://github.com/allenai/scitldr;
Cachola et al. 2020) is in this form: scientific abstracts in one sentence.

Enters: .jsonl, plain or .gz; a line is an object with `source` (the text's sentences, or the whole text) and `target`
(its summaries, or the one), and `source_labels` where extracts are asked for. Leaves: in train a record for each
summary; in test a record for each text, with all of its summaries, one a line, for a metric that takes several
(`rouge`); elsewhere, and where sentences go to splits one by one, a record for each text with its first summary.
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
    # Train also on the sentences that the file marks by 1 in `source_labels`, as one more summary of their text: where
    # summaries are few, what is worth being copied is learnt from them.
    extracts: bool = False


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
            place = f"{source.path}, {where}"
            content = _parsed(line, place)
            text = tidy(" ".join(_strings(content, "source", place)))
            summaries = [summary for summary in map(tidy, _strings(content, "target", place)) if summary]
            if not text or not summaries:
                reason = "no summary" if text else "no text"
                yield Reject(file=str(source.path), where=where, reason=reason, text=text[:SHOWN])
                continue
            split = splits[source.name]
            if config.extracts and split == "train":
                summaries += _extract(content, place)
            for summary in _told(summaries, split):
                index += 1
                record = {"id": f"{corpus}-{source.name}-{index:04d}", "text": text, "summary": summary}
                yield Found(split, record, str(source.path), where)


def _told(summaries: list[str], split: str | None) -> list[str]:
    """The field `summary` of each record that a text makes."""
    if split == "train":
        return summaries
    return ["\n".join(summaries)] if split == "test" else summaries[:1]


def _extract(content: dict[str, Any], place: str) -> list[str]:
    """The marked sentences as one summary, if there are any."""
    sentences, labels = _strings(content, "source", place), content.get("source_labels")
    if not isinstance(labels, list) or len(labels) != len(sentences):
        raise Problem(
            f"{place}: `source_labels` is not a list of a 0 or a 1 for each sentence: mend it, or leave extracts out"
        )
    extract = tidy(" ".join(sentence for sentence, label in zip(sentences, labels, strict=True) if label == 1))
    return [extract] if extract else []


def _parsed(line: str, place: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise Problem(f"{place} is not JSON: write an object with `source` and `target` a line") from None
    if not isinstance(content, dict):
        raise Problem(f"{place} is no object: write `source` and `target` as its fields")
    return content


def _strings(content: dict[str, Any], name: str, place: str) -> list[str]:
    value = content.get(name)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise Problem(f"{place}: `{name}` is missing, or neither text nor a list of texts: mend it")
    return values
