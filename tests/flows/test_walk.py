"""The whole flow over a small graph, as a person starts it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for all flows here: making it takes as long as a flow."""
    return str(tmp_path_factory.mktemp("prefect"))


@pytest.fixture
def flow(workspace: Path, prefect_home: str):
    def start(*arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PREFECT_HOME": prefect_home}
        return subprocess.Popen(
            [sys.executable, "-m", "flows.reproduce", *arguments],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    return start


def told(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = process.communicate(timeout=1800)[0]
    return process.returncode, said


def params(a: str, b: str = "true") -> None:
    Path("params.yaml").write_text(f"middle: {{a: {{also: '{a}'}}, b: {{also: '{b}'}}}}\n")


def test_a_failure_leaves_the_others_running_and_a_second_run_goes_on(workspace, flow, dvc) -> None:
    params("echo error: a is broken: mend it && exit 1")
    status, said = told(flow())
    assert status == 1 and "Traceback" not in said
    message = "middle@a failed: a is broken: mend it (its log: work/logs/middle@a.log); not run because of it: last"
    assert message in said
    assert Path("data/b").is_file() and not Path("data/last").exists()
    params("true")
    status, said = told(flow())
    assert status == 0 and "2 of 4 stages ran" in said
    assert "Task run 'middle@b' - Finished in state Unchanged" in said
    parallel = Path("dvc.lock").read_bytes()
    Path("dvc.lock").unlink()
    dvc("repro", "--force", "--quiet")
    assert Path("dvc.lock").read_bytes() == parallel
    status, said = told(flow("middle@a"))
    assert status == 0 and "everything was up to date" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_stage_outlives_the_flow(workspace, flow, number: signal.Signals) -> None:
    params("echo $$ > process && exec sleep 120")
    process = flow("middle@a")
    while not (Path("process").exists() and Path("process").read_text().strip()):
        assert process.poll() is None, told(process)
        time.sleep(0.05)
    process.send_signal(number)
    status, _ = told(process)
    assert status in (128 + number, -number)
    stage = Path("/proc") / Path("process").read_text().strip()
    end = time.monotonic() + 20
    while stage.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_network_that_did_not_answer_is_tried_again(workspace, flow) -> None:
    params("true", "test -e tried || (touch tried && exit 75)")
    status, said = told(flow("middle@b"))
    assert status == 0 and said.count("Running stage 'middle@b'") == 2


def test_a_misspelt_target_is_one_line(workspace, flow) -> None:
    status, said = told(flow("midle"))
    assert status == 1 and "Traceback" not in said and "midle" in said
