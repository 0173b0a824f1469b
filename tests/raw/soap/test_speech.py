"""Speech that is the same wherever it stands."""

from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from pipeline.problems import Problem
from pipeline.raw.soap.episodes import VOICES
from pipeline.raw.soap.speech import AHEAD, RATE, Request, Speech, Voice, resample, trim

VOICE = Voice("Aminah", "f2", 165, 55)


def say(*requests: Request) -> list[np.ndarray]:
    with Speech() as speech:
        return list(speech.say(requests))


def test_an_utterance_does_not_depend_on_what_was_said_before() -> None:
    line = Request("Saya pulang.", VOICE)
    (alone,) = say(line)
    _, later, last = say(Request("Jangan tinggalkan saya!", Voice("Farid", "m3", 150, 40)), line, line)
    assert np.array_equal(alone, later)
    assert np.array_equal(alone, last)
    assert 0.5 * RATE < len(alone) < 2 * RATE
    assert np.abs(alone).max() > 0.05


def test_more_requests_than_are_asked_ahead_come_back_in_order() -> None:
    lines = [Request(text, VOICE) for text in ("Ya.", "Saya pulang semalam.")] * AHEAD
    waves = say(*lines)
    assert len(waves) == len(lines)
    assert all(np.array_equal(wave, waves[i % 2]) for i, wave in enumerate(waves))


def test_voices_differ() -> None:
    one, other = say(*(Request("Saya pulang.", Voice("x", variant, 165, 50)) for variant in ("f2", "m3")))
    assert len(one) != len(other) or not np.allclose(one, other)


def test_a_speaker_that_dies_is_a_problem() -> None:
    with Speech() as speech:
        speech.process.kill()
        with pytest.raises(Problem, match=r"did not speak 'Saya pulang\.'"):
            list(speech.say([Request("Saya pulang.", VOICE)]))


def test_the_cast_has_voices_that_espeak_has() -> None:
    known = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    assert all((known / voice.variant).is_file() for voice in VOICES)


@pytest.mark.parametrize("frequency", [200.0, 3000.0])
def test_resampling_keeps_a_tone(frequency: float) -> None:
    time = np.arange(22_050) / 22_050
    tone = resample(np.sin(2 * np.pi * frequency * time).astype(np.float32))
    wanted = np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    middle = slice(2000, 14_000)
    assert np.abs(tone[:RATE] - wanted)[middle].max() < 0.01


def test_silence_is_trimmed() -> None:
    wave = np.concatenate([np.zeros(RATE), 0.1 * np.ones(100), np.zeros(RATE)]).astype(np.float32)
    assert len(trim(wave)) < 100 + RATE // 20
