from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from pipeline import paths
from pipeline.data import load_codec, load_side
from pipeline.problems import Problem
from pipeline.records import utterance_schema, write_table
from pipeline.sequences import Sequences
from pipeline.stages import featurize

RATE = 16_000
SPANS = [(0.0, 1.0), (0.5, 0.51), (1.2, 2.0)]  # the second is shorter than a frame


def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: object) -> None:
    """Two recordings in train, one in dev, none in test; a row `x` of log-mel features."""
    monkeypatch.chdir(folder)
    Path("data/raw/world").mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(1)
    recordings = {"train": ["a", "b"], "dev": ["c"], "test": []}
    for split, names in recordings.items():
        records = []
        for name in names:
            audio = f"data/raw/world/{name}.flac"
            soundfile.write(audio, draw.uniform(-0.5, 0.5, 2 * RATE), RATE)
            for i, (start, end) in enumerate(SPANS):
                records.append({"id": f"{name}-{i}", "recording": name, "audio": audio, "start": start, "end": end})
        write_table(paths.manifest("speech", split), records, utterance_schema([]))
    row = {"corpus": "speech", "raw": "world", "field": "audio", "kind": "mel", **options}
    content = {"corpora": {"speech": {"raw": "world", "kind": "subtitles"}}, "features": {"x": row}}
    Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def made() -> dict[str, bytes]:
    folder = paths.encoding("features/x")
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def test_every_utterance_becomes_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    workspace(tmp_path, monkeypatch)
    featurize.run("x")
    train, dev, test = (load_side("features/x", "speech", split).sequences for split in paths.SPLITS)
    assert train.ids == ["a-0", "a-1", "a-2", "b-0", "b-1", "b-2"] and dev.ids == ["c-0", "c-1", "c-2"]
    assert train.lengths.tolist() == [98, 1, 78] * 2 and len(test) == 0
    values = np.concatenate([train[i] for i in range(len(train))])
    assert values.dtype == np.float16 and values.shape == (354, 80)
    np.testing.assert_allclose(values.mean(axis=0, dtype=np.float64), 0, atol=1e-3)
    np.testing.assert_allclose(values.std(axis=0, dtype=np.float64), 1, atol=1e-3)
    assert "train: 6 utterances, 0.00 hours, 354 frames, longest 98 frames" in capsys.readouterr().out
    assert not (paths.encoding("features/x") / "parts").exists()


def test_the_codec_encodes_new_audio_as_the_stage_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(tmp_path, monkeypatch, dtype="float32")
    featurize.run("x")
    waveform, _ = soundfile.read("data/raw/world/c.flac", dtype="float32")
    codec = load_codec("features/x")
    dev = Sequences.open(paths.encoding("features/x") / "dev")
    for i, (start, end) in enumerate(SPANS):
        alone = codec.encode(waveform[round(start * RATE) : round(end * RATE)])
        np.testing.assert_allclose(alone, dev[i], atol=1e-4)


@pytest.mark.slow
def test_processes_do_not_change_a_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(tmp_path, monkeypatch)
    featurize.run("x")
    one = made()
    workspace(tmp_path, monkeypatch, processes=2)
    featurize.run("x")
    two = made()
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == ["codec/codec.json"]  # it holds the options


@pytest.mark.parametrize("kind", ["mfcc", "spectrum"])
@pytest.mark.parametrize("normalise", ["utterance", "none"])
def test_other_kinds_at_another_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, normalise: str
) -> None:
    workspace(tmp_path, monkeypatch, kind=kind, rate=8000, normalise=normalise)
    featurize.run("x")
    side = load_side("features/x", "speech", "dev")
    assert side.sequences.lengths.tolist() == [98, 1, 78]
    assert side.sequences[0].shape[1] == side.codec.dim == {"mfcc": 39, "spectrum": 129}[kind]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_mel": 80}, "features.x.n_mel: no such name: did you mean n_mels"),
        ({"n_mels": 0}, "features.x.n_mels"),
        ({"kind": "mell"}, "did you mean mel"),
        ({"n_mels": 300}, "features.x: n_mels 300: .* see no frequency: take fewer"),
        ({"field": "sound"}, "no field 'sound'"),
    ],
)
def test_faults_of_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict, message: str) -> None:
    workspace(tmp_path, monkeypatch, **options)
    with pytest.raises(Problem, match=message):
        featurize.run("x")
    assert not paths.encoding("features/x").exists()


def test_a_recording_that_is_gone_is_named_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(tmp_path, monkeypatch)
    featurize.run("x")
    before = made()
    Path("data/raw/world/b.flac").unlink()
    with pytest.raises(Problem, match=r"b\.flac is missing"):
        featurize.run("x")
    assert made() == before
    assert [p.name for p in paths.encoding("features/x").parent.iterdir()] == ["x"]


def test_no_training_audio_gives_no_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(tmp_path, monkeypatch)
    write_table(paths.manifest("speech", "train"), [], utterance_schema([]))
    with pytest.raises(Problem, match="no utterance to take a mean from"):
        featurize.run("x")
