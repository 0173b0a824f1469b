"""The command line: help at once, one line for every fault."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.__main__ import main

ROOT = Path(__file__).parent.parent


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, params: str | None = None) -> tuple[int, str, str]:
        if params is not None:
            Path("params.yaml").write_text(params, encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        out, error = capsys.readouterr()
        return int(stop.value.code or 0), out, error

    return call


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from pipeline.__main__ import app; app(['--help'], standalone_mode=False); "
        "print([m for m in ('torch', 'numpy', 'pyarrow', 'dvc', 'prefect') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "fingerprint" in said and "transcribe" in said and said.splitlines()[-1] == "[]"


def test_a_stage_outside_of_a_workspace(ended) -> None:
    status, out, error = ended("train", "mt")
    assert status == 1 and out == ""
    assert error.startswith("error: params.yaml is missing: run from the folder that holds it")


@pytest.mark.parametrize(
    ("stage", "section"),
    [
        ("prepare", "raw"),
        ("ingest", "corpora"),
        ("featurize", "features"),
        ("tokenize", "tokens"),
        ("train", "systems"),
        ("decode", "systems"),
        ("evaluate", "systems"),
    ],
)
def test_a_name_that_is_not_there(ended, stage: str, section: str) -> None:
    status, _, error = ended(stage, "soup", params=(ROOT / "params.yaml").read_text(encoding="utf-8"))
    assert status == 1 and error.startswith(f"error: params.yaml has no {section}.soup: ") and error.count("\n") == 1


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("kind: hmm", "kind: hmmm", "systems.pos_hmm.model.kind: there is no 'hmmm': did you mean hmm?"),
        ("vocab_size: 1200", "vocab_sise: 1200", "tokens.soap_ms.vocab_sise: no such name: did you mean vocab_size?"),
        ("heads: 4", "heads: 0", "systems.mt_transformer.model.heads: "),
        ("beam_size: 5", "beam_size: wide", ".decode.beam_size: "),
        ("metrics: [bleu", "metrics: [blue", ".metrics: there is no metric 'blue': did you mean bleu?"),
        ("    needs: none\n", "", "params.yaml.systems.asr_ctc.needs is missing"),
        ("metrics: [wer", "metrics: [mcd, wer", "metrics: mcd scores sound, and tokens/soap_ms_chars is none"),
        (
            "needs: asr_ctc # aligns",
            "needs: none # aligns",
            "metrics: cer scores text: name the recogniser that writes",
        ),
        ("samples: 12", "sample: 12", "report.sample: no such name: did you mean samples?"),
        ("[mt_greedy, mt_t", "[mt_greed, mt_t", "over greedy: there is no 'mt_greed': did you mean mt_greedy?"),
        (
            "target: tokens/soap_en\n",
            "target: tokens/soap_upos\n",
            "tokens/soap_upos encodes the corpus soap_tags, not",
        ),
    ],
)
def test_check_finds_a_slip_before_anything_runs(ended, written: str, instead: str, said: str) -> None:
    whole = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert written in whole
    status, _, error = ended("check", params=whole.replace(written, instead, 1))
    assert status == 1 and error.startswith("error: ") and said in error and "Traceback" not in error


@pytest.mark.parametrize("folder", [".", *sorted(f"recipes/{path.name}" for path in (ROOT / "recipes").iterdir())])
def test_what_stands_in_the_project_is_without_a_slip(folder: str, monkeypatch, ended) -> None:
    monkeypatch.chdir(ROOT / folder)
    assert ended("check") == (0, "", "")


def test_an_unreachable_network_has_a_status_of_its_own(ended, monkeypatch) -> None:
    from pipeline import params
    from pipeline.problems import Unreachable

    def load():
        raise Unreachable("example.org does not answer: try again")

    monkeypatch.setattr(params, "load", load)
    assert ended("check") == (75, "", "error: example.org does not answer: try again\n")
