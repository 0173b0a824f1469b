"""name → place under data/. All paths are relative to the workspace, the folder that holds params.yaml."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATA = Path("data")
SPLITS = ("train", "dev", "test")


def code(module: str) -> Path:
    return DATA / "code" / f"{module}.txt"


def raw(name: str) -> Path:
    return DATA / "raw" / name


def manifest(corpus: str, split: str) -> Path:
    """One table of records: a split's, or `rejected`."""
    return manifests(corpus) / f"{split}.parquet"


def manifests(corpus: str) -> Path:
    return DATA / "manifests" / corpus


def summary(corpus: str) -> Path:
    """The counts of a corpus, flat: a metric."""
    return DATA / "summaries" / f"{corpus}.json"


def ledger(alignment: str) -> Path:
    """What became of every cue: a table."""
    return DATA / "ledgers" / f"{alignment}.parquet"


def encoding(place: str) -> Path:
    """The folder of `features/<name>` or `tokens/<name>`, as params.yaml writes it: codec/ train/ dev/ test/."""
    return DATA / place


def model(system: str) -> Path:
    return DATA / "models" / system


def curves(system: str) -> Path:
    return DATA / "curves" / system


def hypotheses(system: str) -> Path:
    """lines.jsonl, and beside it audio/ where the output is sound."""
    return DATA / "hypotheses" / system


def scores(system: str) -> Path:
    return DATA / "scores" / f"{system}.json"


def statistics(system: str) -> Path:
    """What each test sentence adds to the system's scores: a table."""
    return DATA / "statistics" / f"{system}.parquet"


def average(name: str) -> Path:
    """The mean of several systems' scores, flat: a metric."""
    return DATA / "averages" / f"{name}.json"


def report() -> Path:
    return DATA / "report" / "index.html"


def work(stage: str, digest: str) -> Path:
    """Where a long stage keeps what must survive a kill: untracked, named by the hash of its inputs."""
    return Path("work") / f"{stage}-{digest}"


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A fresh folder that takes `place` (a folder) over when the block ends well; otherwise `place` stays as it was."""
    partial = place.with_name(f".{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(place, ignore_errors=True)
    partial.rename(place)


@contextmanager
def replacing_file(place: Path) -> Iterator[Path]:
    """The same for one file: the block writes the path it is given; `place` changes only when the block ends well."""
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.partial")
    try:
        yield partial
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(place)
