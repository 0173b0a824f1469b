"""Reuters-21578, newswire of 1987 with its topics (Lewis 1997; free for research;
https://archive.ics.uci.edu/dataset/137) → texts with several labels each, by the ModApte split.

Enters: .sgm files of <REUTERS> documents. Leaves: a record a document that the split trains on or tests, that is, whose
TOPICS are stated and whose LEWISSPLIT is TRAIN or TEST; its title and its body as `text`, its topics as `labels`, the
most frequent of train first. A topic without a document in both is dropped, which leaves 90 of them, and so is a
document without a topic; each is counted by its reason.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import Field

from pipeline.corpora.splits import Found, Shared, Split, sources
from pipeline.corpora.text import lines, tidy
from pipeline.problems import Problem
from pipeline.records import WORDS, Record, Reject

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("labels", WORDS)])
SPLITS = {"TRAIN": "train", "TEST": "test"}  # of LEWISSPLIT, where TOPICS="YES"
SHOWN = 200  # characters of a rejected text

_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_TOPICS = re.compile(r"<TOPICS>(.*?)</TOPICS>", re.DOTALL)
_TOPIC = re.compile(r"<D>(.*?)</D>", re.DOTALL)
_TEXT = re.compile(r"<TEXT[^>]*>(.*?)</TEXT>", re.DOTALL)
_PARTS = [re.compile(rf"<{part}>(.*?)</{part}>", re.DOTALL) for part in ("TITLE", "BODY")]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SIGNED = re.compile(r"\s+reuters?\s*$", re.IGNORECASE)  # how nearly every document ends


class Config(Shared):
    encoding: str = "latin-1"
    # Every so many-th training document goes to dev, since the corpus comes without one; 0: none does. The first one of
    # a topic stays with train.
    dev_every: int = Field(10, ge=0)
    split: Split = Split(by="recording")  # the documents themselves tell


@dataclass(frozen=True)
class Document:
    file: Path
    line: int  # where it begins
    number: str  # NEWID
    split: str | None  # train or test; None where ModApte uses it for neither
    topics: tuple[str, ...]
    text: str


def schema(config: Config) -> pa.Schema:
    return SCHEMA


def key(config: Config, record: Record) -> list[str]:
    return [record["text"]]


def read(config: Config, raw: Path, corpus: str) -> Iterator[Found | Reject]:
    """The documents of every file. Raises Problem for options that state another split, and at what is no document."""
    if isinstance(config.files, dict) or "split" in config.model_fields_set:
        raise Problem(
            f"corpora.{corpus}: the documents tell their split: leave `split` out, and let `files` be a list of globs"
        )
    places = [source.path for source in sources(config, raw, corpus, default=["**/*.sgm"])]
    counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS.values()}
    for document in (document for path in places for document in documents(path, config.encoding)):
        if document.split:
            counts[document.split].update(document.topics)
    shared = counts["train"].keys() & counts["test"].keys()
    order = {topic: i for i, topic in enumerate(sorted(shared, key=lambda topic: (-counts["train"][topic], topic)))}
    trained = 0
    taught = set[str]()
    for document in (document for path in places for document in documents(path, config.encoding)):
        where = f"line {document.line}"
        topics = sorted((topic for topic in document.topics if topic in order), key=order.__getitem__)
        for topic in document.topics if document.split else ():
            if topic not in order:
                yield Reject(str(document.file), where, "topic in one split alone", topic)
        reason = _fault(document, topics)
        if reason:
            yield Reject(str(document.file), where, reason, document.text[:SHOWN])
            continue
        split = document.split
        if split == "train":
            trained += 1
            if config.dev_every and trained % config.dev_every == 0 and taught.issuperset(topics):
                split = "dev"
            else:
                taught.update(topics)
        record = {"id": f"{corpus}-{int(document.number):05d}", "text": document.text, "labels": topics}
        yield Found(split, record, str(document.file), where)


def _fault(document: Document, topics: list[str]) -> str:
    """Why a document is of no use; empty if it is."""
    if document.split is None:
        return "not used by the split"
    if not document.topics:
        return "no topic"
    if not topics:
        return "no topic of both splits"
    return "" if document.text else "no text"


def documents(file: Path, encoding: str) -> Iterator[Document]:
    """One after another. Raises Problem where a document does not end, or lacks what it must have."""
    begun, held = 0, list[str]()
    for number, line in lines(file, encoding):
        if line.startswith("<REUTERS"):
            if held:
                raise _broken(file, begun, "does not end before the next one begins: close it by </REUTERS>")
            begun, held = number, []
        if begun:
            held.append(line)
        if line.startswith("</REUTERS>") and held:
            yield _document(file, begun, "\n".join(held))
            begun, held = 0, []
    if held:
        raise _broken(file, begun, "does not end: the file was cut: fetch it again")


def _document(file: Path, line: int, content: str) -> Document:
    head, _, rest = content.partition(">")
    attributes = dict(_ATTRIBUTE.findall(head))
    text, topics = _TEXT.search(rest), _TOPICS.search(rest)
    if text is None or topics is None or not attributes.get("NEWID", "").isdecimal():
        raise _broken(file, line, "lacks NEWID, <TOPICS> or <TEXT>: mend it, or fetch the file again")
    used = attributes.get("TOPICS") == "YES"
    split = SPLITS.get(attributes.get("LEWISSPLIT", "")) if used else None
    found = dict.fromkeys(_plain(topic) for topic in _TOPIC.findall(topics[1]))
    return Document(file, line, attributes["NEWID"], split, tuple(found), _said(text[1]))


def _said(content: str) -> str:
    """Title and body; of an unprocessed document, which has neither, all that it says. A brief is a title alone."""
    parts = [match[1] for match in (part.search(content) for part in _PARTS) if match]
    return _SIGNED.sub("", _plain(" ".join(parts) if parts else content))


def _plain(content: str) -> str:
    return tidy(_CONTROL.sub(" ", html.unescape(content)))


def _broken(file: Path, line: int, what: str) -> Problem:
    return Problem(f"{file}, line {line}: the document that begins here {what}")
