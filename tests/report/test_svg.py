import math
from xml.etree import ElementTree

import pytest

from pipeline.report import svg


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (29000, "29,000"),
        (12345.6, "12,346"),
        (0.25, "0.25"),
        (12.34, "12.3"),
        (0.0015, "0.0015"),
        (math.nan, "nan"),
    ],
)
def test_figures(value, shown):
    assert svg.figure(value) == shown


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.2, 0.9), (-3, 17), (5, 5), (0, 0), (1e-4, 3e-4), (0, 12345)])
def test_ticks_are_round_and_span_the_range(low, high):
    ticks = svg.ticks(low, high)
    assert ticks[0] <= low
    assert high <= ticks[-1]
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))


def drawn(markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


def test_lines_are_drawn_and_read_out():
    picture = drawn(
        svg.lines([svg.Line("train", [(1, 2.0), (2, 1.0)]), svg.Line("<dev>", [(1, math.nan)])], "step", "loss")
    )
    assert picture.get("aria-label", "").startswith("loss over step: train ends at 1")
    assert len(picture.findall("path")) == 1
    assert picture.get("role") == "img"


def test_a_single_point_is_a_dot():
    assert drawn(svg.lines([svg.Line("dev", [(1, 2.0)])], "step", "loss")).findall("rect[@class='dot s1']")


def test_nothing_finite_draws_nothing():
    assert svg.lines([svg.Line("dev", [(1, math.nan)])], "step", "loss") == ""


def test_long_lines_are_thinned_and_keep_their_end():
    picture = svg.lines([svg.Line("train", [(i, float(i)) for i in range(10_001)])], "step", "loss")
    assert len(picture) < 20_000
    assert "ends at 10,000" in picture


def test_histogram_bars_are_shares_of_their_split():
    bins = svg.Bins(1.0, [1, 3], open=True)
    picture = drawn(svg.histogram(bins, svg.Bins(1.0, [1, 1]), "words", ("train", "test")))
    titles = [title.text for title in picture.iter("title")]
    assert "0 to 1: 1 (25.0 %)" in titles
    assert "1 and more: 3 (75.0 %)" in titles


def test_interval_stays_on_its_scale():
    picture = drawn(svg.interval(120.0, 110.0, None, -5.0, 100.0))
    assert all(0 <= float(line.get(x, "0")) <= 300 for line in picture.findall("line") for x in ("x1", "x2"))


def test_labels_are_escaped():
    assert "<b>" not in svg.text(0, 0, "<b>") + svg.meter(0.5, '"<b>"')
