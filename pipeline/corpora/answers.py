"""What corpora of questions share: the columns of their manifests, and why a question is of no use.

A record is a `question`, the `context` that it is asked about, the `answer`, and `input`: question and context as one
text (`pipeline.questions`), which is what a model reads.
"""

from pathlib import Path

import pyarrow as pa

from pipeline.corpora.splits import Shared
from pipeline.records import Reject

ELSEWHERE = "answer not in context"
FIELDS = ("question", "context", "answer", "input")


class Answers(Shared):
    """Options of every corpus of questions."""

    # An answer has to stand in its context. False: for answers of another kind (yes and no, counts).
    extractive: bool = True
    encoding: str = "utf-8"


def answer_schema(*more: tuple[str, pa.DataType]) -> pa.Schema:
    """A question a row; `more` columns of one format."""
    return pa.schema([("id", pa.string()), *((name, pa.string()) for name in FIELDS), *more])


def fault(config: Answers, question: str, context: str, answer: str) -> str:
    """Why a question is of no use; empty if it is."""
    for name, text in (("question", question), ("context", context), ("answer", answer)):
        if not text:
            return f"no {name}"
    return ELSEWHERE if config.extractive and answer not in context else ""


def rejected(file: Path, where: str, reason: str, question: str, answer: str) -> Reject:
    remedy = "mend the answer, or write `extractive: false` if answers are not parts of their texts"
    note = f"{file}, {where}: {answer!r} does not stand in its context: {remedy}" if reason == ELSEWHERE else ""
    return Reject(str(file), where, reason, f"{question} | {answer}", note)
