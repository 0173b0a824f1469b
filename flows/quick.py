"""python flows/quick.py ARGUMENT...: DVC's command line, which changes a stage's block of dvc.lock and leaves the rest.

DVC parses the whole lock and writes it anew whenever a stage ends: with 300 stages that takes two seconds each. A
stage's block depends on nothing else in the file, so the bytes are the same either way. What this file does not know (a
lock of another shape, another DVC) is left to DVC.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HEAD = "schema: '2.0'\nstages:\n"
BLOCK = re.compile(r"^(?=  \S)", re.MULTILINE)  # where a stage's block begins


def spliced(lock: str, blocks: dict[str, str]) -> str | None:
    """The lock with each stage's block in its old place, or at the end; None where it is not of the shape known here.

    `blocks`: a stage's name → its block: `  name:\\n    cmd: ...\\n`.
    """
    if not lock.startswith(HEAD):
        return None
    before, *found = BLOCK.split(lock.removeprefix(HEAD))
    if before:
        return None
    kept = {_key(block): block for block in found}
    return HEAD + "".join((kept | {_key(block): block for block in blocks.values()}).values())


def _key(block: str) -> str:
    """The first line: `  train@mt:`, as YAML writes the name."""
    return block.split("\n", 1)[0]


def install() -> None:
    """Have DVC write its lock so."""
    from dvc.dvcfile import Lockfile
    from dvc.stage import serialize
    from dvc.utils.serialize import dumps_yaml

    slowly = Lockfile.dump_stages

    def dump_stages(self: Any, stages: Sequence[Any], **options: Any) -> None:
        place = Path(self.path)
        lock = place.read_text(encoding="utf-8") if place.is_file() else ""
        blocks: dict[str, str] = {}
        for stage in stages:
            text = dumps_yaml({"stages": serialize.to_lockfile(stage, **options)})
            blocks[stage.name] = text.removeprefix("stages:\n")
        changed = spliced(lock, blocks)
        if changed is None:
            slowly(self, stages, **options)
        elif changed != lock:
            partial = place.with_name(f".{place.name}.partial")  # a kill leaves the old lock or the new one
            partial.write_text(changed, encoding="utf-8")
            partial.replace(place)
            self.repo.scm_context.track_file(self.relpath)

    Lockfile.dump_stages = dump_stages


def main() -> int:
    from dvc.cli import main as dvc

    install()
    return int(dvc(sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
