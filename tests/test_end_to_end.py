"""The project's own graph over a tiny world: by DVC, by the flow, after an edit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "OMP_NUM_THREADS": "1",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@b",
}
# One of each way through the graph: text, words, trees, labels with their probabilities, series with their intervals;
# sound into text, and sound into sound; one system made with two others; cues judged by a recogniser, and what they
# keep as a corpus.
SYSTEMS = (
    "asr_ctc",
    "lm_ms",
    "asr_ctc_lm",
    "mt_transformer",
    "mt_greedy",
    "pos_hmm",
    "parse_attention",
    "parse_attention_constrained",
    "scene_set",
    "forecast_esrnn",
    "vocoder_griffin_lim",
    "asr_messy",
    "asr_kept",
)
TINY: dict[str, dict[str, Any]] = {
    "raw.soap": {
        **{"episodes": 4, "dev": 1, "test": 1, "lines": 6},
        **{"pairs": 200, "trees": 80, "held": 20, "prompts": 8, "readers": 1},
        **{"scenes": 60, "series": 12, "dialogues": 0, "recaps": 0, "stories": 0},
    },
    "raw.soap_messy": {"episodes": 4, "dev": 1, "test": 1, "lines": 6},
    "corpora.soap.split": {"dev": 1, "test": 1},
    "corpora.soap_messy.split": {"dev": 1, "test": 1},
    # a recogniser that has learned nothing finds no text in its place
    "alignments.soap_kept": {"least": -100.0},
    "tokens.soap_ms": {"vocab_size": 150},
    "tokens.soap_en": {"vocab_size": 150},
    "systems.asr_ctc.model": {"channels": 16, "hidden": 16, "layers": 1},
    "systems.asr_ctc.train": {"epochs": 1},
    **{f"systems.{name}.model": {"channels": 16, "hidden": 16} for name in ("asr_messy", "asr_kept")},
    **{f"systems.{name}.train": {"epochs": 1} for name in ("asr_messy", "asr_kept", "lm_ms")},
    "systems.lm_ms.model": {"hidden": 16},
    "systems.asr_ctc_lm.train": {"weights": [0.0, 0.3]},
    "systems.mt_transformer.model": {"d_model": 16, "heads": 2, "layers": 1, "ffn": 16},
    "systems.mt_transformer.train": {"epochs": 1},
    "systems.parse_attention.model": {"embedding": 16, "hidden": 16},
    "systems.parse_attention.train": {"epochs": 1, "average": 1},
    "systems.parse_attention.decode": {"max_ratio": 1},
    "systems.scene_set.train": {"epochs": 1, "average": 1},
    "systems.forecast_esrnn.train": {"epochs": 1},
}

pytestmark = pytest.mark.slow


def run(folder: Path, *command: str, **environment: str) -> str:
    """What a command prints; its output is the message where it fails."""
    ended = subprocess.run(
        command, cwd=folder, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=3600
    )
    assert ended.returncode == 0, f"{command}: {ended.stdout[-3000:]} {ended.stderr[-3000:]}"
    return ended.stdout + ended.stderr


def clone(folder: Path) -> Path:
    """A repository with the package, the graph and a tiny params.yaml, nothing reproduced."""
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, folder / ".dvc" / name)
    content = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    _leave(content, SYSTEMS)
    for place, values in TINY.items():
        row = content
        for part in place.split("."):
            row = row[part]
        row.update(values)
    (folder / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    run(folder, "git", "init", "--quiet")
    commit(folder, "begun")
    return folder


def _leave(content: dict[str, Any], systems: tuple[str, ...]) -> None:
    """Of params.yaml these systems, and what they are made of."""
    content["systems"] = {name: content["systems"][name] for name in systems}
    rows = content["systems"].values()
    for section in ("features", "tokens"):
        used = {place.split("/")[1] for row in rows for place in (row["source"], row["target"])}
        content[section] = {name: row for name, row in content[section].items() if name in used}
    encoded = {row["corpus"] for section in ("features", "tokens") for row in content[section].values()}
    content["alignments"] = {name: row for name, row in content["alignments"].items() if name in encoded}
    judged = {row[slot] for row in content["alignments"].values() for slot in ("corpus", "texts")}
    content["probes"] = {name: row for name, row in content["probes"].items() if row["system"] in systems}
    probed = {row["corpus"] for row in content["probes"].values()}
    content["corpora"] = {name: row for name, row in content["corpora"].items() if name in encoded | judged | probed}
    pairs = content["report"].get("pairs", {}).items()
    content["report"]["pairs"] = {step: names for step, names in pairs if set(names) <= set(systems)}


def commit(folder: Path, message: str) -> None:
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", message)


def repro(folder: Path) -> list[str]:
    """The stages that `dvc repro` ran."""
    lines = run(folder, "dvc", "repro").splitlines()
    return [line.split("'")[1] for line in lines if line.startswith("Running stage")]


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world that `dvc repro` reproduced, committed."""
    folder = clone(tmp_path_factory.mktemp("serial"))
    assert len(repro(folder)) == len(yaml.safe_load((folder / "dvc.lock").read_text())["stages"])
    commit(folder, "reproduced")
    return folder


def test_a_second_run_does_nothing(serial: Path) -> None:
    assert repro(serial) == []
    assert run(serial, "git", "status", "--porcelain") == ""


def test_dvc_leaves_no_gitignore_in_the_data(serial: Path) -> None:
    assert not list((serial / "data").rglob(".gitignore"))


def test_every_system_is_scored_and_shown(serial: Path) -> None:
    table = run(serial, sys.executable, "-m", "pipeline", "scores")
    assert all(system in table for system in SYSTEMS)
    assert "not scored yet" not in table and (serial / "data/report/index.html").is_file()


def test_the_flow_writes_the_same_lock(serial: Path, tmp_path: Path) -> None:
    (tmp_path / "parallel").mkdir()
    folder = clone(tmp_path / "parallel")
    settings = {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(tmp_path / "prefect")}
    said = run(folder, sys.executable, "-m", "flows.reproduce", "--jobs", "2", **settings)
    stages = len(yaml.safe_load((serial / "dvc.lock").read_text())["stages"])
    assert f"{stages} of {stages} stages ran" in said
    assert (folder / "dvc.lock").read_bytes() == (serial / "dvc.lock").read_bytes()


def test_a_comment_reruns_the_fingerprint_alone(serial: Path) -> None:
    file = serial / "pipeline" / "training" / "loop.py"
    file.write_text(file.read_text(encoding="utf-8") + "\n# A word on the loop.\n", encoding="utf-8")
    assert repro(serial) == ["fingerprint"]


def test_decoding_otherwise_trains_nothing(serial: Path) -> None:
    file = serial / "params.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["systems"]["mt_transformer"]["decode"]["beam_size"] = 1
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    asked = {"probe@mt_gender", "probe@mt_edits"}  # of the same system, searched in the same way
    assert set(repro(serial)) == {"decode@mt_transformer", "evaluate@mt_transformer", *asked, "report"}
    assert "systems.mt_transformer.decode.beam_size" in run(serial, "dvc", "params", "diff")


def test_metrics_are_compared_with_the_last_commit(serial: Path) -> None:
    file = serial / "data/scores/pos_hmm.json"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace('"sentences": ', '"sentences": 1'), encoding="utf-8")
    try:
        assert "pos_hmm.json" in run(serial, "dvc", "metrics", "diff")
    finally:
        file.write_text(before, encoding="utf-8")
