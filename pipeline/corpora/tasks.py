"""Parallel text for several tasks at once → a record a sentence and task: a tag and the source, and the target.

Enters what `pipeline.corpora.parallel` reads. `tasks` names pairs of its languages, `{en: [ms, en], zh: [ms, zh]}`; a
record's `source` is `<en> ` and the text in the first, its `target` the text in the second, so that one model learns
them all and is told by the first word what to write (Johnson et al. 2017, section 3). Dev has all tasks; test has those
of `tested`, so that each task's test set can be a corpus of its own beside the joint one.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import Field, model_validator

from pipeline.corpora import parallel
from pipeline.corpora.splits import Found
from pipeline.problems import nearest
from pipeline.records import Record, Reject

SCHEMA = pa.schema([("id", pa.string()), ("task", pa.string()), ("source", pa.string()), ("target", pa.string())])


class Config(parallel.Config):
    tasks: Annotated[dict[str, tuple[str, str]], Field(min_length=1)]  # name → source and target language
    tested: Annotated[list[str], Field(default_factory=list)]  # tasks of the test split; none named: all

    @model_validator(mode="after")
    def _known(self) -> "Config":
        for name, languages in self.tasks.items():
            if not name or any(letter.isspace() for letter in name):
                raise ValueError(f"tasks: {name!r} is no word, and a tag is one: take its spaces out")
            for language in languages:
                if language not in self.languages:
                    raise ValueError(f"tasks.{name}: {language!r} is not read: {nearest(language, self.languages)}")
        for name in self.tested:
            if name not in self.tasks:
                raise ValueError(f"tested: there is no task {name!r}: {nearest(name, self.tasks)}")
        if self.split.by == "order" and self.split.of == "sentence" and not isinstance(self.files, dict):
            # A sentence's tasks would be parted where the splits meet.
            raise ValueError("split: a sentence has several records here: name each split's `files`")
        return self


def schema(config: Config) -> pa.Schema:
    return SCHEMA


def key(config: Config, record: Record) -> list[str]:
    """The texts without the tag, so that a sentence is a copy of itself at any task."""
    return [record["source"].split(" ", 1)[1], record["target"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """A record a task of every sentence that parallel text has in all languages."""
    for item in parallel.read(config, raw, corpus):
        if isinstance(item, Reject):
            yield item
            continue
        for name, (source, target) in config.tasks.items():
            if item.split != "test" or not config.tested or name in config.tested:
                pair = {"source": f"<{name}> {item.record[source]}", "target": item.record[target]}
                yield replace(item, record={"id": f"{item.record['id']}-{name}", "task": name, **pair})
