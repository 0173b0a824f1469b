import pytest

from pipeline.problems import Problem
from pipeline.stages import study

PARAMS = (
    "studies: {memory: {kind: gradients, steps: 4, hidden: 3, inputs: 2, sequences: 1, gains: [0.5], cells: [gru]}}"
)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    return tmp_path


def test_a_table_a_line(workspace, capsys):
    study.run("memory")
    files = {file.relative_to(workspace / "data" / "curves").as_posix() for file in workspace.rglob("*.tsv")}
    assert files == {"memory/gain_0.5/gru.tsv", "memory/gain_0.5_clipped/gru.tsv"}
    table = (workspace / "data/curves/memory/gain_0.5/gru.tsv").read_text(encoding="utf-8").splitlines()
    assert table[0] == "steps_back\tlog10_gradient_norm"
    assert [line.split("\t")[0] for line in table[1:]] == ["0", "1", "2"]
    assert "memory: 2 charts" in capsys.readouterr().out


def test_the_same_row_is_the_same_bytes(workspace):
    found = []
    for _ in range(2):
        study.run("memory")
        found.append([file.read_bytes() for file in sorted(workspace.rglob("*.tsv"))])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("memry", PARAMS, r"no studies\.memry: .*memory"),
        (
            "memory",
            "studies: {memory: {kind: gradient}}",
            r"studies\.memory\.kind: there is no 'gradient': .*gradients",
        ),
        ("memory", "studies: {memory: {kind: gradients, gains: []}}", r"studies\.memory\.gains"),
    ],
)
def test_a_slip_is_told(workspace, name, params, message):
    (workspace / "params.yaml").write_text(params, encoding="utf-8")
    with pytest.raises(Problem, match=message):
        study.run(name)
