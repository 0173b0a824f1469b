import pytest

from pipeline.params import configure
from pipeline.probes import edits
from pipeline.problems import Problem
from pipeline.stages.probe import score

RECORDS = [
    {"id": "e-1", "ms": "Farid membaca buku itu."},
    {"id": "e-2", "ms": "Dia pergi ke pasar?"},
    {"id": "e-3", "ms": "12"},
    {"id": "e-4", "ms": None},
]


def asked(**options):
    return edits.ask(configure(edits.Config, options, "probes.e"), RECORDS, "ms")


def scores(system):
    config = edits.Config()
    given = asked()
    answers = [{name: system(text) for name, text in texts.items()} for texts in given]
    return score(edits, config, edits.findings(config, RECORDS, given, answers))


def test_every_edit_is_small():
    first, second, number, nothing = asked()
    assert first["case"] == "farid membaca buku itu."
    assert first["mark"] == "Farid membaca buku itu"
    assert sorted(first["typo"]) == sorted(first["plain"])
    assert first["typo"] != first["plain"]
    differing = [a != b for a, b in zip(first["typo"], first["plain"], strict=True)]
    assert sum(differing) == 2
    assert second["mark"] == "Dia pergi ke pasar"
    assert number == {"plain": "12"}  # nothing can be edited
    assert nothing == {"plain": ""}


def test_slips_are_where_the_seed_puts_them():
    assert asked() == asked()
    assert len({tuple(asked(seed=seed)[0].items()) for seed in range(8)}) > 1


def test_a_word_keeps_its_first_and_last_letter():
    for seed in range(20):
        words = asked(seed=seed)[0]["typo"].split()
        assert [word[0] + word[-1] for word in words] == ["Fd", "ma", "bu", "i."]


def test_a_system_that_sees_through_edits_is_consistent():
    found = scores(lambda text: "The same." if text else "")
    assert (found["consistency"], found["unchanged"]) == (100.0, 100.0)


def test_a_system_that_takes_fright_trips():
    plain = {texts["plain"] for texts in asked()}
    found = scores(lambda text: "all is well here" if text in plain else "what was that")
    assert (found["consistency"], found["unchanged"]) == (0.0, 0.0)


def test_edits_are_told_apart():
    found = scores(lambda text: "one two three four" if text[:1].isupper() else "one two three five")
    assert (found["consistency_case"], found["consistency_mark"], found["consistency_typo"]) == (75.0, 100.0, 100.0)
    assert found["consistency"] == pytest.approx(91.67)
    assert found["unchanged"] == pytest.approx(66.67)


def test_case_and_marks_of_the_output_do_not_count():
    assert scores(lambda text: text[:5].title() + text[-1:])["consistency_case"] == 100.0


def test_silence_leaves_nothing_to_compare():
    assert "consistency" not in scores(lambda text: "")


def test_only_text_can_be_edited():
    with pytest.raises(Problem, match="t-1: its field words is no text"):
        edits.ask(edits.Config(), [{"id": "t-1", "words": ["dia"]}], "words")
