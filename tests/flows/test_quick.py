import subprocess
import sys
from pathlib import Path

import pytest

from flows.quick import spliced
from flows.stage import QUICK

LOCK = """\
schema: '2.0'
stages:
  first:
    cmd: true
    outs:
    - path: data/first
      size: 4
  train@mt:
    cmd: 'echo "a: b"'
"""


def test_a_stages_block_is_changed_where_it_stands() -> None:
    found = spliced(LOCK, {"first": "  first:\n    cmd: false\n"})
    assert found == "schema: '2.0'\nstages:\n  first:\n    cmd: false\n  train@mt:\n    cmd: 'echo \"a: b\"'\n"


def test_a_new_stage_comes_last_and_the_same_one_changes_nothing() -> None:
    assert spliced(LOCK, {"last": "  last:\n    cmd: x\n"}) == LOCK + "  last:\n    cmd: x\n"
    assert spliced(LOCK, {"first": LOCK[LOCK.index("  first") : LOCK.index("  train")]}) == LOCK


@pytest.mark.parametrize("lock", ["", "schema: '3.0'\nstages:\n", LOCK.replace("stages:", "datasets: []\nstages:")])
def test_a_lock_of_another_shape_is_left_to_dvc(lock: str) -> None:
    assert spliced(lock, {"last": "  last:\n    cmd: x\n"}) is None


def test_what_stands_behind_the_stages_is_left_to_dvc() -> None:
    assert spliced(LOCK.replace("stages:\n", "stages:\n# by hand\n"), {}) is None


def test_the_lock_has_the_bytes_that_dvc_writes(workspace, dvc) -> None:
    Path("params.yaml").write_text(
        Path("params.yaml").read_text() + "numbers: {small: 1.0e-05, no: 'no', time: '12:30'}\n"
    )
    graph = Path("dvc.yaml")
    graph.write_text(graph.read_text().replace("deps: [seed.txt]", "deps: [seed.txt]\n    params: [numbers]"))
    dvc("repro")
    plain = Path("dvc.lock").read_bytes()
    Path("dvc.lock").unlink()  # DVC begins it, and every block but the first is put behind the others
    command = [sys.executable, "-P", str(QUICK), "repro", "--force"]
    subprocess.run(command, check=True, cwd=workspace)
    assert Path("dvc.lock").read_bytes() == plain
    Path("seed.txt").write_text("two\n")  # every block is changed
    subprocess.run(command[:-1], check=True, cwd=workspace)
    quick = Path("dvc.lock").read_bytes()
    assert quick != plain
    Path("dvc.lock").write_bytes(plain)
    dvc("repro")
    assert Path("dvc.lock").read_bytes() == quick
