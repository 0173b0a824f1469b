import pytest

from pipeline import paths
from pipeline.params import Params, Study
from pipeline.problems import Problem
from pipeline.report.studies import studies

PARAMS = Params(studies={"memory": Study(kind="gradients"), "later": Study(kind="gradients")})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = paths.curves("memory") / "gain_2"
    place.mkdir(parents=True)
    (place / "rnn.tsv").write_text("distance\tlog10_norm\n0\t1\n1\t-2\n", encoding="utf-8")
    (place / "gru.tsv").write_text("distance\tlog10_norm\n0\t1\n1\t0.5\n", encoding="utf-8")
    return place


def test_a_folder_is_a_chart_and_a_table_a_line(folder):
    (study,) = studies(PARAMS)
    (chart,) = study.charts
    assert (study.name, study.kind, chart.name, chart.x, chart.y) == (
        "memory",
        "gradients",
        "gain 2",
        "distance",
        "log10 norm",
    )
    assert [line.name for line in chart.lines] == ["gru", "rnn"]
    assert "rnn ends at -2" in chart.picture


@pytest.mark.parametrize("table", ["distance\tlog10_norm\n0\tmuch\n", "distance\n0\n"])
def test_a_broken_table_is_named(folder, table):
    (folder / "rnn.tsv").write_text(table, encoding="utf-8")
    with pytest.raises(Problem, match=r"rnn\.tsv, line 2"):
        studies(PARAMS)
