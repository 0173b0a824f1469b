"""Cues and a recogniser → a ledger, what is kept as a corpus, and figures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from pipeline import paths
from pipeline.alignment.hearing import Heard, Letters
from pipeline.params import load
from pipeline.problems import Problem
from pipeline.records import read_table
from pipeline.stages import align, ingest
from pipeline.tokens.characters import Codec, Config

STEP = 0.04
VOCABULARY = Codec(list("abcdefghijklmnopqrstuvwxyz "), Config())
ROW = {"corpus": "soap", "raw": "soap", "system": "asr", "texts": "pairs", "proof": 2.0}
PARAMS: dict[str, Any] = {
    "corpora": {
        "soap": {
            "raw": "soap",
            "kind": "subtitles",
            "spoken": "ms",
            "subtitles": ["ms", "en"],
            "require": ["ms"],
            "split": {"dev": ["ep02"], "test": ["ep03"]},
        },
        "pairs": {"raw": "pairs", "kind": "parallel", "languages": ["ms", "en"]},
    },
    "alignments": {"kept": ROW},
    "features": {"mel": {"corpus": "soap", "raw": "soap", "field": "audio", "kind": "mel"}},
    "tokens": {"chars": {"corpus": "soap", "field": "ms", "kind": "characters"}},
    "systems": {
        "asr": {
            "task": "asr",
            "corpus": "soap",
            "source": "features/mel",
            "target": "tokens/chars",
            "needs": "none",
            "also": "none",
            "model": {"kind": "ctc"},
            "metrics": ["wer"],
        }
    },
}
SPOKEN = {  # recording → when which text is said
    "ep01": [(1, "dia pergi ke pasar"), (5, "apa yang berlaku"), (9, "kami mahu tidur"), (13, "jangan lupa")],
    "ep02": [(1, "jangan lupa")],
    "ep03": [(1, "saya tidak tahu")],
}
SHOWN = {  # what its subtitles say; the second text is shown 2.5 s late, the third is another language
    "ep01": [
        (0.9, "Dia pergi ke pasar."),
        (7.4, "Apa yang berlaku?"),
        (8.9, "What is the thing there?"),
        (12.9, "Jangan lupa!"),
        (15.5, "[muzik]"),
    ],
    "ep02": [(0.9, "jangan lupa")],
    "ep03": [(0.9, "saya tidak tahu")],
}
ENGLISH = {
    "ep01": [
        "What did she say?",
        "She went there with the thing.",
        "What is this?",
        "The thing is there.",
        "This is it.",
    ],
    "ep02": ["That will do."],
    "ep03": ["She did not see it."],
}
FAULTS = ["none", "shift", "wrong_language", "none", "non_speech"]


def srt(cues: list[tuple[float, str]]) -> str:
    def clock(seconds: float) -> str:
        return f"00:00:{int(seconds):02},{round(seconds % 1 * 1000):03}"

    return "\n".join(f"{n}\n{clock(s)} --> {clock(s + 1.5)}\n{text}\n" for n, (s, text) in enumerate(cues, 1))


def hear(recogniser: Any, letters: Letters, media: Path) -> Heard:
    """A recogniser that hears SPOKEN, one letter in 0.08 s."""
    log_probs = np.full((round(18 / STEP), len(letters)), -12.0, np.float32)
    log_probs[:, 0] = 0
    for start, text in SPOKEN[media.stem]:
        for i, letter in enumerate(letters.of(text)[0]):
            step = round(start / STEP) + 2 * i
            log_probs[step, 0], log_probs[step, letter] = -12, 0
    return Heard(log_probs, STEP)


class Recogniser:
    target = VOCABULARY

    @classmethod
    def open(cls, folder: Path) -> "Recogniser":
        return cls()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(align, "hear", hear)
    monkeypatch.setattr(align, "Trained", Recogniser)
    folder = paths.raw("soap")
    folder.mkdir(parents=True)
    paths.raw("pairs").mkdir()
    pairs = "".join(f"{n}. dia pergi ke sana\t{n}. she went to the thing\n" for n in range(20))
    (paths.raw("pairs") / "pairs.tsv").write_text("ms\ten\n" + pairs, encoding="utf-8")
    for name, cues in SHOWN.items():
        noise = np.random.default_rng(1).integers(-9999, 9999, 18 * 8000, np.int16)
        soundfile.write(folder / f"{name}.flac", noise, 8000)
        (folder / f"{name}.ms.srt").write_text(srt(cues), encoding="utf-8")
        english = [(start, text) for (start, _), text in zip(cues, ENGLISH[name], strict=True)]
        (folder / f"{name}.en.srt").write_text(srt(english), encoding="utf-8")

    def run(**options: Any) -> tuple[list[dict[str, Any]], dict[str, float]]:
        content = {**PARAMS, "alignments": {"kept": {**ROW, "least": -4.0, **options}}}
        Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        if not paths.manifests("soap").is_dir():
            ingest.run("soap")
            ingest.run("pairs")
        align.run("kept")
        return list(read_table(paths.ledger("kept"))), json.loads(paths.summary("kept").read_text(encoding="utf-8"))

    return run


def plant(subtitles: list[str] | None = None) -> None:
    texts = subtitles or [text for _, text in SHOWN["ep01"]]
    cues = [
        {"start": start, "end": start + 1.5, "text": text, "subtitle": shown, "fault": fault}
        for (start, text), shown, fault in zip(SHOWN["ep01"], texts, FAULTS, strict=True)
    ]
    cues[2]["text"] = "kami mahu tidur"
    cues[4]["text"] = "ya"
    (paths.raw("soap") / "ep01.ledger.json").write_text(json.dumps({"cues": cues}), encoding="utf-8")


def test_a_ledger_and_a_corpus(world: Any, capsys: pytest.CaptureFixture[str]) -> None:
    plant()
    ledger, summary = world()
    assert [(row["cue"], row["verdict"], row["kept"]) for row in ledger] == [
        (1, "good", True),
        (2, "shifted", True),
        (3, "wrong_language", False),
        (4, "good", False),
        (5, "not_speech", False),
    ]
    assert ledger[3]["reason"] == "copy of a dev or test record"
    train = list(read_table(paths.manifest("kept", "train")))
    assert [(record["id"], record["ms"]) for record in train] == [
        ("kept-ep01-0001", "Dia pergi ke pasar."),
        ("kept-ep01-0002", "Apa yang berlaku?"),
    ]
    assert train[1]["start"] == pytest.approx(4.85) and train[0]["en"] == "What did she say?"
    for split in ("dev", "test"):
        assert paths.manifest("kept", split).read_bytes() == paths.manifest("soap", split).read_bytes()
    rejected = list(read_table(paths.manifest("kept", "rejected")))
    assert [(r["where"], r["reason"]) for r in rejected] == [
        ("00:00:08.900", "wrong language"),
        ("00:00:12.900", "copy of a dev or test record"),
        ("00:00:15.500", "not speech"),
    ]
    assert summary["cues"] == 5 and summary["kept"] == 2 and summary["found_shifted"] == 1
    assert summary["f1"] == summary["shifted_recall"] == summary["wrong_language_precision"] == 100.0
    said = capsys.readouterr().out
    assert "kept: 2 of 5 cues are kept" in said and "over all faults: F1 100.0" in said


def test_without_planted_faults_there_are_no_scores(world: Any) -> None:
    assert "f1" not in world()[1]


def test_the_best_share(world: Any) -> None:
    ledger, summary = world(best=0.34)
    assert summary["kept"] == 1 and [row["kept"] for row in ledger] == [True, False, False, False, False]
    assert ledger[1]["reason"] == "others fit better"


def test_the_same_inputs_give_the_same_bytes(world: Any) -> None:
    def content() -> list[bytes]:
        files = [*sorted(paths.manifests("kept").iterdir()), paths.ledger("kept"), paths.summary("kept")]
        return [file.read_bytes() for file in files]

    world()
    before = content()
    world()
    assert content() == before


def test_nothing_is_kept(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPOKEN, "ep01", [])
    with pytest.raises(Problem, match=r"alignments.kept: no cue of soap is kept: look into data/ledgers/kept.parquet"):
        world()
    assert not paths.manifests("kept").exists() and paths.ledger("kept").is_file()
    with pytest.raises(Problem, match=r"alignments.kept: asr can hardly tell one text of soap from another"):
        world(least=None)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"corpus": "sop"}, "alignments.kept.corpus: there is no 'sop': did you mean soap"),
        ({"raw": "sop"}, "alignments.kept.raw: there is no 'sop'"),
        ({"system": "asr_ctc"}, "alignments.kept.system: there is no 'asr_ctc'"),
        ({"texts": "pears"}, "alignments.kept.texts: there is no 'pears'"),
        ({"reech": 3}, "alignments.kept.reech: no such name: did you mean reach"),
    ],
)
def test_names_are_checked(world: Any, row: dict[str, Any], message: str) -> None:
    with pytest.raises(Problem, match=message):
        world(**row)


def test_an_alignment_is_a_corpus_for_others(world: Any) -> None:
    world()
    content = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    content["features"]["kept_mel"] = {**content["features"]["mel"], "corpus": "kept"}
    content["tokens"]["kept_chars"] = {**content["tokens"]["chars"], "corpus": "kept"}
    sides = {"corpus": "kept", "source": "features/kept_mel", "target": "tokens/kept_chars"}
    content["systems"]["again"] = {**content["systems"]["asr"], **sides}
    Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert load().systems["again"].corpus == "kept"
    content["corpora"]["kept"] = content["corpora"]["soap"]
    Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(Problem, match=r"alignments.kept: there is a corpus of this name"):
        load()


def test_a_speech_that_nobody_writes_is_not_aligned(world: Any) -> None:
    world()
    content = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    content["corpora"]["soap"]["spoken"] = "none"
    Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(Problem, match=r"corpora.soap has no cues in the language that is spoken"):
        align.run("kept")
