"""bAbI stories (Weston et al. 2015, "Towards AI-Complete Question Answering"; CC BY 3.0) → questions.

Enters: .txt files of numbered lines, a number of 1 beginning a story: a sentence (`1 Mary went to the office.`), or a
question with tabs before its answer and before the numbers of the sentences that it follows from (`3 Where is Mary?`,
`office`, `1`). Leaves: a record a question, with the sentences told before it, words and punctuation between spaces, as
`facts`, and the places in `facts` of those that it follows from, counted from 0, as `support`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pydantic import Field

from pipeline.corpora.answers import Answers, answer_schema, fault, rejected
from pipeline.corpora.splits import Found, placed, sources
from pipeline.corpora.text import lines, tidy
from pipeline.problems import Problem
from pipeline.questions import joined, unmarked
from pipeline.records import WORDS, Record, Reject

_NUMBERED = re.compile(r"(\d+) +(\S.*)")
_WORDS = re.compile(r"[\w'-]+|[^\w\s]")  # words, and each other sign by itself


class Config(Answers):
    # Every so many-th training story goes to dev, as a whole, where the corpus comes without a dev split; 0: none does.
    dev_every: int = Field(0, ge=0)


def schema(config: Config) -> pa.Schema:
    return answer_schema(("facts", WORDS), ("support", pa.list_(pa.int32())))


def key(config: Config, record: Record) -> list[str]:
    """The story with its question: a sentence of it may recur."""
    return [record["input"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The questions of every file. Raises Problem at a line that is not bAbI's."""
    found = sources(config, raw, corpus, default=["**/*.txt", "**/*.txt.gz"])
    splits = placed(config, {source.name: source.split for source in found}, corpus)
    for source in found:
        story = questions = 0
        facts: list[str] = []
        places: dict[int, int] = {}  # number of a line → place in facts
        for number, line in lines(source.path, config.encoding):
            if not line.strip():
                continue
            where = f"line {number}"
            count, cells = _line(source.path, where, line)
            if count == 1:
                story += 1
                facts, places = [], {}
            if len(cells) == 1:
                places[count] = len(facts)
                facts.append(spaced(cells[0]))
                continue
            questions += 1
            support = [_place(source.path, where, cell, places) for cell in (cells[2].split() if cells[2:] else ())]
            question, answer, context = spaced(cells[0]), unmarked(spaced(cells[1])), " ".join(facts)
            reason = fault(config, question, context, answer)
            if reason:
                yield rejected(source.path, where, reason, question, answer)
                continue
            record = {
                "id": f"{corpus}-{source.name}-{questions:05d}",
                "question": question,
                "context": context,
                "answer": answer,
                "input": joined(question, facts),
                "facts": list(facts),
                "support": support,
            }
            split = splits[source.name]
            if split == "train" and config.dev_every and story % config.dev_every == 0:
                split = "dev"
            yield Found(split, record, str(source.path), where)


def spaced(text: str) -> str:
    """Words and signs between single spaces: `Where is Mary?` → `Where is Mary ?`"""
    return " ".join(_WORDS.findall(unmarked(tidy(text))))


def _line(file: Path, where: str, line: str) -> tuple[int, list[str]]:
    """Its number and its cells: a sentence, or question, answer and supporting numbers."""
    match = _NUMBERED.fullmatch(line.strip())
    if match is None:
        raise Problem(f"{file}, {where}: no number and text: begin each line with its number in the story and a space")
    cells = [cell.strip() for cell in match[2].split("\t")]
    if len(cells) > 3:
        raise Problem(
            f"{file}, {where}: {len(cells)} cells where a question has 3: "
            "put one tab before the answer and one before the numbers of its supporting lines"
        )
    return int(match[1]), cells


def _place(file: Path, where: str, number: str, places: dict[int, int]) -> int:
    if not number.isdecimal() or int(number) not in places:
        raise Problem(
            f"{file}, {where}: line {number} supports the answer, and the story has no sentence of that number "
            "before: mend the number"
        )
    return places[int(number)]
