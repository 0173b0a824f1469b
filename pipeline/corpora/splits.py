"""What every corpus reader shares: which files are read, and which split a record belongs to.

Either `files` names each split's files, or `split` parts the whole: by recording (no recording in two splits) or in
order. Dev and test are the last ones in natural order (ep2 before ep10), so that the same files give the same splits.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.params import Row
from pipeline.paths import SPLITS
from pipeline.problems import Problem, nearest
from pipeline.records import Record

RESERVED = ("id", "recording", "speaker", "audio", "start", "end")  # columns of manifests, beside the languages


class Split(Row):
    """How a corpus without splits of its own is parted. A part is a share (0.1), a number (3) or a list of names."""

    by: Literal["recording", "order", "text"] = "order"  # text: by what subtitles show, whatever recording they are of
    of: Literal["file", "sentence"] = "sentence"  # what `by: order` counts
    # True: recordings or files as if shuffled, always alike; for names that tell what is said, by whose order train and
    # test would differ.
    shuffle: bool = False
    dev: float | list[str] = 0.1
    test: float | list[str] = 0.1

    @field_validator("dev", "test")
    @classmethod
    def _part(cls, part: float | list[str]) -> float | list[str]:
        if isinstance(part, float) and (part < 0 or (part > 1 and part != int(part))):
            raise ValueError("a part is a share below 1, a whole number, or a list of names")
        return part

    @property
    def whole(self) -> bool:
        """Recordings or files go to a split as a whole; otherwise sentences do, one by one."""
        return self.by == "recording" or (self.by == "order" and self.of == "file")


class Shared(Row):
    """Options of every corpus."""

    files: str | list[str] | dict[Literal["train", "dev", "test"], str | list[str]] | None = None  # globs
    split: Split = Split()
    leakage: Literal["move", "refuse"] = "move"  # a train or dev copy of a test record: drop the copy, or stop
    # What is a copy: the same letters and digits, whatever case, punctuation and spaces; or the same to the dot.
    alike: Literal["words", "exact"] = "words"
    sides: Literal["any", "all"] = "any"  # of a record in several languages: one that is alike makes a copy, or all do
    keep: float = Field(1.0, gt=0, le=1)  # the share of train that is kept, evenly drawn: what more data is worth


class Multilingual(Shared):
    """Options of a corpus whose files tell their language by name."""

    # Language → how file names (and TMX) write it, where that is not its column's name: `{ind: id}`, `{en: eng}`.
    suffixes: Annotated[dict[str, str], Field(default_factory=dict)]

    def suffix(self, language: str) -> str:
        return self.suffixes.get(language, language)

    def language_of(self, path: Path, languages: Sequence[str]) -> str | None:
        """The language that a file's name ends with, before .gz and one suffix: `ep01.en.srt`, `train.en.gz`."""
        parts = path.name.removesuffix(".gz").split(".")[1:]
        by_suffix = {self.suffix(language): language for language in languages}
        return next((by_suffix[part] for part in reversed(parts[-2:]) if part in by_suffix), None)


def distinct(languages: list[str]) -> list[str]:
    """Languages that can be columns. Raises ValueError otherwise, for a Config's validator."""
    for language in languages:
        if language in RESERVED:
            raise ValueError(
                f"{language!r} is a column of its own: name the language otherwise (Indonesian: ind), "
                f"and tell how files write it: `suffixes: {{ind: {language}}}`"
            )
    if len(set(languages)) < len(languages):
        raise ValueError("a language is listed twice")
    return languages


@dataclass(frozen=True)
class Found:
    """A record that was read. `split` is None where the split is by order of sentences."""

    split: str | None
    record: Record
    file: str
    where: str


@dataclass(frozen=True)
class Source:
    """A file of a corpus. `name` is its path without suffix, gz and language, and part of the ids of its records."""

    path: Path
    name: str
    split: str | None


def sources(
    config: Shared, folder: Path, corpus: str, default: Sequence[str], suffixes: Sequence[str] = ()
) -> list[Source]:
    """The files that `files` (or else the default globs) matches under `folder`, in natural order, train first.

    Raises Problem if the folder is missing, a glob matches nothing, or a file is in two splits.
    """
    where = f"corpora.{corpus}.files"
    if not folder.is_dir():
        raise Problem(f"{folder} is missing: put the corpus there, or mend corpora.{corpus} in params.yaml")
    if config.files is None:
        paths = _match(folder, default)
        if not paths:
            raise Problem(f"{folder} has no {' or '.join(default)}, but {_holds(folder)}: state {where}")
        return _named([(path, None) for path in paths], suffixes)
    if not isinstance(config.files, dict):
        return _named([(path, None) for path in _stated(folder, config.files, where)], suffixes)
    if "split" in config.model_fields_set:
        raise Problem(f"corpora.{corpus}: `files` already names the splits: leave one of `files` and `split` out")
    pairs: list[tuple[Path, str | None]] = []
    owner: dict[Path, str] = {}
    for split in (split for split in SPLITS if split in config.files):
        for path in _stated(folder, config.files[split], f"{where}.{split}"):
            if path in owner:
                raise Problem(f"{path} is in {owner[path]} and in {split}: mend {where}")
            owner[path] = split
            pairs.append((path, split))
    return _named(pairs, suffixes)


