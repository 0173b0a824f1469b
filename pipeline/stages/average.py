"""The scores of several systems → data/averages/<name>.json: of each score their mean, the lowest and the highest."""

import json
from statistics import fmean

from pipeline import paths
from pipeline.params import load, row
from pipeline.problems import Problem
from pipeline.sequences import read_json


def run(name: str) -> None:
    systems = row(load().averages, name, "averages").systems
    found = average({system: read_json(paths.scores(system)) for system in systems})
    if not found:
        raise Problem(f"averages.{name}: {', '.join(systems)} have no score in common: take systems of one task")
    with paths.replacing_file(paths.average(name)) as partial:
        partial.write_text(json.dumps({**found, "systems": len(systems)}, indent=2) + "\n", encoding="utf-8")
    print(f"{name}: {len(systems)} systems")
    for score in (key for key in found if f"{key}_lowest" in found):
        print(f"  {score:<18} {found[score]:>6}  (from {found[f'{score}_lowest']} to {found[f'{score}_highest']})")


def average(scores: dict[str, dict[str, float | int | str]]) -> dict[str, float]:
    """Of each score (what has an interval) that all have: mean, lowest, highest. Every system counts the same."""
    first, *others = scores.values()
    found: dict[str, float] = {}
    for key in first:
        if f"{key}_low" in first and all(key in other for other in others):
            values = [float(each[key]) for each in scores.values()]
            found |= {key: round(fmean(values), 2), f"{key}_lowest": min(values), f"{key}_highest": max(values)}
    return found
