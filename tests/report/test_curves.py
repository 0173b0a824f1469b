import pytest

from pipeline import paths
from pipeline.problems import Problem
from pipeline.report import curves


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = paths.curves("s")
    (place / "plots" / "metrics" / "train").mkdir(parents=True)
    return place


def test_train_and_dev_share_a_chart(folder):
    (folder / "dev_loss.tsv").write_text("step\tdev_loss\n1\t3\n2\t2\n", encoding="utf-8")
    (folder / "train_loss.tsv").write_text("step\ttrain_loss\n1\t2.5\n2\t1.5\n", encoding="utf-8")
    (folder / "lr.tsv").write_text("step\tlr\n1\t0.1\n", encoding="utf-8")
    found = {chart.name: [line.name for line in chart.lines] for chart in curves.charts("s")}
    assert found == {"loss": ["train", "dev"], "lr": ["lr"]}


def test_dvclive_folders_and_its_time_column(folder):
    (folder / "plots" / "metrics" / "train" / "loss.tsv").write_text(
        "step\ttimestamp\tloss\n0\t17\t2.5\n", encoding="utf-8"
    )
    (chart,) = curves.charts("s")
    assert (chart.name, chart.lines[0].name, chart.lines[0].points) == ("loss", "train", [(0.0, 2.5)])


@pytest.mark.parametrize("line", ["1\tmany", "1", "1\t2\t3"])
def test_a_broken_line_is_named(folder, line):
    (folder / "lr.tsv").write_text(f"step\tlr\n{line}\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"lr\.tsv, line 2"):
        curves.charts("s")


def test_no_curves_no_charts(folder):
    assert curves.charts("s") == []
    assert curves.charts("never_trained") == []
