"""Parallel text → a sentence in several languages.

Enters, plain or .gz, by suffix: line-aligned files with the language in the name (`train.en.gz` beside `train.de.gz`);
.tsv with a column a language; .tmx (https://www.gala-global.org/tmx-14b), read by a parser that refuses entity bombs.
Leaves: a record a line, row or unit that has text in every language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any
from xml.etree.ElementTree import Element, ParseError

import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from pydantic import AfterValidator, Field

from pipeline.corpora.splits import Found, Multilingual, Source, distinct, placed, sources
from pipeline.corpora.text import lines, open_bytes
from pipeline.problems import Problem, nearest
from pipeline.records import Record, Reject, pair_schema

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_MARKUP = {"bpt", "ept", "it", "ph", "ut"}  # TMX's elements that hold another format's codes, not text


class Config(Multilingual):
    languages: Annotated[list[str], Field(min_length=1), AfterValidator(distinct)]
    # TSV: language → the name or the number (from 1) of its column; a language is its own name otherwise.
    columns: Annotated[dict[str, str | Annotated[int, Field(ge=1)]], Field(default_factory=dict)]
    # A pair is rejected if one language has more than `ratio` times the characters of another.
    ratio: Annotated[float, Field(gt=1)] | None = None
    encoding: str = "utf-8"


def schema(config: Config) -> pa.Schema:
    return pair_schema(config.languages)


def key(config: Config, record: Record) -> list[str]:
    return [record[language] for language in config.languages]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The pairs of every file. Raises Problem where files do not fit together or cannot be read."""
    suffixes = [config.suffix(language) for language in config.languages]
    ends = [f".{suffix}{end}" for suffix in suffixes for end in ("", ".gz", ".txt", ".txt.gz")]
    default = [f"**/*{end}" for end in (".tsv", ".tsv.gz", ".tmx", ".tmx.gz", *ends)]
    groups: dict[str, list[Source]] = {}
    for source in sources(config, raw, corpus, default, suffixes):
        groups.setdefault(source.name, []).append(source)
    splits = placed(config, {name: group[0].split for name, group in groups.items()}, corpus)
    for name, group in groups.items():
        for index, (file, where, texts) in enumerate(_rows(config, group, corpus), start=1):
            reason = _fault(config, texts)
            if reason:
                shown = " | ".join(text for text in texts.values() if text)
                yield Reject(file=str(file), where=where, reason=reason, text=shown)
            else:
                yield Found(splits[name], {"id": f"{corpus}-{name}-{index:04d}", **texts}, str(file), where)


Row = tuple[Path, str, dict[str, str]]  # file, where, language → text ("" where there is none)


def _rows(config: Config, group: Sequence[Source], corpus: str) -> Iterator[Row]:
    """A group is one .tsv, one .tmx, or the files that differ in their language alone."""
    forms = {_form(source.path) for source in group}
    if forms == {"aligned"}:
        yield from _aligned(config, _by_language(config, group, corpus))
    elif len(group) > 1:
        shown = ", ".join(str(source.path) for source in group)
        raise Problem(f"{shown} have one name between them: choose with corpora.{corpus}.files, or rename one")
    elif forms == {"tsv"}:
        yield from _table(config, group[0].path, corpus)
    else:
        yield from _memory(config, group[0].path)


def _form(file: Path) -> str:
    suffix = Path(file.name.removesuffix(".gz")).suffix
    return suffix[1:] if suffix in (".tsv", ".tmx") else "aligned"


def _fault(config: Config, texts: Mapping[str, str]) -> str:
    """Why a pair is of no use; empty if it is."""
    for language in config.languages:
        if not texts[language]:
            return f"no {language}"
    lengths = [len(text) for text in texts.values()]
    if config.ratio and max(lengths) > config.ratio * min(lengths):
        return "lengths differ"
    return ""


def _by_language(config: Config, group: Sequence[Source], corpus: str) -> dict[str, Path]:
    """Language → file, in the order of `languages`; files of other languages are left alone."""
    files: dict[str, Path] = {}
    for source in group:
        language = config.language_of(source.path, config.languages)
        if language is None:
            continue
        if language in files:
            raise Problem(
                f"{files[language]} and {source.path} are both {language}: choose with corpora.{corpus}.files"
            )
        files[language] = source.path
    for language in config.languages:
        if language not in files:
            raise Problem(
                f"{group[0].path} has no {language} beside it: add `{group[0].name}.{config.suffix(language)}`, "
                f"or mend corpora.{corpus} (files, languages)"
            )
    return {language: files[language] for language in config.languages}


