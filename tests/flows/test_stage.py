from pathlib import Path

import pytest

from flows import stage


@pytest.fixture
def said() -> list[str]:
    return []


def params(also: str) -> None:
    Path("params.yaml").write_text(f"middle: {{a: {{also: '{also}'}}, b: {{also: 'true'}}}}\n")


def test_a_stage_is_run_and_its_lines_are_told(workspace, said) -> None:
    stage.reproduce("first", said.append)
    outcome = stage.reproduce("middle@a", said.append)
    assert outcome.ok and outcome.moved and "reading for a" in said
    assert outcome.log == Path("work/logs/middle@a.log") and "reading for a\n" in outcome.log.read_text()
    again = stage.reproduce("middle@a", said.append)
    assert again.ok and not again.moved


def test_what_comes_from_the_cache_has_moved(workspace, said) -> None:
    stage.reproduce("first", said.append)
    for also in ("true", "echo more", "true"):
        params(also)
        outcome = stage.reproduce("middle@a", said.append)
        assert outcome.ok and outcome.moved
    assert any("cached" in line for line in said)


def test_a_failure_gives_the_stages_own_words(workspace, said) -> None:
    stage.reproduce("first", said.append)
    params("echo error: ep03 ends early: check it && exit 1")
    outcome = stage.reproduce("middle@a", said.append)
    assert not outcome.ok and not outcome.temporary
    assert outcome.reason == "ep03 ends early: check it"


def test_an_unreachable_network_may_be_tried_again(workspace, said) -> None:
    stage.reproduce("first", said.append)
    params(f"exit {stage.TEMPORARY}")
    outcome = stage.reproduce("middle@a", said.append)
    assert not outcome.ok and outcome.temporary


def test_a_stage_without_words_gets_dvcs(workspace, said) -> None:
    stage.reproduce("first", said.append)
    params("exit 3")
    assert "exited with 3" in stage.reproduce("middle@a", said.append).reason
