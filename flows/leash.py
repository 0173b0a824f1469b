"""A command in, its exit status out; it ends when the process that started it ends, and everything below it does too.

`python leash.py COMMAND...` with a pipe as standard input. Whoever has the pipe's other end holds the leash: when that
end closes (let go on purpose, or by the kernel because its holder was killed), the command's process group is ended.
A pipe notices every death of its holder, kill -9 included, whichever thread started us, and on every Unix.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE = 5.0  # seconds between TERM and KILL


def main() -> int:
    os.setpgid(0, 0)  # one group for the command and all that it starts
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())  # it may come while the command is being started
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: command.terminate())  # passed on; and the group's TERM leaves us for later
    if asked.is_set():
        command.terminate()
    threading.Thread(target=_end_when_let_go, daemon=True).start()
    status = command.wait()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)  # what it left behind
    return status if status >= 0 else 128 - status


def _end_when_let_go() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