def placed(config: Shared, found: Mapping[str, str | None], corpus: str) -> dict[str, str | None]:
    """Name → split, for names (of files, of recordings) whose split is stated or None.

    They stay None where sentences go to splits one by one: the ingest stage counts those.
    """
    if isinstance(config.files, dict) or not config.split.whole:
        return dict(found)
    return dict(assign(list(found), config.split, corpus))


def assign(names: Sequence[str], split: Split, corpus: str) -> dict[str, str]:
    """Name → split. Dev and test are the names listed, or else the last ones in natural order: train, dev, test.

    Raises Problem for an unknown or doubly listed name, and if nothing is left to train on.
    """
    chosen: dict[str, str] = {}
    for part in ("dev", "test"):
        listed = getattr(split, part)
        for name in listed if isinstance(listed, list) else ():
            if name not in names:
                raise Problem(f"corpora.{corpus}.split.{part}: there is no {name!r}: {nearest(name, names)}")
            if name in chosen:
                raise Problem(f"corpora.{corpus}.split: {name!r} is listed twice: leave it in one place")
            chosen[name] = part
    order = sorted(names, key=_shuffled) if split.shuffle else sorted(names, key=natural)
    free = [name for name in order if name not in chosen]
    for part in ("test", "dev"):
        wanted = getattr(split, part)
        if not isinstance(wanted, list):
            taken = amount(wanted, len(names))
            for name in free[len(free) - min(taken, len(free)) :]:
                chosen[name] = part
            free = free[: max(0, len(free) - taken)]
    if not free:
        raise Problem(
            f"corpora.{corpus}.split: dev and test take all {len(names)} of {', '.join(sorted(names, key=natural)[:5])}"
            f"{', ...' if len(names) > 5 else ''}: make them smaller, or add data"
        )
    return {**dict.fromkeys(free, "train"), **chosen}


def amount(part: float, total: int) -> int:
    """A share (at least one, unless it is zero) or a number of `total` things."""
    if part >= 1:
        return int(part)
    return max(1, round(part * total)) if part > 0 else 0


def drawn(place: int, share: float) -> bool:
    """Whether a share of things, evenly drawn, holds the one at `place`, from 0: of 0.25, every fourth."""
    return int((place + 1) * share) > int(place * share)


def natural(name: str) -> list[tuple[int, int, str]]:
    """A sort key that puts ep2 before ep10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"([0-9]+)", name)]


def _shuffled(name: str) -> bytes:
    return blake2b(name.encode()).digest()


def _stem(name: str, suffixes: Sequence[str]) -> str:
    head, *parts = name.removesuffix(".gz").split(".")
    if parts and parts[-1] not in suffixes:
        parts.pop()
    if parts and parts[-1] in suffixes:
        parts.pop()
    return ".".join([head, *parts])


def _match(folder: Path, globs: Sequence[str]) -> list[Path]:
    found = {path for glob in globs for path in folder.glob(glob) if path.is_file() and not path.name.startswith(".")}
    return sorted(found, key=lambda path: natural(path.as_posix()))


def _stated(folder: Path, globs: str | list[str], where: str) -> list[Path]:
    globs = [globs] if isinstance(globs, str) else globs
    for glob in globs:
        if not glob or Path(glob).is_absolute() or ".." in Path(glob).parts:
            raise Problem(f"{where}: {glob!r} does not stay in {folder}: write globs relative to the corpus")
        if not _match(folder, [glob]):
            raise Problem(f"{where}: nothing in {folder} matches {glob!r}; it holds {_holds(folder)}: mend the glob")
    return _match(folder, globs)


def _holds(folder: Path) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir())
    return (", ".join(names[:8]) + (", ..." if len(names) > 8 else "")) or "nothing"


def _named(found: Sequence[tuple[Path, str | None]], suffixes: Sequence[str]) -> list[Source]:
    """Names from what differs between the paths: the folder that all share is left out."""
    common = Path(os.path.commonpath([path.parent for path, _ in found]))
    parts = []
    for path, _ in found:
        *folders, name = path.relative_to(common).parts
        parts.append((*folders, _stem(name, suffixes)))
    names = joined(parts)
    return [Source(path, names[part], split) for (path, split), part in zip(found, parts, strict=True)]


def joined(places: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Folders and stem → one name each, joined by hyphens: by more of them where `a/b` would be called as `a-b` is."""
    unlike = sorted(set(places))
    wanted = Counter("-".join(place) for place in unlike)
    names: dict[tuple[str, ...], str] = {place: place[0] for place in unlike if len(place) == 1}
    taken = set(names.values())
    for place in unlike:
        if place in names:
            continue
        joint = "-"
        while (name := joint.join(place)) in taken or wanted[name] > 1:
            joint += "-"
        names[place] = name
        taken.add(name)
    return names