def _aligned(config: Config, files: Mapping[str, Path]) -> Iterator[Row]:
    first = next(iter(files.values()))
    for row in zip_longest(*(lines(file, config.encoding) for file in files.values())):
        if None in row:
            _unequal(config, files)
        yield (
            first,
            f"line {row[0][0]}",
            {language: text.strip() for language, (_, text) in zip(files, row, strict=True)},
        )


def _unequal(config: Config, files: Mapping[str, Path]) -> None:
    counts = [f"{file} has {sum(1 for _ in lines(file, config.encoding))} lines" for file in files.values()]
    raise Problem(f"{', '.join(counts)}: line n of one translates line n of the other: find the line where they part")


def _table(config: Config, file: Path, corpus: str) -> Iterator[Row]:
    """Columns by the header, if the first line holds the languages (or the columns' names); otherwise by number."""
    wanted = [config.columns.get(language, language) for language in config.languages]
    places: list[int] = []
    for number, line in lines(file, config.encoding):
        cells = [cell.strip() for cell in line.split("\t")]
        if not places:
            places, header = _places(wanted, cells, file, corpus)
            if header:
                continue
        if len(cells) <= max(places):
            raise Problem(
                f"{file}, line {number}: {len(cells)} column{'s' * (len(cells) != 1)} where {max(places) + 1} are due: "
                "separate columns by one tab"
            )
        texts = {language: cells[place] for language, place in zip(config.languages, places, strict=True)}
        yield file, f"line {number}", texts


def _places(wanted: Sequence[str | int], cells: Sequence[str], file: Path, corpus: str) -> tuple[list[int], bool]:
    names = [name for name in wanted if isinstance(name, str)]
    if names and all(name in cells for name in names):
        return [cells.index(name) if isinstance(name, str) else name - 1 for name in wanted], True
    if len(names) == len(wanted) and not any(name in cells for name in names) and len(cells) == len(wanted):
        return list(range(len(wanted))), False  # no header: columns stand in the order of `languages`
    if not names:
        return [int(name) - 1 for name in wanted], False
    missing = next(name for name in names if name not in cells)
    raise Problem(
        f"{file}, line 1: no column {missing!r} in {', '.join(cells[:8])!r}: {nearest(missing, cells)} "
        f"State corpora.{corpus}.columns"
    )


def _memory(config: Config, file: Path) -> Iterator[Row]:
    """The translation units of a TMX file, one after another; the tree is emptied behind the reader."""
    unit = 0
    root: Element | None = None
    try:
        with open_bytes(file) as stream:
            for event, element in iterparse(stream, events=("start", "end")):
                if root is None:
                    root = element
                if event == "end" and element.tag == "tu":
                    unit += 1
                    yield file, f"unit {unit}", _unit(config, element)
                    for part in root:  # the body, which would hold every unit to the end
                        part.clear()
    except ParseError as error:
        raise Problem(
            f"{file}, line {error.position[0]}: not well-formed XML: {error.msg}: mend or fetch it again"
        ) from None
    except DefusedXmlException as error:
        raise Problem(f"{file}: refused: it declares XML entities ({error}): take the declarations out") from None
    if unit == 0:
        raise Problem(f"{file} holds no translation unit (<tu>): check that it is TMX")


def _unit(config: Config, element: Element) -> dict[str, str]:
    texts = dict.fromkeys(config.languages, "")
    for variant in element.iter("tuv"):
        tag = (variant.get(_LANGUAGE) or variant.get("lang") or "").lower()
        segment = variant.find("seg")
        for language in config.languages:
            if (
                segment is not None
                and config.suffix(language).lower() in (tag, re.split("[-_]", tag)[0])
                and not texts[language]
            ):
                texts[language] = " ".join(_text(segment).split())
    return texts


def _text(element: Any) -> str:
    inner = "" if element.tag in _MARKUP else (element.text or "") + "".join(_text(child) for child in element)
    return inner + (element.tail or "" if element.tag != "seg" else "")
