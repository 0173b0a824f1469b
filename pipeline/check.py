"""All of params.yaml against the crafts that it names, before anything runs: a slip on the last line costs no hour."""

from importlib import import_module
from typing import Any

from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Metric
from pipeline.params import Params, System, configure, craft
from pipeline.problems import Problem, nearest
from pipeline.trained import searching


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

    for room in ("raw", "corpora", "features", "tokens", "probes", "studies"):
        for name, row in getattr(params, room).items():
            where = f"{room}.{name}"
            if module := named(room, row.kind, where):
                fits(module.Config, row.options, where)
    for name, alignment in params.alignments.items():
        fits(import_module("pipeline.alignment").Config, alignment.options, f"alignments.{name}")
        kind = params.corpora[alignment.corpus].kind
        if (module := named("corpora", kind, f"corpora.{alignment.corpus}")) and not hasattr(module, "tracks"):
            faults.append(f"alignments.{name}.corpus: {kind} has no cues with times: take a corpus of kind subtitles")
    for name, system in params.systems.items():
        where = f"systems.{name}"
        module = named("models", system.model.kind, f"{where}.model")
        if module:
            fits(module.Config, system.model.options, f"{where}.model")
            fits(module.Train, system.train, f"{where}.train")
            fits(searching(module).Decode, system.decode, f"{where}.decode")
        for side, attribute in (("source", "READS"), ("target", "WRITES")):
            room = getattr(system, side).split("/", 1)[0]
            if module and getattr(module, attribute, room) != room:
                faults.append(
                    f"{where}.{side}: a {system.model.kind} {attribute.lower()} {getattr(module, attribute)}, and "
                    f"{getattr(system, side)} are {room}: take one of the section {getattr(module, attribute)}"
                )
        for metric in system.metrics:
            try:
                if misfit := _misfit(params, system, find(metric)):
                    faults.append(f"{where}.metrics: {metric} {misfit}")
            except Problem as problem:
                faults.append(f"{where}.metrics: {problem}")
    faults += _report_faults(params)
    if faults:
        raise Problem("; ".join(faults))


def _misfit(params: Params, system: System, metric: Metric) -> str:
    """Why a metric cannot score what a system makes; empty where it may."""
    features = params.features.get(system.target.removeprefix("features/"))
    if features is None or features.field != "audio":
        return "" if metric.of not in ("sound", "walk") else f"scores sound, and {system.target} is none"
    judge = params.systems.get(system.needs)
    if metric.of in ("likelihood", "own likelihood") or metric.tokenised:
        return "scores tokens, and sound has none"
    if metric.of == "values" and (judge is None or not judge.target.startswith("tokens/")):
        return "scores text: name the recogniser that writes the speech down as `needs`, or take mcd and failures"
    return ""


def _report_faults(params: Params) -> list[str]:
    try:
        pairs = configure(import_module("pipeline.stages.report").Config, params.report, "report").pairs
    except Problem as problem:
        return [str(problem)]
    return [
        f"report.pairs.{step}: there is no {name!r}: {nearest(name, params.systems)}"
        for step, names in pairs.items()
        for name in names
        if name not in params.systems
    ]
