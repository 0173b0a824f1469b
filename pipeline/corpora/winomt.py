"""Sentences about people of an occupation, each with its gender → what a translator's use of gender is tested with.

The form is that of WinoMT (Stanovsky et al. 2019; MIT; https://github.com/gabrielStanovsky/mt_gender, data/aggregates):
`<name>.txt` has a line a sentence: male, female or neutral; the place from 0, between spaces, of the word whose
translation tells it; the sentence; the occupation. Those of its lines that stand in `<name>_pro.txt` go with a
stereotype, those in `<name>_anti.txt` against it. All of it is test: there is nothing to train on.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pydantic import Field, model_validator

from pipeline.corpora.splits import Found, Shared
from pipeline.corpora.text import lines
from pipeline.problems import Problem
from pipeline.records import Record, Reject

TEST_ALONE = True  # no record of it is to be trained on
GENDERS = ("male", "female", "neutral")
STEREOTYPES = ("pro", "anti")


class Config(Shared):
    folder: str = "."  # in the raw corpus
    name: str = Field("en", min_length=1)  # of the files, without what tells them apart
    encoding: str = "utf-8"

    @model_validator(mode="after")
    def _test_alone(self) -> "Config":
        for option in ("files", "split"):
            if option in self.model_fields_set:
                raise ValueError(f"{option}: all of it is test: leave it out, and state `folder` and `name`")
        return self


def schema(config: Config) -> pa.Schema:
    """`stereotype` is pro or anti; empty where a sentence goes neither with one nor against."""
    texts = ("sentence", "gender", "occupation", "stereotype")
    return pa.schema([("id", pa.string()), *((name, pa.string()) for name in texts), ("index", pa.int64())])


def key(config: Config, record: Record) -> list[str]:
    return [record["sentence"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """A record a line. Raises Problem if a file is missing or a line has not four columns."""
    folder = raw / config.folder
    stereotypes: dict[tuple[str, ...], str] = {}
    for stereotype in STEREOTYPES:
        for _, cells in _rows(config, folder / f"{config.name}_{stereotype}.txt", corpus):
            stereotypes[tuple(cells)] = stereotype
    file = folder / f"{config.name}.txt"
    for number, cells in _rows(config, file, corpus):
        gender, index, sentence, occupation = cells
        where = f"line {number}"
        if reason := _fault(gender, index, sentence):
            yield Reject(str(file), where, reason, sentence)
            continue
        record = {
            "id": f"{corpus}-{config.name}-{number:04d}",
            "sentence": sentence,
            "gender": gender,
            "occupation": occupation,
            "stereotype": stereotypes.get(tuple(cells), ""),
            "index": int(index),
        }
        yield Found("test", record, str(file), where)


def _rows(config: Config, file: Path, corpus: str) -> Iterator[tuple[int, list[str]]]:
    if not file.is_file():
        raise Problem(f"{file} is missing: put it there, or mend corpora.{corpus} (folder, name)")
    for number, line in lines(file, config.encoding):
        cells = [cell.strip() for cell in line.split("\t")]
        if cells == [""]:
            continue
        if len(cells) != 4:
            raise Problem(
                f"{file}, line {number}: {len(cells)} column{'s' * (len(cells) != 1)} where 4 are due "
                "(gender, place, sentence, occupation): separate them by one tab"
            )
        yield number, cells


def _fault(gender: str, index: str, sentence: str) -> str:
    if gender not in GENDERS:
        return "unknown gender"
    if not index.isdecimal() or int(index) >= len(sentence.split()):
        return "no word at this place"
    return ""
