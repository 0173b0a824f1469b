"""A corpus that others publish → data/raw/<name>: from its official addresses, or from a folder on this machine.

Enter `addresses` with their sha256 (archives are unpacked), or a folder: `folder` states it, `local` looks for it
under the folder that the environment variable CORPORA names and wins over the addresses where that is set. Leave the
files that `files` asks for, each checked against the checksum that is known for it.
"""

import hashlib
import os
import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from difflib import get_close_matches
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from pydantic import Field, StringConstraints, field_validator, model_validator
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from pipeline.params import Row
from pipeline.problems import Problem, Unreachable, nearest

VARIABLE = "CORPORA"
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
CHUNK = 2**20  # bytes
PATIENCE = 60  # seconds without an answer
ATTEMPTS = 3

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class Address(Row):
    """One file on a server. An archive is unpacked into the folder `to`; any other file is kept as `to`."""

    url: str = Field(pattern="^https?://")
    sha256: Sha256
    to: str = ""

    @field_validator("to")
    @classmethod
    def _inside(cls, to: str) -> str:
        return _relative(to)

    @property
    def name(self) -> str:
        return unquote(PurePosixPath(urlsplit(self.url).path).name) or "download"

    @property
    def archive(self) -> bool:
        return self.name.lower().endswith(ARCHIVES)

    @property
    def place(self) -> str:
        """Where it goes in data/raw/<name>: a folder for an archive."""
        return self.to or ("." if self.archive else self.name)


class Config(Row):
    addresses: tuple[Address, ...] = ()
    local: str | None = None  # a folder under $CORPORA
    folder: str | None = None  # a folder anywhere
    files: tuple[str, ...] = ("**/*",)  # globs: what is wanted of all that is there
    sha256: dict[str, Sha256] = Field(
        default_factory=dict
    )  # path in data/raw/<name> → checksum; plain addresses bring their own

    @field_validator("files")
    @classmethod
    def _globs_inside(cls, globs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_relative(glob) for glob in globs)

    @field_validator("local")
    @classmethod
    def _local_inside(cls, local: str | None) -> str | None:
        return local if local is None else _relative(local)

    @model_validator(mode="after")
    def _somewhere(self) -> "Config":
        if not (self.addresses or self.local or self.folder):
            raise ValueError("say where it comes from: `addresses`, `local` or `folder`")
        return self

    @property
    def checksums(self) -> dict[str, str]:
        plain = {str(PurePosixPath(a.place)): a.sha256 for a in self.addresses if not a.archive}
        return {**plain, **self.sha256}


def write(config: Config, folder: Path) -> None:
    source = _source(config)
    if source is not None:
        _copy(config, source, folder)
    else:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        ) as progress:
            for address in config.addresses:
                _fetch(address, folder, progress)
        wanted = set(_wanted(config.files, folder))
        for path in sorted(folder.rglob("*"), reverse=True):  # children before their folders
            if path.is_file() and path not in wanted:
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        for path in sorted(wanted):
            _check(path, path.relative_to(folder).as_posix(), config.checksums)
    made = [path for path in folder.rglob("*") if path.is_file()]
    print(
        f"{len(made)} files, {sum(path.stat().st_size for path in made) / 2**20:.1f} MiB from {source or 'the network'}"
    )


# From a folder -----------------------------------------------------------------------------------------------------


def _source(config: Config) -> Path | None:
    """The folder to copy from; None where the addresses are to be fetched."""
    if config.folder is not None:
        source = Path(config.folder).expanduser()
        if not source.is_dir():
            raise Problem(f"{source} is not a folder ({source.absolute()}): mend `folder` in params.yaml")
        return source
    if config.local is None:
        return None
    above = os.environ.get(VARIABLE)
    if not above:
        if config.addresses:
            return None
        raise Problem(f"{config.local}: {VARIABLE} is not set: set it to the folder that holds {config.local}/")
    parent = Path(above).expanduser()
    source = parent / config.local
    if not parent.is_dir():
        raise Problem(f"{VARIABLE}={above} is not a folder ({parent.absolute()}): mend it")
    if not source.is_dir():
        there = [path.name for path in parent.iterdir() if path.is_dir()]
        rest = f", or unset {VARIABLE} to download the corpus" if config.addresses else ""
        raise Problem(f"{source} is not a folder: {nearest(config.local, there)} Put the corpus there{rest}")
    return source


