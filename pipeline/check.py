"""All of params.yaml against the crafts that it names, before anything runs: a slip on the last line costs no hour."""

from importlib import import_module
from typing import Any

from pipeline.metrics.catalogue import find
from pipeline.params import Params, configure, craft
from pipeline.problems import Problem


def check(params: Params) -> None:
    """Raises Problem with every misspelt name and impossible value, each with its place and remedy."""
    faults: list[str] = []

    def fits(config: Any, options: dict[str, Any], where: str) -> None:
        try:
            configure(config, options, where)
        except Problem as problem:
            faults.append(str(problem))

    def named(room: str, kind: str, where: str) -> Any:
        try:
            return craft(room, kind, where)
        except Problem as problem:
            faults.append(str(problem))

    for room in ("raw", "corpora", "features", "tokens"):
        for name, row in getattr(params, room).items():
            where = f"{room}.{name}"
            if module := named(room, row.kind, where):
                fits(module.Config, row.options, where)
    for name, system in params.systems.items():
        where = f"systems.{name}"
        if module := named("models", system.model.kind, f"{where}.model"):
            fits(module.Config, system.model.options, f"{where}.model")
            fits(module.Train, system.train, f"{where}.train")
            fits(module.Decode, system.decode, f"{where}.decode")
        for side, place in (("source", system.source), ("target", system.target)):
            # The two sides and the records are matched by their order: another corpus's would be other sentences.
            section, encoding = place.split("/", 1)
            corpus = getattr(params, section)[encoding].corpus
            if corpus != system.corpus:
                faults.append(
                    f"{where}.{side}: {place} encodes the corpus {corpus}, not {system.corpus}: "
                    f"take one of {system.corpus}, or set {where}.corpus to {corpus}"
                )
        for metric in system.metrics:
            try:
                find(metric)
            except Problem as problem:
                faults.append(f"{where}.metrics: {problem}")
    fits(import_module("pipeline.stages.report").Config, params.report, "report")
    if faults:
        raise Problem("; ".join(faults))
