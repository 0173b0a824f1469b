"""DailyDialog (Li et al. 2017) and its translations (XDailyDialog, Liu et al. 2023; CC BY-NC-SA 4.0) → replies.

Enters: `dialogues_text_En.txt`, ..., a dialogue a line, `__eou__` between its turns. Leaves: a record a turn that
answers another, with the turns before it, the newest last, as its `message`. Where `labels` are asked for, a record a
turn that begins with one of their words, with the `label` as a list of that one word: which way an answer goes.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import AfterValidator, Field

from pipeline.corpora.splits import Found, Shared, Source, Split, placed, sources
from pipeline.corpora.text import lines, tidy
from pipeline.records import WORDS, Record, Reject

TURN_END = "__eou__"
BETWEEN = " | "  # turns of a message
_FIRST_WORD = re.compile(r"\w+")


def _apart(labels: dict[str, list[str]]) -> dict[str, list[str]]:
    """Raises ValueError for a word that stands for two labels."""
    words = Counter(word.casefold() for listed in labels.values() for word in set(listed))
    twice = next((word for word, count in words.items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands for two labels: leave it with one")
    return labels


class Config(Shared):
    language: str  # as the names of the files write it: En, De, Ms
    history: int = Field(2, ge=1)  # turns in a message, where the dialogue has as many
    # Label → the words that a reply may begin with: `{yes: [yes, sure], no: [no]}`.
    labels: Annotated[dict[str, list[str]], AfterValidator(_apart)] = Field(default_factory=dict)
    encoding: str = "utf-8"
    split: Split = Split(by="recording")  # a dialogue goes to a split as a whole
    sides: Literal["any", "all"] = "all"


def schema(config: Config) -> pa.Schema:
    label = [("label", WORDS)] if config.labels else []
    return pa.schema([("id", pa.string()), ("message", pa.string()), ("reply", pa.string()), *label])


def key(config: Config, record: Record) -> list[str]:
    """The message with its reply, as either may recur; of what is only labelled, the message."""
    return [record["message"]] if config.labels else [record["message"], record["reply"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The turns of every file that answer another. Raises Problem where no dialogue has two."""
    found = sources(config, raw, corpus, [f"**/dialogues_text_{config.language}.txt"])
    counts = {source: sum(1 for _ in lines(source.path, config.encoding)) for source in found}
    names = {_name(source, line): source.split for source in found for line in range(1, counts[source] + 1)}
    splits = placed(config, names, corpus)
    answering = {word.casefold(): label for label, words in config.labels.items() for word in words}
    for source in found:
        for number, line in lines(source.path, config.encoding):
            where, name = f"line {number}", _name(source, number)
            turns = [tidy(turn) for turn in line.strip().removesuffix(TURN_END).split(TURN_END)]
            spoken = [turn for turn in turns if turn]
            for _ in range(len(turns) - len(spoken)):
                yield Reject(str(source.path), where, "empty turn", tidy(line))
            if len(spoken) == 1:
                yield Reject(str(source.path), where, "no reply", spoken[0])
            for i in range(1, len(spoken)):
                message = BETWEEN.join(spoken[max(0, i - config.history) : i])
                record: Record = {"id": f"{corpus}-{name}-{i:02d}", "message": message, "reply": spoken[i]}
                if config.labels:
                    first = _FIRST_WORD.search(spoken[i])
                    label = answering.get(first[0].casefold()) if first else None
                    if label is None:
                        yield Reject(str(source.path), where, "no label", spoken[i])
                        continue
                    record = {**record, "label": [label]}
                yield Found(splits[name], record, str(source.path), where)


def _name(source: Source, number: int) -> str:
    return f"{source.name}-{number:05d}"
