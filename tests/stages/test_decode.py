"""A synthesiser of hums → lines that name their sounds, and the sounds as FLAC."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml

from pipeline import paths
from pipeline.params import Row, load
from pipeline.problems import Problem
from pipeline.records import Hypothesis, read_decoded, utterance_schema, write_table
from pipeline.sequences import SequenceWriter, write_json
from pipeline.stages import decode, tokenize, train

RATE = 8000
TEXTS = ["ab", "", "a b", *["ba"] * 20]  # nothing is said of the second


class Decode(Row):
    loudness: float = 0.5


def hum() -> ModuleType:
    """Says 0.1 s for each character, two steps a character."""

    def decode(*, model: Any, source: Any, target: Any, options: Decode) -> Iterator[list[Hypothesis]]:
        for length in source.sequences.lengths.tolist():
            steps = np.repeat(np.eye(length), 2, axis=0)
            sound = options.loudness * np.sin(np.arange(length * RATE // 10)).astype(np.float32)
            yield [Hypothesis([], 0.0, finished=length < 3, attention=steps.tolist(), waveform=sound, rate=RATE)]

    module = ModuleType("pipeline.models.hum")
    module.Config, module.Decode, module.decode = Row, Decode, decode  # type: ignore[attr-defined]
    module.load = lambda folder: None  # type: ignore[attr-defined]
    return module


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pipeline.models.hum", hum())
    system: dict[str, Any] = {"task": "tts", "corpus": "c", "source": "tokens/chars", "target": "features/mel"}
    system |= {"needs": "none", "also": "none", "model": {"kind": "hum"}, "metrics": []}
    params = {
        "raw": {"r": {"kind": "any"}},
        "corpora": {"c": {"raw": "r", "kind": "any"}},
        "features": {"mel": {"corpus": "c", "raw": "r", "field": "audio", "kind": "mel", "normalise": "none"}},
        "tokens": {"chars": {"corpus": "c", "field": "en", "kind": "characters"}},
        "systems": {"hum": system},
    }
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    record = {"recording": "ep/1", "speaker": "ana", "audio": "a.flac", "start": 0.0, "end": 1.0}
    records = [{"id": f"c-ep/1-{i}", "en": text, **record} for i, text in enumerate(TEXTS)]
    for split in paths.SPLITS:
        write_table(paths.manifest("c", split), records, utterance_schema(["en"]))
    tokenize.run("chars")
    codec = {"kind": "mel", "corpus": "c", "field": "audio", "options": {"normalise": "none"}}
    write_json(paths.encoding("features/mel") / "codec" / "codec.json", codec)
    with SequenceWriter(paths.encoding("features/mel") / "test", np.float32) as writer:
        for one in records:
            writer.add(str(one["id"]), np.zeros((1, 80), np.float32))
    paths.model("hum").mkdir(parents=True)
    train.complete(paths.model("hum"), load().systems["hum"], "none")


def test_each_sound_is_a_file_beside_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    decode.run("hum")
    folder = paths.hypotheses("hum")
    lines = list(read_decoded(folder))
    assert [line.source for line in lines] == TEXTS
    assert lines[0].audio == "audio/c-ep%2F1-0.flac"  # no folder of the recording's name
    assert lines[1].audio is None
    assert len(list((folder / "audio").iterdir())) == len(TEXTS) - 1
    sound, rate = soundfile.read(folder / "audio" / "c-ep%2F1-2.flac")
    assert (len(sound), rate) == (3 * RATE // 10, RATE)
    assert np.allclose(sound, 0.5 * np.sin(np.arange(len(sound))), atol=1e-4)
    assert (lines[2].reference, lines[2].hypotheses, lines[2].finished) == (None, [], False)
    assert (lines[2].source_tokens, lines[2].focus) == (["a", " ", "b"], [0, 0, 1, 1, 2, 2])
    assert "times as fast as its" in capsys.readouterr().out


def test_attention_is_kept_from_all_over_the_test_set() -> None:
    decode.run("hum")
    kept = [i for i, line in enumerate(read_decoded(paths.hypotheses("hum"))) if line.attention]
    assert kept == [0, 3, 6, 9, 12, 15, 18, 21]


def test_the_same_bytes_again() -> None:
    def content() -> dict[str, bytes]:
        decode.run("hum")
        folder = paths.hypotheses("hum")
        return {file.name: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}

    assert content() == content()


def test_a_sound_that_is_no_number_stops_and_leaves_what_was_there() -> None:
    decode.run("hum")
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["systems"]["hum"]["decode"] = {"loudness": float("nan")}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    with pytest.raises(Problem, match=r"c-ep%2F1-0\.flac: the sound holds what is no number"):
        decode.run("hum")
    lines = (paths.hypotheses("hum") / "lines.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["audio"]
