"""Fans: what is drawn of a series, on one scale for all systems; the series that are shown."""

from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline import paths
from pipeline.outcomes import Forecast, Interval, OutcomesWriter
from pipeline.params import Craft, Params, System
from pipeline.records import Decoded, write_decoded
from pipeline.report import forecasts


def line(name: str, found: list[float], past: list[float] | None = None, period: int = 2) -> Decoded:
    return Decoded(name, {"values": past or [1.0, 2.0] * 20, "period": period}, [1.0, 2.0], [found], [0.0], True)


def system() -> System:
    sides = {"source": "features/a", "target": "features/b", "needs": "none", "also": "none"}
    return System(task="forecast", corpus="c", **sides, model=Craft(kind="x"), metrics=["forecasting"])


def decoded(name: str, founds: list[list[float]], width: float | None) -> None:
    paths.hypotheses(name).mkdir(parents=True)
    lines = [line(f"{i}", found) for i, found in enumerate(founds)]
    write_decoded(paths.hypotheses(name), lines)
    with OutcomesWriter(paths.hypotheses(name)) as beside:
        for one in lines:
            if width is not None:
                values = np.array(one.best)
                beside.add(one.id, Forecast([], 0.0, values=values, lower=values - width, upper=values + width))


def test_the_first_series_are_shown_and_the_worst(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    founds = [[1.0, 2.0], [1.0, 3.0], [1.0, 2.5], [9.0, 9.0], [1.0, 2.0]]
    decoded("bold", founds, None)
    decoded("wary", founds, 0.5)
    params = Params(systems={name: system() for name in ("bold", "wary", "waiting")})
    (group,) = forecasts.groups(params, 3)
    assert (group.systems, group.level) == (["bold", "wary"], 0.95)
    assert [one.id for one in group.first] == ["0", "1"]
    assert [one.id for one in group.worst] == ["3"]
    bold, wary = group.first[1].fans
    assert bold.error == wary.error == pytest.approx(20)  # 0 and 40 %
    assert (bold.inside, wary.inside) == (None, 1)
    assert forecasts.groups(params, 99)[0].worst == [] and len(forecasts.groups(params, 99)[0].first) == 5


def test_a_task_of_texts_has_no_fans(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_decoded(paths.hypotheses("mt"), [Decoded("1", "a", "b", ["b"], [0.0], True)])
    assert forecasts.groups(Params(systems={"mt": system()}), 3) == []


@pytest.mark.parametrize("past", [[5.0], [5.0] * 3, [-1.0, 1e9] * 200])
def test_any_history_can_be_drawn(past):
    one = line("<a>", [5.0, 5.0], past)
    interval = Interval(0.95, [4.0, 3.0], [6.0, 7.0])
    picture = ElementTree.fromstring(
        str(forecasts.picture(one, interval, forecasts.shared_scale([(one, interval)]), "<a>"))
    )
    assert "2 steps" in picture.attrib["aria-label"]
    assert [drawn.attrib["class"] for drawn in picture.findall("path")] == [
        "fan",
        "series past",
        "series s1",
        "series s2",
    ]
    places = [
        float(n) for p in picture.findall("path") for n in p.attrib["d"].replace("M", "").replace("L", "").split()
    ]
    assert np.isfinite(places).all() and min(places) >= 0 and max(places) <= 420
