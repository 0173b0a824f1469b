"""Reliability: the bins that hold anything, at the mean of what they hold."""

from xml.etree import ElementTree

import numpy as np

from pipeline import paths
from pipeline.metrics.calibration import BINS
from pipeline.metrics.statistics import write_statistics
from pipeline.report import reliability


def test_a_dot_a_bin_that_holds_anything():
    bins = np.zeros((2, BINS, 3))
    bins[0, 0], bins[0, 14] = (1000, 20, 10), (10, 10, 10)
    picture = ElementTree.fromstring(str(reliability.diagram(bins, "<s>")))
    told = "Reliability of <s>: all labels: 1 % of 2 %, 100 % of 100 %; the likeliest: "
    assert picture.attrib["aria-label"] == told
    dots = [box for box in picture.findall("rect") if box.attrib["class"].startswith("dot")]
    assert [dot.find("title").text for dot in dots] == [
        "1,000 held 2.0 % likely: 1.0 % are right",
        "10 held 100.0 % likely: 100.0 % are right",
    ]
    assert float(dots[0].attrib["width"]) > float(dots[1].attrib["width"])


def test_of_systems_that_were_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_statistics(paths.statistics("asked"), ["1"], {"calibration": np.zeros((1, 2 * BINS * 3))})
    write_statistics(paths.statistics("other"), ["1"], {"labels": np.zeros((1, 3))})
    assert list(reliability.pictures(["asked", "other", "waiting"])) == ["asked"]
