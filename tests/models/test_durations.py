from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from pipeline.data import Side
from pipeline.features import mel
from pipeline.models import durations
from pipeline.problems import Problem
from pipeline.records import utterance_schema, write_table
from pipeline.sequences import Sequences
from pipeline.tokens.characters import Codec as Characters
from pipeline.tokens.characters import Config as CharactersConfig

RATE = 16_000


def config(hop: float, frame: float) -> SimpleNamespace:
    return SimpleNamespace(hop=hop, frame=frame)


def test_cuts_of_the_recogniser_become_frames_of_the_synthesiser() -> None:
    # Frames of the recogniser lie 10 ms apart, the first one's middle at 12.5 ms: place 3 lies at 37.5 ms.
    seconds = durations._seconds(np.array([0, 3, 10.5, 20]), config(0.01, 0.025))
    np.testing.assert_allclose(seconds, [0.0075, 0.0375, 0.1125, 0.2075])
    # Those of the synthesiser lie 12.5 ms apart, their middles at 25, 37.5, 50, ... 112.5, ...
    np.testing.assert_array_equal(durations._frames(seconds, 14, config(0.0125, 0.05)), [1, 6, 7])
    np.testing.assert_array_equal(durations._frames(seconds, 2, config(0.0125, 0.05)), [1, 1, 0])


def test_the_mean_of_each_character() -> None:
    track = np.array([1.0, 3.0, np.nan, np.nan, 5.0])
    np.testing.assert_array_equal(durations._mean_each(track, np.array([2, 0, 1, 2])), [2.0, np.nan, np.nan, 5.0])


def test_standardised_over_a_split() -> None:
    first, second = durations._standardised([np.array([1.0, np.nan]), np.array([3.0])])
    np.testing.assert_array_equal(first, [-1.0, 0.0])
    np.testing.assert_array_equal(second, [1.0])
    np.testing.assert_array_equal(durations._standardised([np.array([np.nan])])[0], [0.0])


@pytest.mark.parametrize("hertz", [90.0, 140.0, 320.0])
def test_pitch_of_a_buzz(hertz: float) -> None:
    time = np.arange(RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 8)).astype(np.float32)
    side = SimpleNamespace(codec=SimpleNamespace(config=config(0.0125, 0.05)), sequences=[np.zeros((70, 4))])
    track = durations._pitch(buzz, RATE, side, 0)
    np.testing.assert_allclose(np.exp(track[4:-4]), hertz, rtol=0.02)
    noise = np.random.default_rng(1).normal(size=RATE).astype(np.float32)
    assert np.isnan(durations._pitch(noise, RATE, side, 0)).mean() > 0.9
    assert np.isnan(durations._pitch(np.zeros(1, np.float32), RATE, side, 0)).all()


def test_energy_is_the_mean_of_the_bands() -> None:
    side = SimpleNamespace(sequences=[np.array([[1, 3], [2, 6]], np.float16)])
    np.testing.assert_array_equal(durations._energy(np.zeros(1), RATE, side, 0), [2.0, 4.0])


class Ear(torch.nn.Module):
    """A recogniser of two tones: token 4 is heard below 1 kHz, token 5 above it; silence is a blank."""

    config = SimpleNamespace(subsampling=2)

    def log_probs(self, frames: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Every second frame counts."""
        heard = frames[:, ::2]
        scores = torch.full((*heard.shape[:2], 6), -20.0)
        scores[:, :, 0] = -5
        scores[:, :, 4] = heard[:, :, :20].amax(dim=2)
        scores[:, :, 5] = heard[:, :, 20:].amax(dim=2)
        return scores.log_softmax(dim=2).transpose(0, 1), (lengths + 1) // 2


def tone(hertz: float, seconds: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


@pytest.fixture
def spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Side, Side]:
    """`ab` and `ba`, a for 0.3 s and b for 0.5 s, then `aaaa` in a recording of one frame."""
    low, high = tone(500, 0.3), tone(2000, 0.5)
    soundfile.write(tmp_path / "a.wav", np.concatenate([low, high, high, low]), RATE)
    spans, texts = [(0.0, 0.8), (0.8, 1.6), (0.0, 0.05)], ["ab", "ba", "aaaa"]
    records = [
        {"id": f"a-{i}", "audio": str(tmp_path / "a.wav"), "start": start, "end": end, "ms": text}
        for i, ((start, end), text) in enumerate(zip(spans, texts, strict=True))
    ]
    write_table(tmp_path / "train.parquet", records, utterance_schema(["ms"]))
    letters = Characters(["a", "b"], CharactersConfig())
    ears = mel.Codec(mel.Config(n_mels=40, normalise="none"))
    trained = SimpleNamespace(model=Ear(), source=ears, target=letters)
    monkeypatch.setattr(durations.Trained, "open", lambda folder: trained)
    codec = mel.Codec(mel.Config(normalise="none", frame=0.05, hop=0.0125))
    frames = [codec.encode(wave) for wave in (np.concatenate([low, high]), np.concatenate([high, low]), low[:800])]
    manifest = tmp_path / "train.parquet"
    ids = [str(record["id"]) for record in records]
    source = Side(letters, Sequences.of([letters.encode(text) for text in texts], ids), manifest, "ms")
    return source, Side(codec, Sequences.of(frames, ids), manifest, "audio")


def test_a_recogniser_tells_how_long_each_letter_lasts(
    spoken: tuple[Side, Side], capsys: pytest.CaptureFixture[str]
) -> None:
    found = durations.timed(Path("asr"), *spoken, ("energy", "pitch"), "train")
    assert found.rows.tolist() == [0, 1]
    for taken, expected in zip(found.durations, ([23, 38], [38, 23]), strict=True):
        assert taken.sum() == 61
        np.testing.assert_allclose(taken, expected, atol=2)
    assert [len(values) for values in found.said["energy"]] == [2, 2]
    assert "train: 1 of 3 utterances are left out, as the recogniser cannot spell them: a-2" in capsys.readouterr().out


def test_a_recogniser_of_other_tokens(spoken: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch) -> None:
    trained = durations.Trained.open(Path("asr"))
    monkeypatch.setattr(trained.target, "encode", lambda text: np.array([4], np.int32))
    with pytest.raises(Problem, match="train: the recogniser can align no utterance: its tokens must be characters"):
        durations.timed(Path("asr"), *spoken, (), "train")
    monkeypatch.setattr(trained, "model", object())
    with pytest.raises(Problem, match="no alignment to give: name one of kind ctc"):
        durations.timed(Path("asr"), *spoken, (), "train")
