"""The flow: DVC's graph in Prefect, a task a stage, ready stages at the same time; scores and report as artifacts.

A stage that fails leaves those that do not need it running to their end. Killed or interrupted, the flow ends its
stages; started again, it goes on where it stopped. The dvc.lock that comes out is the one that `dvc repro` writes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas import State
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Failed

from flows import graph, stage
from flows.graph import GraphProblem, Stage

PROJECT = Path(__file__).resolve().parent.parent
ORDER = Path("work/dvc.lock.order")  # dvc.lock's order before a flow that has not ended well yet
UNCHANGED, SKIPPED, UNREACHABLE = "Unchanged", "Skipped", "Unreachable"  # names of a stage's states
UP_TO_DATE = "UpToDate"  # the flow's, where no stage ran


@flow(name="reproduce")
def reproduce(targets: list[str] | None = None, workspace: str = ".", jobs: int | None = None) -> State[Any]:
    """Bring a workspace up to date.

    targets: stages to reproduce with what they need (default: all); workspace: the project's root or a recipe's folder,
    seen from the project's root; jobs: stages at the same time (default: as many as there are cores).
    """
    with chdir(PROJECT / workspace):
        try:
            plan = graph.read(targets or [])
            before = _order_before()
            if has_gpu():
                _make_slot()
            try:
                done, failed = _walk(plan, jobs or _cores())
            finally:
                stage.end_all()
            graph.order_lock(before, [s.name for s in plan])
        except GraphProblem as problem:
            return Failed(message=str(problem))
        _leave_artifacts()
        if failed:
            left = [s.name for s in plan if s.name not in done and s.name not in failed]
            return Failed(message=_complaint(failed, left))
        ORDER.unlink(missing_ok=True)
        ran = sum(done.values())
        message = f"{ran} of {len(plan)} stages ran; the rest was up to date"
        return Completed(message=message) if ran else Completed(name=UP_TO_DATE, message="everything was up to date")


@task(
    name="stage",
    task_run_name="{name}",
    cache_policy=NO_CACHE,
    retries=3,
    retry_delay_seconds=[5, 30, 120],
    # A training that failed fails again; a network that did not answer may answer later.
    retry_condition_fn=lambda _task, _run, state: state.name == UNREACHABLE,
)
def run_stage(name: str, changed: bool) -> State[Any]:
    """One stage of dvc.yaml; without a process where DVC has said already that nothing changed."""
    if not changed:
        return Completed(name=UNCHANGED, message="its inputs and outputs are as dvc.lock has them")
    with _slot(name):
        outcome = stage.reproduce(name, say=get_run_logger().info)
    if outcome.ok:
        return Completed() if outcome.moved else Completed(name=SKIPPED, message="DVC found its inputs unchanged")
    reason = f"{name} failed: {outcome.reason} (its log: {outcome.log})"
    return Failed(name=UNREACHABLE if outcome.temporary else "Failed", message=reason)


def _walk(plan: list[Stage], jobs: int) -> tuple[dict[str, bool], dict[str, str]]:
    """Run the plan, `jobs` stages at a time. Returns the stages that ended well (True: ran), and why others failed."""
    names = {s.name for s in plan}
    changed = graph.changed()
    moved: set[str] = set()  # stages that ran since DVC was asked
    waiting = {s.name: s.needs & names for s in plan}  # in the plan's order
    futures: dict[str, Any] = {}
    running: set[str] = set()
    done: dict[str, bool] = {}
    failed: dict[str, str] = {}
    ended: SimpleQueue[str] = SimpleQueue()
    while True:
        if moved and waiting and not running:  # DVC may be asked again, which spares a process for each unchanged stage
            changed, moved = graph.changed(), set()
        for name in [n for n, needs in waiting.items() if needs <= done.keys()]:
            suspect = name in changed or not moved.isdisjoint(waiting[name])
            if suspect and len(running) >= jobs:
                continue
            needs = [futures[need] for need in sorted(waiting.pop(name))]
            running.add(name)
            futures[name] = future = run_stage.submit(name, suspect, wait_for=needs, return_state=False)
            future.add_done_callback(partial(_put, ended, name))
        if not running:
            return done, failed
        name = ended.get()
        running.discard(name)
        futures[name].wait()  # the callback comes before the state
        state = futures[name].state
        if state.is_completed():
            done[name] = state.name not in (UNCHANGED, SKIPPED)
            if done[name]:
                moved.add(name)
        else:
            failed[name] = str(state.message)
            get_run_logger().error(failed[name])


def _put(ended: SimpleQueue[str], name: str, _future: Any) -> None:
    ended.put(name)


def _order_before() -> list[str]:
    """The stages of dvc.lock before this flow, or before the unfinished one that it goes on with."""
    if graph.locked() and ORDER.is_file():
        return ORDER.read_text(encoding="utf-8").split()
    before = graph.locked()
    ORDER.parent.mkdir(parents=True, exist_ok=True)
    ORDER.write_text("".join(f"{name}\n" for name in before), encoding="utf-8")
    return before


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _slot(name: str) -> Iterator[None]:
    """On a machine with a GPU, trainings take turns on it. The lease gives the slot back when its holder was killed."""
    if not (name.startswith("train@") and has_gpu()):
        yield
        return
    with concurrency("gpu", occupy=1, lease_duration=60, strict=True, raise_on_lease_renewal_failure=False):
        yield


def _make_slot() -> None:
    """One slot for the GPU, unless its owner has said how many there are (`prefect gcl create gpu --limit 2`)."""
    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name("gpu")
        except ObjectNotFound:
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="gpu", limit=1))


def has_gpu() -> bool:
    return Path("/dev/nvidia0").exists() and os.environ.get("CUDA_VISIBLE_DEVICES") != ""


def _leave_artifacts() -> None:
    """What a person wants to see first, for Prefect's pages."""
    scores = _said([sys.executable, "-m", "pipeline", "scores", "--markdown"])
    create_markdown_artifact(scores or "No scores yet.", key="scores", description="Scores of all systems")
    changes = _said([sys.executable, "-m", "dvc", "--wait-for-lock", "metrics", "diff", "--md", "HEAD"])
    if changes.count("\n") < 2:  # the head of a table alone
        changes = "No metric differs from the last commit."
    create_markdown_artifact(changes, key="changes", description="Metrics against the last commit")
    report = Path("data/report/index.html")
    if report.is_file():
        create_link_artifact(report.resolve().as_uri(), link_text="The report", key="report")


def _said(command: list[str]) -> str:
    """What a command prints; nothing where it fails (no scores yet, no commit yet)."""
    paths = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**stage.child_environment(), "PYTHONPATH": paths}
    run = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return run.stdout.strip() if run.returncode == 0 else ""


def _complaint(failed: dict[str, str], left: list[str]) -> str:
    said = "; ".join(failed.values())
    return said + (f"; not run because of it: {', '.join(left)}" if left else "")


def main() -> int:
    targets, jobs = json.loads(sys.argv[1])
    state = reproduce(targets, workspace=os.path.relpath(Path.cwd(), PROJECT), jobs=jobs, return_state=True)
    print(state.message, file=sys.stdout if state.is_completed() else sys.stderr)
    return 0 if state.is_completed() else 1


if __name__ == "__main__":
    sys.exit(main())
