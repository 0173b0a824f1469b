"""Universal Dependencies treebanks and other CoNLL-U (https://universaldependencies.org/format.html) → words and tags.

Enters: .conllu files, ten tab-separated columns a word. Leaves: words, universal tags (UPOS) and language-specific tags
(XPOS; `_` where the treebank has none). Multiword ranges (`3-4`) and empty nodes (`5.1`) are left out: the words that
they stand for, or stand between, have lines of their own.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from conllu.exceptions import ParseException
from conllu.parser import parse_line

from pipeline.corpora.splits import Found, Shared, placed, sources
from pipeline.corpora.text import lines
from pipeline.problems import Problem
from pipeline.records import TAGGED_SCHEMA, Record, Reject

COLUMNS = 10
_FIELDS = ("id", "form", "lemma", "upos", "xpos")


@dataclass(frozen=True)
class Line:
    """A line of a sentence."""

    number: int  # in its file
    text: str
    word: Any = None  # its first columns by name; None of a comment, a multiword range, an empty node


class Config(Shared):
    encoding: str = "utf-8"


def schema(config: Config) -> pa.Schema:
    return TAGGED_SCHEMA


def key(config: Config, record: Record) -> list[str]:
    return [" ".join(record["words"])]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The sentences of every file. Raises Problem at a line that is not CoNLL-U."""
    found = sources(config, raw, corpus, default=["**/*.conllu", "**/*.conllu.gz"])
    splits = placed(config, {source.name: source.split for source in found}, corpus)
    for source in found:
        for index, (line, words) in enumerate(_words(source.path, config.encoding), start=1):
            upos = [word["upos"] for word in words]
            if all(tag == "_" for tag in upos) and not any(word["xpos"] for word in words):
                text = " ".join(word["form"] for word in words)
                yield Reject(file=str(source.path), where=f"line {line}", reason="no tags", text=text)
                continue
            record = {
                "id": f"{corpus}-{source.name}-{index:04d}",
                "words": [word["form"] for word in words],
                "upos": upos,
                "xpos": [word["xpos"] or "_" for word in words],
            }
            yield Found(splits[source.name], record, str(source.path), f"line {line}")


def _words(file: Path, encoding: str) -> Iterator[tuple[int, list[Any]]]:
    """(first word's line, words) of each sentence."""
    for found in sentences(lines(file, encoding), file):
        words = [line for line in found if line.word is not None]
        if words:
            yield words[0].number, [line.word for line in words]


def sentences(numbered: Iterable[tuple[int, str]], file: Path | str) -> Iterator[list[Line]]:
    """The lines of each sentence; of the last lines, of what stands behind the last sentence, if anything does.

    Raises Problem at a line that is not CoNLL-U; `file` is how it is called then.
    """
    found: list[Line] = []
    words = 0
    for number, text in numbered:
        if text.startswith("#"):
            found.append(Line(number, text))
        elif text.strip():
            word = _word(file, number, text)
            if word["id"] is None or not word["form"]:
                raise Problem(
                    f"{file}, line {number}: a word without {'an id' if word['id'] is None else 'a form'}: "
                    "number the words of a sentence from 1, and write _ for a form that is not known"
                )
            if not isinstance(word["id"], int):
                found.append(Line(number, text))
                continue
            words += 1
            if word["id"] != words:
                raise Problem(
                    f"{file}, line {number}: word {word['id']} stands where word {words} is due: "
                    "number the words of a sentence from 1, and put an empty line between sentences"
                )
            found.append(Line(number, text, word))
        elif words:
            yield found
            found, words = [], 0
    if found:
        yield found


def _word(file: Path | str, number: int, line: str) -> Any:
    columns = line.split("\t")
    if len(columns) != COLUMNS:
        raise Problem(
            f"{file}, line {number}: {len(columns)} column{'s' * (len(columns) != 1)} where CoNLL-U has {COLUMNS}: "
            "separate columns by one tab, and write _ for an empty one"
        )
    try:
        # conllu also splits at two spaces; a word may hold them.
        return parse_line(re.sub(" {2,}", " ", "\t".join(columns[: len(_FIELDS)])), _FIELDS)
    except ParseException as error:
        raise Problem(f"{file}, line {number}: {error} Mend the line") from None
