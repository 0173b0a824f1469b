"""dvc.yaml, read by DVC itself → the stages in the order in which `dvc repro` takes them, and what each one needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.utils.serialize import modify_yaml

LOCK = Path("dvc.lock")


class GraphProblem(Exception):
    """A fault in dvc.yaml, params.yaml or a target's name, in DVC's words."""


@dataclass(frozen=True)
class Stage:
    """A stage of dvc.yaml (`train@mt_transformer`), or a folder that its owner added (`data/raw/my_soap.dvc`)."""

    name: str
    needs: frozenset[str]  # names of the stages whose outputs it reads


def read(targets: Sequence[str] = ()) -> list[Stage]:
    """The targets (default: all of dvc.yaml here) and what they need, upstream first.

    Raises GraphProblem where there is no dvc.yaml, or where DVC refuses it, params.yaml or a target.
    """
    if not Path("dvc.yaml").is_file():
        raise GraphProblem(f"there is no dvc.yaml in {Path.cwd()}: run from the project's root, or from a recipe")
    try:
        with Repo(_wait_for_lock=True) as repo:
            graph = get_active_graph(repo.index.graph)
            plan = plan_repro(graph, collect_stages(repo, list(targets) or ["dvc.yaml"]))
            return [Stage(_name(stage), frozenset(_name(need) for need in graph.successors(stage))) for stage in plan]
    except DvcException as error:
        raise GraphProblem(_sentence(error)) from None


def changed() -> frozenset[str]:
    """The stages that `dvc repro` would not skip as things stand. Ask while no stage runs: DVC refuses otherwise."""
    try:
        with Repo(_wait_for_lock=True) as repo:
            return frozenset(repo.status())
    except DvcException as error:
        raise GraphProblem(_sentence(error)) from None


def locked() -> list[str]:
    """The stages in dvc.lock, in its order."""
    if not LOCK.is_file():
        return []
    return list((yaml.safe_load(LOCK.read_text(encoding="utf-8")) or {}).get("stages", {}))


def order_lock(before: Sequence[str], plan: Sequence[str]) -> None:
    """Put dvc.lock into the order that a serial `dvc repro` gives it: what stood there before, then the new by plan.

    DVC appends a stage when it ends, and stages that run side by side end in any order.
    """
    if not LOCK.is_file():
        return
    place = {name: i for i, name in enumerate([*before, *(name for name in plan if name not in set(before))])}
    with Repo(_wait_for_lock=True) as repo, repo.lock, modify_yaml(str(LOCK)) as content:
        stages: Any = content["stages"]
        names = list(stages)
        wanted = sorted(names, key=lambda name: place.get(name, len(place)))
        if names != wanted:
            for name in wanted:
                stages.move_to_end(name)


def _name(stage: Any) -> str:
    return getattr(stage, "name", None) or str(stage.addressing)


def _sentence(error: BaseException | None) -> str:
    """An exception and its causes in one line."""
    said: list[str] = []
    while error is not None:
        text = " ".join(str(error).split())
        if text and text not in " ".join(said):
            said.append(text)
        error = error.__cause__
    return ": ".join(said)
