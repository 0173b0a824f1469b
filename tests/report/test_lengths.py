from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline import paths
from pipeline.metrics.statistics import write_statistics
from pipeline.params import Craft, Params, System
from pipeline.records import Decoded, write_decoded
from pipeline.report import lengths


def test_buckets_hold_every_sentence_once_and_the_longest_stand_alone():
    found = np.arange(400) % 40 + 1
    rows = lengths.cut(found)
    assert sorted(np.concatenate(rows).tolist()) == list(range(400))
    assert [(int(found[r].min()), int(found[r].max())) for r in rows] == [
        (1, 10),
        (11, 20),
        (21, 30),
        (31, 36),
        (37, 40),
    ]


@pytest.mark.parametrize(
    ("found", "sizes"),
    [([], []), ([5] * 100, [100]), ([0] * 10, [10]), ([1] * 50 + [9] * 50, [50, 50]), (range(40), [20, 20])],
)
def test_few_lengths_make_few_buckets(found, sizes):
    assert [len(rows) for rows in lengths.cut(np.array(list(found), dtype=int))] == sizes


def system(task: str) -> System:
    sides = {"corpus": "c", "source": "tokens/a", "target": "tokens/b", "needs": "none", "also": "none"}
    return System(task=task, **sides, model=Craft(kind="x"), metrics=["tagging"])


def decoded(name: str, right: list[bool], reference: str | None = "x") -> None:
    ids = [str(i) for i in range(len(right))]
    none = np.zeros(len(right))
    counts = np.stack([np.array(right, dtype=int), none + 1, *[none] * 4], axis=1)
    write_statistics(paths.statistics(name), ids, {"tagging": counts})
    paths.hypotheses(name).mkdir(parents=True)
    sources = [" ".join("w" * (1 + i % 20)) for i in range(len(right))]
    write_decoded(
        paths.hypotheses(name),
        [Decoded(i, source, reference, ["x"], [0.0], True) for i, source in zip(ids, sources, strict=True)],
    )


def test_systems_are_told_apart_by_the_length_of_the_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    short = [i % 20 < 10 for i in range(400)]  # right up to ten words
    decoded("forgetful", short)
    decoded("steady", [True] * 400)
    decoded("alone", short)
    decoded("loud", short, reference=None)
    decoded("louder", short, reference=None)
    tasks = {"forgetful": "mt", "steady": "mt", "unscored": "mt", "alone": "pos", "loud": "tts", "louder": "tts"}
    (table,) = lengths.by_length(Params(systems={name: system(task) for name, task in tasks.items()}))
    assert (table.task, table.metric, table.side) == ("mt", "accuracy", "source")
    assert list(table.systems) == ["steady", "forgetful"]
    assert [score and round(score.value) for score in table.systems["forgetful"]] == [100, 100, 0, 0, 0]
    assert [bucket.name for bucket in table.buckets] == ["1 – 5", "6 – 10", "11 – 15", "16 – 18", "19 – 20"]
    assert [bucket.sentences for bucket in table.buckets] == [100, 100, 100, 60, 40]
    assert "words of the source" in "".join(ElementTree.fromstring(str(table.picture)).itertext())
