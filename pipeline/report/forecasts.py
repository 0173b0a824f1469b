"""Hypotheses and intervals in, fans out: what a series was, what it became, and where each system saw it going."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice

import numpy as np
from markupsafe import Markup

from pipeline import paths
from pipeline.metrics.forecasting import smape
from pipeline.outcomes import Interval, read_outcomes
from pipeline.params import Params
from pipeline.records import Decoded, read_decoded
from pipeline.report import svg
from pipeline.report.scores import rivals

SEASONS, HORIZONS, LONGEST = 4, 3, 200  # how much of the history is drawn: so many periods, or horizons; values at most


@dataclass(frozen=True)
class Fan:
    """One system's forecast of one series."""

    system: str
    error: float  # sMAPE
    inside: int | None  # values of the truth in the interval, where there is one
    picture: Markup


@dataclass(frozen=True)
class Forecasts:
    id: str
    horizon: int
    fans: list[Fan]


@dataclass(frozen=True)
class Group:
    """Series of one task on one corpus: the first of the test set, and those that the first system errs on most."""

    task: str
    corpus: str
    systems: list[str]
    level: float | None  # the share of the truth that an interval is meant to hold
    first: list[Forecasts]
    worst: list[Forecasts]


def is_series(line: Decoded) -> bool:
    return isinstance(line.source, Mapping)


def groups(params: Params, count: int) -> list[Group]:
    """In the order of params.yaml, of the systems that have forecast something: `count` series each."""
    found = []
    for (task, corpus), names in rivals(params).items():
        decoded = [name for name in names if paths.hypotheses(name).is_dir()]
        if decoded and any(is_series(line) for line in islice(read_decoded(paths.hypotheses(decoded[0])), 1)):
            found.append(_group(task, corpus, decoded, count))
    return found


def _group(task: str, corpus: str, names: list[str], count: int) -> Group:
    errors = [(_error(line), -i) for i, line in enumerate(read_decoded(paths.hypotheses(names[0])))]
    first = list(range(min(-(-count // 2), len(errors))))
    worst = [-place for _, place in nlargest(count - len(first), errors[len(first) :])]
    lines: dict[str, dict[int, Decoded]] = {}
    intervals: dict[str, dict[int, Interval]] = {}
    wanted = {*first, *worst}
    for name in names:
        lines[name] = {i: line for i, line in enumerate(read_decoded(paths.hypotheses(name))) if i in wanted}
        told = read_outcomes(paths.hypotheses(name), len(errors)).intervals
        intervals[name] = {i: told[i] for i in wanted} if told else {}
    level = next((one.level for told in intervals.values() for one in told.values()), None)

    def shown(place: int) -> Forecasts:
        told = {name: (found[place], intervals[name].get(place)) for name, found in lines.items() if place in found}
        scale = shared_scale([*told.values()])
        head = lines[names[0]][place]
        return Forecasts(head.id, len(head.reference or ()), [_fan(name, *told[name], scale) for name in told])

    return Group(task, corpus, names, level, [*map(shown, first)], [*map(shown, worst)])


def _error(line: Decoded) -> float:
    return smape(np.array(line.reference, dtype=float), np.array(line.best, dtype=float))


def _past(line: Decoded) -> np.ndarray:
    """The end of the history, as much as is drawn."""
    assert isinstance(line.source, Mapping) and line.reference is not None
    kept = max(HORIZONS * len(line.reference), SEASONS * int(line.source["period"]))
    return np.array(line.source["values"], dtype=float)[-min(kept, LONGEST) :]


def shared_scale(told: Sequence[tuple[Decoded, Interval | None]]) -> list[float]:
    """Round numbers about all that is drawn of a series, so that its fans can be held beside each other."""
    drawn = [values for line, _ in told for values in (_past(line), line.reference, line.best)]
    drawn += [side for _, interval in told if interval for side in (interval.lower, interval.upper)]
    values = np.concatenate([np.array(part, dtype=float) for part in drawn])
    return svg.ticks(float(values.min()), float(values.max()))


def _fan(name: str, line: Decoded, interval: Interval | None, scale: list[float]) -> Fan:
    truth = np.array(line.reference, dtype=float)
    inside = None
    if interval:
        inside = int(((truth >= interval.lower) & (truth <= interval.upper)).sum())
    return Fan(name, _error(line), inside, picture(line, interval, scale, f"{line.id} by {name}"))


def picture(line: Decoded, interval: Interval | None, scale: list[float], name: str) -> Markup:
    """The end of a history, the values that followed, and those that were forecast, with their interval; `scale`: the
    numbers at the left side."""
    truth, found = (np.array(values, dtype=float) for values in (line.reference, line.best))
    past = _past(line)
    sides = [np.array(side, dtype=float) for side in (interval.lower, interval.upper)] if interval else []
    x_ticks = svg.ticks(1.0 - len(past), float(len(truth)), 6)

    def place(step: float, value: float) -> tuple[float, float]:
        across = svg.LEFT + (step - 1 + len(past)) / (len(past) + len(truth) - 1) * (svg.WIDTH - svg.LEFT - svg.RIGHT)
        share = (scale[-1] - value) / (scale[-1] - scale[0])
        return across, svg.TOP + share * (svg.HEIGHT - svg.TOP - svg.BOTTOM)

    def line_of(start: int, values: np.ndarray) -> list[tuple[float, float]]:
        return [place(start + i, float(value)) for i, value in enumerate(values)]

    body = []
    for tick in scale:
        _, y = place(1, tick)
        body += [svg.rule(svg.LEFT, y, svg.WIDTH - svg.RIGHT, y, "grid")]
        body += [svg.text(svg.LEFT - 8, y + 4, svg.figure(tick), "end", "tick")]
    for tick in (t for t in x_ticks if 1 - len(past) <= t <= len(truth) and t == int(t)):
        x, _ = place(tick, scale[0])
        body.append(svg.text(x, svg.HEIGHT - svg.BOTTOM + 16, svg.figure(tick), "middle", "tick"))
    body.append(svg.text(svg.WIDTH - svg.RIGHT, svg.HEIGHT - 4, "steps from the last known value", "end", "axis"))
    if sides:
        body.append(svg.path([*line_of(1, sides[0]), *reversed(line_of(1, sides[1]))], "fan"))
    last = past[-1:]
    body.append(svg.path(line_of(1 - len(past), past), "series past"))
    body.append(svg.path(line_of(0, np.concatenate([last, found])), "series s1"))
    body.append(svg.path(line_of(0, np.concatenate([last, truth])), "series s2"))
    told = f"Forecast, {name}: {len(truth)} steps, drawn after {len(past)} values"
    return svg.drawing(svg.WIDTH, svg.HEIGHT, told, body, "chart")
