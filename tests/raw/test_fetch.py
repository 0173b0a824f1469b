"""Corpora from addresses and folders: checked, unpacked inside their folder, refused with a remedy."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.raw import fetch


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder and the address at which it is served."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def goal(tmp_path: Path) -> Path:
    folder = tmp_path / "goal"
    folder.mkdir()
    return folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def config(**options: object) -> fetch.Config:
    return configure(fetch.Config, options, "raw.x")


def test_downloads_a_file_and_unpacks_archives(site: tuple[str, Path], goal: Path) -> None:
    address, folder = site
    (folder / "a.txt").write_text("one\n")
    with zipfile.ZipFile(folder / "b.zip", "w") as zipped:
        zipped.writestr("deep/b.txt", "two\n")
        zipped.writestr("deep/c.log", "unwanted\n")
    with tarfile.open(folder / "d.tar.gz", "w:gz") as tarred:
        info = tarfile.TarInfo("d.txt")
        info.size = 6
        tarred.addfile(info, io.BytesIO(b"three\n"))
    addresses = [
        {"url": f"{address}/{name}", "sha256": sha256((folder / name).read_bytes())}
        for name in ("a.txt", "b.zip", "d.tar.gz")
    ]
    addresses[2]["to"] = "tar"
    fetch.write(config(addresses=addresses, files=["**/*.txt"]), goal)
    assert names(goal) == ["a.txt", "deep/b.txt", "tar/d.txt"]
    assert (goal / "deep/b.txt").read_text() == "two\n"


def test_a_wrong_checksum_leaves_nothing(site: tuple[str, Path], goal: Path) -> None:
    address, folder = site
    (folder / "a.txt").write_text("one\n")
    with pytest.raises(Problem, match=r"a\.txt has the sha256 .* instead of 0000"):
        fetch.write(config(addresses=[{"url": f"{address}/a.txt", "sha256": "0" * 64}]), goal)
    assert names(goal) == []


def test_a_missing_address_is_named_with_the_remedy(site: tuple[str, Path], goal: Path) -> None:
    with pytest.raises(Problem, match=r"none\.txt cannot be fetched .*CORPORA"):
        fetch.write(config(addresses=[{"url": f"{site[0]}/none.txt", "sha256": "0" * 64}]), goal)


def test_a_tar_that_leads_outside_is_refused(tmp_path: Path, goal: Path) -> None:
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tarred:
        info = tarfile.TarInfo("../outside.txt")
        info.size = 1
        tarred.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(Problem, match="cannot be unpacked"):
        fetch.unpack(archive, goal, "evil.tar")
    assert not (tmp_path / "outside.txt").exists()


def test_a_tar_link_that_leads_outside_is_refused(tmp_path: Path, goal: Path) -> None:
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tarred:
        link = tarfile.TarInfo("link")
        link.type = tarfile.SYMTYPE
        link.linkname = "/etc"
        tarred.addfile(link)
    with pytest.raises(Problem, match="cannot be unpacked"):
        fetch.unpack(archive, goal, "evil.tar")


@pytest.mark.parametrize("member", ["../outside.txt", "/outside.txt", "C:/outside.txt", "a/../../outside.txt"])
def test_a_zip_that_leads_outside_is_refused(tmp_path: Path, goal: Path, member: str) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr(member, "x")
    with pytest.raises(Problem, match="cannot be unpacked"):
        fetch.unpack(archive, goal, "evil.zip")
    assert names(goal) == []


def test_a_damaged_archive_is_named(tmp_path: Path, goal: Path) -> None:
    (tmp_path / "cut.zip").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(Problem, match=r"cut\.zip cannot be unpacked"):
        fetch.unpack(tmp_path / "cut.zip", goal, "cut.zip")


def test_copies_what_is_wanted_from_corpora(tmp_path: Path, goal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = tmp_path / "corpora" / "mine"
    corpus.mkdir(parents=True)
    for name in ("train.en.gz", "train.de.gz", "readme.txt", ".hidden"):
        (corpus / name).write_text(name)
    monkeypatch.setenv("CORPORA", str(tmp_path / "corpora"))
    fetch.write(config(local="mine", files=["*.gz"], sha256={"train.en.gz": sha256(b"train.en.gz")}), goal)
    assert names(goal) == ["train.de.gz", "train.en.gz"]
    assert not (goal / "train.en.gz").is_symlink()


def test_a_local_copy_is_held_to_the_address_checksum(
    tmp_path: Path, goal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("another version")
    monkeypatch.setenv("CORPORA", str(tmp_path))
    address = {"url": "https://example.org/a.txt", "sha256": sha256(b"the version")}
    with pytest.raises(Problem, match=r"a\.txt has the sha256"):
        fetch.write(config(local="mine", addresses=[address]), goal)


def test_missing_folders_are_named_with_the_remedy(tmp_path: Path, goal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CORPORA", raising=False)
    with pytest.raises(Problem, match="CORPORA is not set: set it to the folder that holds mine/"):
        fetch.write(config(local="mine"), goal)
    (tmp_path / "mines").mkdir()
    monkeypatch.setenv("CORPORA", str(tmp_path))
    with pytest.raises(Problem, match="mine is not a folder: did you mean mines"):
        fetch.write(config(local="mine"), goal)
    monkeypatch.setenv("CORPORA", str(tmp_path / "nowhere"))
    with pytest.raises(Problem, match=r"CORPORA=.* is not a folder"):
        fetch.write(config(local="mine"), goal)
    with pytest.raises(Problem, match="elsewhere is not a folder"):
        fetch.write(config(folder=str(tmp_path / "elsewhere")), goal)


def test_a_glob_that_matches_nothing_is_named(tmp_path: Path, goal: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "train.conllu").write_text("")
    with pytest.raises(Problem, match=r"matches 'train\.conll'; the nearest is train\.conllu"):
        fetch.write(config(folder=str(tmp_path / "here"), files=["train.conll"]), goal)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "say where it comes from"),
        ({"folder": "x", "files": ["../*"]}, "leads out of its folder"),
        ({"local": "../x"}, "leads out of its folder"),
        ({"addresses": [{"url": "ftp://x/a", "sha256": "0" * 64}]}, "url"),
        ({"addresses": [{"url": "https://x/a", "sha256": "short"}]}, "sha256"),
        ({"addreses": []}, "did you mean addresses"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(Problem, match=message):
        config(**options)
