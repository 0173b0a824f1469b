"""What a probe asked a system, what it answered, what that shows: the lines of data/hypotheses/<probe>/lines.jsonl."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.paths import replacing_file
from pipeline.problems import Problem
from pipeline.records import LINES


@dataclass(frozen=True)
class Probed:
    """One record of the test set."""

    id: str
    asked: dict[str, str]  # by what the probe calls it
    answers: dict[str, str]  # by the same
    finding: dict[str, Any]  # as the probe's kind gives it


def write_probed(folder: Path, lines: Iterable[Probed]) -> None:
    with replacing_file(folder / LINES) as partial, partial.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")


def read_probed(folder: Path) -> Iterator[Probed]:
    path = folder / LINES
    if not path.is_file():
        raise Problem(f"{path} is missing: run `dvc repro` first, or `dvc pull` it")
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Probed(**json.loads(line))
