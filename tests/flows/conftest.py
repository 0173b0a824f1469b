"""A small DVC repository whose stages are shell commands."""

import subprocess
import sys
from pathlib import Path

import pytest

GRAPH = """\
stages:
  first:
    cmd: mkdir -p data && cat seed.txt > data/first
    deps: [seed.txt]
    outs: [data/first]
  middle:
    foreach: ${middle}
    do:
      cmd: echo "reading for ${key}" && cat data/first > data/${key} && ${item.also}
      deps: [data/first]
      outs:
        - data/${key}
  last:
    cmd: cat data/a data/b > data/last
    deps: [data/a, data/b]
    outs: [data/last]
"""
PARAMS = "middle: {a: {also: 'true'}, b: {also: 'true'}}\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "workspace"
    (folder / ".dvc").mkdir(parents=True)
    for name, content in {
        "dvc.yaml": GRAPH,
        "params.yaml": PARAMS,
        "seed.txt": "one\n",
        ".gitignore": "/data/\n/work/\n",
        ".dvc/config": "[core]\n    analytics = false\n    check_update = false\n",
        ".dvc/.gitignore": "/tmp\n/cache\n",
    }.items():
        (folder / name).write_text(content, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def dvc(workspace: Path):
    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "dvc", *arguments]
        return subprocess.run(command, cwd=workspace, check=True, capture_output=True, text=True).stdout

    return run
