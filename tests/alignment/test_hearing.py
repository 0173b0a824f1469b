"""A recording heard in windows is the recording heard at once; letters without case."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from pipeline.alignment import hearing
from pipeline.alignment.hearing import Heard, Letters, hear
from pipeline.problems import Problem
from pipeline.tokens.characters import Codec, Config

VOCABULARY = Codec(list("aAbB .7ß"), Config())


def test_case_punctuation_and_spaces_are_no_letters() -> None:
    letters = Letters(VOCABULARY)
    assert letters.symbols == ["", "7", "a", "b", "ss"]
    assert letters.of_token.tolist() == [0, 0, 0, 0, 2, 2, 3, 3, 0, 0, 1, 4]
    ids, unknown = letters.of("Ab, 7!")
    assert letters.text(ids) == "ab7" and unknown == 0


def test_letters_never_seen_are_counted() -> None:
    ids, unknown = Letters(VOCABULARY).of("ab戏剧")
    assert Letters(VOCABULARY).text(ids) == "ab" and unknown == 0.5
    assert Letters(VOCABULARY).of("戏剧")[1] == 1
    assert Letters(VOCABULARY).of("...")[1] == 0


def test_capitals_that_were_never_seen_are_small_letters() -> None:
    small = Letters(Codec(list("ab"), Config()))
    assert small.text(small.of("AB")[0]) == "ab"


def test_probabilities_of_a_letter_add_up() -> None:
    letters = Letters(VOCABULARY)
    tokens = np.log(np.full((2, len(VOCABULARY)), 1 / len(VOCABULARY), np.float32))
    assert np.exp(letters.merge(tokens)) == pytest.approx(np.array([[6, 1, 2, 2, 1]] * 2) / 12)


def test_what_is_spoken() -> None:
    best = np.array([0, 2, 2, 0, 2, 3, 0])
    log_probs = np.full((7, 5), -5.0, np.float32)
    log_probs[np.arange(7), best] = 0
    letters, steps = Heard(log_probs, 0.04).spoken()
    assert letters.tolist() == [2, 2, 3] and steps.tolist() == [1, 4, 5]


class Loudness:
    """Hears a letter by how loud each step is: what a window says does not depend on its neighbours."""

    config = SimpleNamespace(subsampling=2)

    def log_probs(self, frames: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loud = frames[:, ::2, 0]
        scores = -((loud[:, :, None] * 12 - torch.arange(12)) ** 2)  # [B, S, V]
        return scores.log_softmax(2).transpose(0, 1), (lengths + 1) // 2


class Frames:
    config = SimpleNamespace(rate=1000, hop=0.01, frame=0.01)

    def encode(self, wave: np.ndarray) -> np.ndarray:
        count = len(wave) // 10
        frames: np.ndarray = np.abs(wave[: count * 10]).reshape(count, 10).max(axis=1, keepdims=True)
        return frames


def recogniser(model: Any) -> Any:
    return SimpleNamespace(name="asr", kind="any", model=model, source=Frames(), target=VOCABULARY)


def test_windows_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.wav"
    wave = np.repeat(np.random.default_rng(1).uniform(0, 0.9, 500), 20)  # a step each, 10 s
    soundfile.write(file, wave, 1000, subtype="PCM_16")
    letters = Letters(VOCABULARY)
    whole = []
    for window, edge in ((99.0, 1.0), (2.0, 0.3), (1.0, 0.4)):
        monkeypatch.setattr(hearing, "WINDOW", window)
        monkeypatch.setattr(hearing, "EDGE", edge)
        whole.append(hear(recogniser(Loudness()), letters, file))
        assert whole[-1].step == 0.02 and len(whole[-1].log_probs) == 500
    assert np.allclose(whole[0].log_probs, whole[1].log_probs) and np.allclose(whole[0].log_probs, whole[2].log_probs)


@pytest.mark.parametrize("samples", [1, 5, 30])
def test_a_recording_shorter_than_a_window(tmp_path: Path, samples: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(samples), 1000)
    heard = hear(recogniser(Loudness()), Letters(VOCABULARY), tmp_path / "a.wav")
    assert len(heard.log_probs) == max(1, samples // 20) and np.isfinite(heard.log_probs).all()


def test_a_system_without_steps_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="asr is a any, without probabilities step by step: take a system of kind ctc"):
        hear(recogniser(object()), Letters(VOCABULARY), tmp_path / "a.wav")
