"""SQuAD's JSON (Rajpurkar et al. 2016, https://rajpurkar.github.io/SQuAD-explorer; XQuAD has its form) → questions.

Enters: .json files, `data` → `paragraphs` with a `context` each → `qas` with `question` and `answers`, the first one's
`text` being the answer. Leaves: a record a question; one whose answer is missing or not in its paragraph is rejected.
All questions of an article stay in one split; a paragraph that recurs in another split is a copy.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from pydantic import model_validator

from pipeline.corpora.answers import Answers, answer_schema, fault, rejected
from pipeline.corpora.splits import Found, Split, placed, sources
from pipeline.corpora.text import decode, open_bytes, tidy
from pipeline.problems import Problem
from pipeline.questions import joined, unmarked
from pipeline.records import Record, Reject


class Config(Answers):
    split: Split = Split(by="recording")  # an article is a recording

    @model_validator(mode="after")
    def _articles_stay_whole(self) -> Self:
        if not isinstance(self.files, dict) and not self.split.whole:
            raise ValueError("split: a paragraph's questions belong in one split: take `by: recording`, by articles")
        return self


def schema(config: Config) -> pa.Schema:
    return answer_schema()


def key(config: Config, record: Record) -> list[str]:
    """The paragraph: whoever has read it in training has seen what is asked about."""
    return [record["context"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The questions of every file. Raises Problem where a file is not SQuAD's JSON."""
    found = sources(config, raw, corpus, default=["**/*.json", "**/*.json.gz"])
    files = {source.name: _articles(source.path, config.encoding) for source in found}
    articles = {_name(source.name, n): source.split for source in found for n in range(1, len(files[source.name]) + 1)}
    splits = placed(config, articles, corpus)
    for source in found:
        for number, article in enumerate(files[source.name], start=1):
            name = _name(source.name, number)
            for index, (where, context, question, answer) in enumerate(_questions(source.path, number, article), 1):
                reason = fault(config, question, context, answer)
                if reason:
                    yield rejected(source.path, where, reason, question, answer)
                    continue
                record = {
                    "id": f"{corpus}-{name}-{index:03d}",
                    "question": question,
                    "context": context,
                    "answer": answer,
                    "input": joined(question, [context]),
                }
                yield Found(splits[name], record, str(source.path), where)


def _name(file: str, article: int) -> str:
    return f"{file}-{article:04d}"


def _articles(file: Path, encoding: str) -> list[Any]:
    try:
        with open_bytes(file) as stream:
            content = json.loads(decode(stream.read(), "en", encoding, file))
    except json.JSONDecodeError as error:
        raise Problem(f"{file}, line {error.lineno}: not JSON: {error.msg}: mend or fetch it again") from None
    articles = content.get("data") if isinstance(content, dict) else None
    if not isinstance(articles, list):
        raise Problem(f"{file}: no list `data` at its top: it is not SQuAD's JSON: mend corpora.*.files")
    return articles


def _questions(file: Path, number: int, article: Any) -> Iterator[tuple[str, str, str, str]]:
    """(where, context, question, answer); an answer that is missing is empty."""
    where = f"article {number}"
    try:
        for paragraph_number, paragraph in enumerate(article["paragraphs"], start=1):
            where = f"article {number}, paragraph {paragraph_number}"
            context = _text(paragraph["context"])
            for question_number, asked in enumerate(paragraph["qas"], start=1):
                where = f"article {number}, paragraph {paragraph_number}, question {question_number}"
                answers = asked["answers"]
                yield where, context, _text(asked["question"]), _text(answers[0]["text"]) if answers else ""
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Problem(
            f"{file}, {where}: not SQuAD's form ({error}): it needs context, qas, question, answers"
        ) from None


def _text(text: str) -> str:
    return unmarked(tidy(text))
