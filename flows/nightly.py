"""The nightly flow: every workspace brought up to date as data arrives; what changed is kept as a DVC experiment.

`dvc exp show` then has a line a night in which something changed; `dvc exp apply` takes a night over.
"""

import os
import subprocess
import sys
from contextlib import chdir
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from flows import stage
from flows.walk import PROJECT, UP_TO_DATE, reproduce


@flow(name="nightly")
def nightly(workspaces: list[str] | None = None, push: bool = False) -> State[Any]:
    """Reproduce workspaces one after another; one that fails leaves the others running.

    workspaces: folders seen from the project's root (default: the root itself; `recipes/multi30k`, ...);
    push: send data and experiments to DVC's default remote.
    """
    failed = []
    for workspace in workspaces or ["."]:
        state = reproduce(workspace=workspace, return_state=True)
        if not state.is_completed():
            failed.append(f"{workspace}: {state.message}")
        elif state.name != UP_TO_DATE:
            failed += _keep(workspace, push)
    return Failed(message="; ".join(failed)) if failed else Completed(message="all workspaces are up to date")


def _keep(workspace: str, push: bool) -> list[str]:
    """Save a workspace's state as an experiment. Returns what went wrong."""
    place = PROJECT / workspace
    name = f"nightly-{place.resolve().name}-{date.today():%Y-%m-%d}"
    commands = [["exp", "save", "--force", "--name", name], *([["push"]] if push else [])]
    with chdir(place):
        for command in commands:
            run = subprocess.run(
                [sys.executable, "-m", "dvc", "--wait-for-lock", *command],
                env=stage.child_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
            )
            get_run_logger().info(run.stdout.strip() or f"dvc {command[0]}")
            if run.returncode:
                said = (run.stderr.strip() or f"exit status {run.returncode}").splitlines()[-1]
                return [f"{workspace}: dvc {' '.join(command)} failed: {said}"]
    return []


if __name__ == "__main__":
    sys.exit(0 if nightly([os.path.relpath(Path.cwd(), PROJECT)], return_state=True).is_completed() else 1)
