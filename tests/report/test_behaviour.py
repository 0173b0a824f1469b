import json

import pytest

from pipeline import paths
from pipeline.params import Craft, Params, Probe, System
from pipeline.probed import Probed, write_probed
from pipeline.report import behaviour, scores

SIDES = {"source": "tokens/a", "target": "tokens/b"}


def system(corpus: str = "c") -> System:
    return System(
        task="mt",
        corpus=corpus,
        **SIDES,
        needs="none",
        also="none",
        model=Craft(kind="x"),
        metrics=["bleu", "behaviour"],
    )


@pytest.fixture
def params(tmp_path, monkeypatch) -> Params:
    monkeypatch.chdir(tmp_path)
    paths.scores("x").parent.mkdir(parents=True)
    return Params(
        systems={"a": system(), "b": system()},
        probes={
            "said": Probe(kind="gender", system="a", corpus="w", language="en"),
            "also_said": Probe(kind="gender", system="b", corpus="w", language="en"),
            "slips": Probe(kind="edits", system="a", corpus="c"),
        },
    )


def score(name: str, **content: float) -> None:
    paths.scores(name).write_text(json.dumps(content), encoding="utf-8")


def finding(gender: str, found: str, occupation: str = "nurse") -> dict[str, str]:
    return {"gender": gender, "found": found, "occupation": occupation, "typical": "female", "stereotype": ""}


def test_behaviour_stands_beside_quality(params):
    score("a", bleu=10.0, bleu_low=9.0, repetition=2.0, repetition_low=1.0, repetition_high=3.0)
    score("b", bleu=20.0, bleu_low=19.0)
    (row,) = behaviour.behaviours(scores.leaderboards(params))
    assert (row.system, row.task) == ("a", "mt")
    assert row.metrics == {"repetition": scores.Metric(2.0, 1.0, 3.0, None)}


def test_probes_of_one_kind_stand_side_by_side(params):
    score("said", accuracy=70.0, accuracy_low=60.0, delta_g=5.0, delta_g_low=1.0, sentences=3)
    said, slips = scores.probed(params)
    assert (said.task, said.corpus, said.metrics, said.missing) == (
        "gender",
        "w",
        ["accuracy", "delta_g"],
        ["also_said"],
    )
    assert (slips.task, slips.missing) == ("edits", ["slips"])
    assert scores.title("delta_g") == "ΔG"
    (shown,) = behaviour.probes(params)
    assert [one.occupations for one in shown.shown] == [[]]  # it has scores, and its lines are not here


def test_occupations_are_ordered_by_how_often_she_is_said(params):
    score("said", accuracy=70.0, accuracy_low=60.0)
    findings = [
        finding("male", "male"),
        finding("female", "male"),
        finding("neutral", "male"),
        finding("neutral", "unknown"),
        finding("neutral", "female", "maid"),
        finding("female", "female", "cook"),
    ]
    write_probed(paths.hypotheses("said"), [Probed("w-1", {}, {}, one) for one in findings])
    ((said,),) = [group.shown for group in behaviour.probes(params)]
    assert [(one.name, one.she, one.told) for one in said.occupations] == [
        ("maid", 1, 1),
        ("nurse", 0, 1),
        ("cook", 0, 0),
    ]
    assert said.occupations[1].right == {"male": (1, 1), "female": (0, 1)}


def test_the_edits_that_change_most_are_shown(params):
    score("slips", consistency=70.0, consistency_low=60.0)
    lines = [
        Probed("c-2", {"plain": "c", "typo": "d"}, {"plain": "u v", "typo": "u w"}, {"typo": [1, 2]}),
        Probed(
            "c-1",
            {"plain": "a", "typo": "b", "case": "A"},
            {"plain": "x", "typo": "y", "case": "x"},
            {"typo": [1, 1], "case": [0, 1]},
        ),
    ]
    write_probed(paths.hypotheses("slips"), lines)
    ((slips,),) = [group.shown for group in behaviour.probes(params)]
    assert [(one.edit, one.asked, one.answers) for one in slips.edited] == [
        ("typo", ("a", "b"), ("x", "y")),
        ("typo", ("c", "d"), ("u v", "u w")),
    ]
