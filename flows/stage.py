"""One stage of the graph in a process of its own, on a leash; its output line by line to a logger and to a file."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
QUICK = Path(__file__).with_name("quick.py")  # `dvc`, for graphs of hundreds of stages
LOGS = Path("work/logs")
TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h: how a stage says that trying again may help (a network that did not answer)

_running: set[subprocess.Popen[str]] = set()


@dataclass(frozen=True)
class Outcome:
    """How a stage ended."""

    ok: bool
    moved: bool  # False: DVC found its inputs unchanged, and left its outputs as they were
    temporary: bool  # it failed, and trying again may help
    reason: str  # what it said last, where it failed
    log: Path


def log_file(name: str) -> Path:
    return LOGS / f"{name.replace('/', '_')}.log"


def reproduce(name: str, say: Callable[[str], None], environment: Mapping[str, str] | None = None) -> Outcome:
    """`dvc repro --single-item NAME` beside others; returns when it has ended, well or not."""
    command = [sys.executable, "-P", str(QUICK), "--wait-for-lock", "repro", "--single-item", name]
    log = log_file(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, str(LEASH), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**child_environment(), **(environment or {})},
        )
        _running.add(process)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                file.write(line)
                file.flush()
                if line.strip():
                    lines.append(line.rstrip())
                    say(line.rstrip())
        finally:
            _running.discard(process)
            _let_go(process)
            process.stdout.close()
            status = process.wait()
    return Outcome(
        ok=status == 0,
        moved=f"Stage '{name}' didn't change, skipping" not in lines,
        temporary=any(re.search(rf"exited with {TEMPORARY}\b", line) for line in lines),
        reason=_reason(lines, status),
        log=log,
    )


def end_all() -> None:
    """End every stage that this process has started."""
    for process in list(_running):
        _let_go(process)


def child_environment() -> dict[str, str]:
    """Ours, with the flow's Python as `python`, and one thread a stage, since stages run side by side."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "OMP_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
        "PYTHONUNBUFFERED": "1",
    }


def _let_go(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None and not process.stdin.closed:
        process.stdin.close()


def _reason(lines: list[str], status: int) -> str:
    """The stage's own last words, or DVC's where it said none."""
    if status in (-signal.SIGKILL, 128 + signal.SIGKILL, 128 + signal.SIGTERM):
        return "it was ended"
    own = [line for line in lines if line.startswith("error: ")]
    said = own or [line for line in lines if line.startswith("ERROR: ")] or lines or ["it said nothing"]
    return said[-1].removeprefix("error: ")
