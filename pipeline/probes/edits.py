"""Sentences and the same with a small edit → how far a system's outputs stay the same (Niu et al. 2020: consistency).

An edit leaves the meaning as it is: the case of the first letter, the closing mark left out, two neighbouring letters
of one word in each other's place (Belinkov and Bisk 2018, section 4.2: swap).
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Literal

import numpy as np
from pydantic import Field

from pipeline.metrics.error_rate import align_words, count_edits
from pipeline.metrics.metric import Metric, Output, Scores, ratio
from pipeline.metrics.units import folded
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Record

PLAIN = "plain"  # the sentence as it is
SHORTEST = 4  # letters of a word that a slip may happen in: its first and its last one stay

Edit = Literal["case", "mark", "typo"]


class Config(Row):
    edits: tuple[Edit, ...] = Field(("case", "mark", "typo"), min_length=1)
    sentences: int = Field(200, ge=1)  # the first ones of the test set
    seed: int = 1  # of where the slips are


def ask(config: Config, records: Sequence[Record], field: str) -> list[dict[str, str]]:
    """Each sentence, and what the edits that change it make of it. Raises Problem where the field is no text."""
    found = []
    for record in records[: config.sentences]:
        text = record.get(field)
        if text is not None and not isinstance(text, str):
            raise Problem(f"{record['id']}: its field {field} is no text: probe a system that reads text")
        given = {PLAIN: text or ""}
        for edit in config.edits:
            edited = _edited(edit, given[PLAIN], f"{config.seed} {record['id']}")
            if edited not in (text, ""):
                given[edit] = edited
        found.append(given)
    return found


def findings(
    config: Config, records: Sequence[Record], asked: Sequence[Mapping[str, str]], answers: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """For each edit the words that differ from the plain answer's, and the words of the longer of the two."""
    pairs = [(edit, given[PLAIN], given[edit]) for given in answers for edit in given if edit != PLAIN]
    plain, edited = ([" ".join(folded(pair[side])) for pair in pairs] for side in (1, 2))
    counted = iter(count_edits(align_words(plain, edited)).tolist())
    return [{edit: _distance(next(counted)) for edit in given if edit != PLAIN} for given in answers]


def metric(config: Config) -> Metric:
    """Percent of the words that an edit leaves as they are; `consistency_<edit>` for each, `unchanged` outputs."""
    width = 4  # differing words, words, equal outputs, outputs

    def statistics(output: Output) -> np.ndarray:
        return np.array([list(_row(finding, config.edits)) for finding in output.hypotheses], dtype=np.int64)

    def scores(sums: np.ndarray) -> Scores:
        parts = np.moveaxis(np.asarray(sums).reshape(*sums.shape[:-1], -1, width), (-2, -1), (0, 1))  # [edits, 4, ...]
        differing, words, equal, outputs = parts.sum(axis=0)
        return {
            "consistency": 100 - ratio(differing, words),
            **{
                f"consistency_{edit}": 100 - ratio(part[0], part[1])
                for edit, part in zip(config.edits, parts, strict=True)
            },
            "unchanged": ratio(equal, outputs),
        }

    return Metric(statistics, scores, None)


def trivial(config: Config, finding: Mapping[str, Any]) -> None:
    """What always says the same is consistent: there is nothing to compare with."""
    return None


def _row(finding: Mapping[str, Any], edits: Sequence[str]) -> Iterator[int]:
    for edit in edits:
        differing, words = finding.get(edit, (0, 0))
        yield from (differing, words, edit in finding and not differing, edit in finding)


def _distance(counts: Sequence[int]) -> list[int]:
    hits, substitutions, deletions, insertions = counts
    return [substitutions + deletions + insertions, hits + substitutions + max(deletions, insertions)]


def _edited(edit: Edit, text: str, seed: str) -> str:
    if edit == "case":
        return text[:1].swapcase() + text[1:]
    if edit == "mark":
        return text if text[-1:].isalnum() else text[:-1].rstrip()
    return _slipped(text, Random(f"{seed} {edit}"))


def _slipped(text: str, random: Random) -> str:
    """Two neighbouring letters of one word change places, neither of them its first or its last."""
    words = text.split(" ")
    places = [
        (number, i)
        for number, word in enumerate(words)
        if len(word) >= SHORTEST and word.isalpha()
        for i in range(1, len(word) - 2)
        if word[i] != word[i + 1]
    ]
    if not places:
        return text
    number, i = random.choice(places)
    word = words[number]
    words[number] = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    return " ".join(words)
