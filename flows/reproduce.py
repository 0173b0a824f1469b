"""python -m flows.reproduce [TARGET...]: what `dvc repro` does, with ready stages at the same time, as a Prefect flow.

Run it from a folder with a dvc.yaml: the project's root, or a recipe. The flow itself is in walk.py. It runs on a leash
in a process group of its own: Ctrl-C reaches it once and in order, and nothing of it, Prefect's temporary server
included, outlives a kill.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from flows.stage import LEASH

PROJECT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m flows.reproduce", description=str(__doc__).split(": ", 1)[1])
    parser.add_argument("targets", nargs="*", help="stages (train@asr_ctc); default: all")
    parser.add_argument("--jobs", type=int, help="stages at the same time; default: as many as there are cores")
    arguments = parser.parse_args()
    flow = [sys.executable, "-m", "flows.walk", json.dumps([arguments.targets, arguments.jobs])]
    paths = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    # A busy machine takes its time over Prefect's temporary server; the default is 20 seconds.
    patience = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180"}
    environment = {**patience, **os.environ, "PYTHONPATH": paths}
    process = subprocess.Popen([sys.executable, str(LEASH), *flow], stdin=subprocess.PIPE, env=environment)
    asked: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        asked.append(number)
        if len(asked) == 1:
            print("ending the stages; once more ends them at once", file=sys.stderr)
            process.terminate()
        elif process.stdin is not None:
            process.stdin.close()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    status = process.wait()
    return 128 + asked[0] if asked else status


if __name__ == "__main__":
    sys.exit(main())
