from pathlib import Path

import pytest
import yaml

from flows import graph
from flows.graph import GraphProblem


def test_stages_come_after_what_they_need(workspace) -> None:
    plan = {stage.name: stage.needs for stage in graph.read()}
    assert plan == {
        "first": frozenset(),
        "middle@a": {"first"},
        "middle@b": {"first"},
        "last": {"middle@a", "middle@b"},
    }
    names = list(plan)
    assert all(names.index(need) < names.index(name) for name, needs in plan.items() for need in needs)


def test_a_target_brings_what_it_needs(workspace) -> None:
    assert [stage.name for stage in graph.read(["middle@b"])] == ["first", "middle@b"]


def test_a_folder_that_a_user_added_is_a_stage(workspace, dvc) -> None:
    Path("raw").mkdir()
    Path("raw/mine").write_text("mine")
    dvc("add", "raw/mine", "--quiet")
    Path("params.yaml").write_text("middle: {a: {also: 'cat raw/mine'}}\n")
    content = yaml.safe_load(Path("dvc.yaml").read_text())
    content["stages"]["middle"]["do"]["deps"].append("raw/mine")
    content["stages"].pop("last")
    Path("dvc.yaml").write_text(yaml.safe_dump(content))
    assert {stage.name: stage.needs for stage in graph.read()}["middle@a"] == {"first", "raw/mine.dvc"}


def test_dvc_says_what_changed(workspace, dvc) -> None:
    assert graph.changed() == {"first", "middle@a", "middle@b", "last"}
    dvc("repro", "--quiet")
    assert graph.changed() == set()
    Path("params.yaml").write_text("middle: {a: {also: 'true'}, b: {also: 'echo more'}}\n")
    assert graph.changed() == {"middle@b"}


def test_the_lock_gets_the_order_of_a_serial_run(workspace, dvc) -> None:
    dvc("repro", "--quiet")
    serial = Path("dvc.lock").read_bytes()
    plan = [stage.name for stage in graph.read()]
    assert graph.locked() == plan
    Path("dvc.lock").unlink()
    for name in ("first", "middle@b", "middle@a", "last"):
        dvc("repro", "--quiet", "--single-item", name)
    assert Path("dvc.lock").read_bytes() != serial
    graph.order_lock([], plan)
    assert Path("dvc.lock").read_bytes() == serial


def test_what_stood_in_the_lock_keeps_its_place(workspace, dvc) -> None:
    for name in ("first", "middle@b", "middle@a", "last"):
        dvc("repro", "--quiet", "--single-item", name)
    graph.order_lock(["first", "middle@b"], [stage.name for stage in graph.read()])
    assert graph.locked() == ["first", "middle@b", "middle@a", "last"]


@pytest.mark.parametrize(
    ("file", "content", "targets", "said"),
    [
        ("dvc.yaml", None, [], "there is no dvc.yaml in .*: run from the project's root, or from a recipe"),
        ("seed.txt", "one", ["midle@a"], "midle@a"),
        ("params.yaml", "middle: {a: {}}", [], "middle@a.*item.also"),
        ("params.yaml", "middle: [", [], "params.yaml"),
    ],
)
def test_what_dvc_refuses_is_one_sentence(workspace, file: str, content: str | None, targets: list[str], said: str):
    if content is None:
        Path(file).unlink()
    else:
        Path(file).write_text(content)
    with pytest.raises(GraphProblem, match=said) as stop:
        graph.read(targets)
    assert "\n" not in str(stop.value)
