"""Real processes: a leash, its command, and what the command starts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.stage import LEASH

# A command that starts another one and waits for it; both write down their process ids.
PARENT = "echo $$ > parent; sh -c 'echo $$ > child; exec sleep 60' & wait"


def held(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(LEASH), *command], cwd=folder, stdin=subprocess.PIPE)


def wait_for(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def alive(file: Path) -> bool:
    pid = int(file.read_text())
    try:
        os.kill(pid, 0)
        return "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):  # it may end between the signal and the look
        return False


@pytest.fixture
def family(tmp_path: Path):
    files = [tmp_path / "parent", tmp_path / "child"]
    with held(tmp_path, "sh", "-c", PARENT) as process:
        wait_for(lambda: all(file.exists() and file.read_text().strip() for file in files))
        assert all(alive(file) for file in files)
        yield process, files


@pytest.mark.parametrize("status", [0, 3])
def test_the_status_is_the_commands(tmp_path: Path, status: int) -> None:
    with held(tmp_path, "sh", "-c", f"exit {status}") as process:
        assert process.wait() == status


def test_letting_go_ends_the_command_and_all_below(family) -> None:
    process, files = family
    process.stdin.close()
    wait_for(lambda: not any(alive(file) for file in files))
    process.wait()


def test_a_term_is_passed_on(family) -> None:
    process, files = family
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM
    wait_for(lambda: not any(alive(file) for file in files))


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    holder = f"import subprocess; subprocess.Popen({[sys.executable, str(LEASH), 'sh', '-c', PARENT]!r}, " + (
        "stdin=subprocess.PIPE).wait()"
    )
    files = [tmp_path / "parent", tmp_path / "child"]
    with subprocess.Popen([sys.executable, "-c", holder], cwd=tmp_path) as process:
        wait_for(lambda: all(file.exists() and file.read_text().strip() for file in files))
        process.kill()
    wait_for(lambda: not any(alive(file) for file in files))


def test_what_a_command_leaves_behind_is_ended(tmp_path: Path) -> None:
    with held(tmp_path, "sh", "-c", "sh -c 'echo $$ > child; exec sleep 60' & sleep 0.5") as process:
        assert process.wait() == 0
    wait_for(lambda: not alive(tmp_path / "child"))