def _copy(config: Config, source: Path, folder: Path) -> None:
    """Copies, never links: what stands in data/raw becomes DVC's, and the original must stay as it is."""
    for path in _wanted(config.files, source):
        name = path.relative_to(source).as_posix()
        _check(path, name, config.checksums)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def _wanted(globs: Sequence[str], folder: Path) -> list[Path]:
    """The files that the globs match, hidden ones left out.

    Raises Problem for a glob that matches nothing.
    """
    found: set[Path] = set()
    for glob in globs:
        matched = {path for path in folder.glob(glob) if path.is_file() and not _hidden(path.relative_to(folder))}
        if not matched:
            names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
            like = next(iter(get_close_matches(glob, names, n=1, cutoff=0.3)), None)
            holds = f"; the nearest is {like}" if like else f", which holds {len(names)} files"
            raise Problem(f"files: nothing in {folder} matches {glob!r}{holds}: mend `files` in params.yaml")
        found |= matched
    return sorted(found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


# From the network --------------------------------------------------------------------------------------------------


def _fetch(address: Address, folder: Path, progress: Progress) -> None:
    """Download beside the goal, check, then put in place: a file that is there is whole."""
    partial = folder / f".{address.name}.partial"
    try:
        _download(address, partial, progress)
        if _digest(partial) != address.sha256:
            raise Problem(
                f"{address.url} has the sha256 {_digest(partial)} instead of {address.sha256}: it has changed or was "
                "cut; try again, and if it stays so, ask its publisher before changing params.yaml"
            )
        place = folder / address.place
        if address.archive:
            place.mkdir(parents=True, exist_ok=True)
            unpack(partial, place, address.name)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)


def _download(address: Address, place: Path, progress: Progress) -> None:
    task = progress.add_task(address.name, total=None)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            request = Request(address.url, headers={"User-Agent": "seqloom"})
            with urlopen(request, timeout=PATIENCE) as answer, place.open("wb") as file:
                size = answer.headers.get("Content-Length")
                progress.update(task, total=int(size) if size else None, completed=0)
                while chunk := answer.read(CHUNK):
                    file.write(chunk)
                    progress.advance(task, len(chunk))
            return
        except (OSError, HTTPException) as error:  # a URLError is an OSError
            reason = error.reason if isinstance(error, URLError) else error
            refused = getattr(error, "code", 500) < 500
            if refused or attempt == ATTEMPTS:
                raise (Problem if refused else Unreachable)(
                    f"{address.url} cannot be fetched ({reason}): check the network and the address, or keep the "
                    f"corpus in a folder and set {VARIABLE} (with `local`) or `folder`"
                ) from None


def unpack(archive: Path, folder: Path, name: str) -> None:
    """Unpack a tar or zip file into a folder that nothing of it may leave.

    Raises Problem if it is damaged, or holds a path or link that leads outside.
    """
    try:
        if name.lower().endswith(".zip"):
            with zipfile.ZipFile(archive) as zipped:
                for member in zipped.namelist():
                    _relative(member)
                zipped.extractall(folder)
        else:
            with tarfile.open(archive) as tarred:
                tarred.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, ValueError, EOFError) as error:
        raise Problem(f"{name} cannot be unpacked ({error}): it is damaged, or not to be trusted") from None


def _check(path: Path, name: str, checksums: dict[str, str]) -> None:
    known = checksums.get(name)
    if known is not None and _digest(path) != known:
        raise Problem(
            f"{path} has the sha256 {_digest(path)} instead of {known}: it is another version, or damaged: "
            "fetch it again from its official address"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _relative(path: str) -> str:
    """The path itself, if it stays inside the folder that it is joined to."""
    parts = PurePosixPath(path.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or (parts.parts and ":" in parts.parts[0]):
        raise ValueError(f"{path!r} leads out of its folder: write a relative path")
    return path
