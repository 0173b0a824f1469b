"""Speech that is the same wherever it stands."""

from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from pipeline.problems import Problem
from pipeline.raw.soap.episodes import VOICES
from pipeline.raw.soap.speech import RATE, Speech, Voice, resample, trim

VOICE = Voice("Aminah", "f2", 165, 55)


def test_an_utterance_does_not_depend_on_what_was_said_before() -> None:
    with Speech() as speech:
        alone = speech.say("Saya pulang.", VOICE)
    with Speech() as speech:
        speech.say("Jangan tinggalkan saya!", Voice("Farid", "m3", 150, 40))
        later = speech.say("Saya pulang.", VOICE)
    assert np.array_equal(alone, later)
    assert 0.5 * RATE < len(alone) < 2 * RATE
    assert np.abs(alone).max() > 0.05


def test_voices_differ() -> None:
    with Speech() as speech:
        one, other = (speech.say("Saya pulang.", Voice("x", variant, 165, 50)) for variant in ("f2", "m3"))
    assert len(one) != len(other) or not np.allclose(one, other)


def test_a_speaker_that_dies_is_a_problem() -> None:
    with Speech() as speech:
        speech.process.kill()
        with pytest.raises(Problem, match=r"did not speak 'Saya pulang\.'"):
            speech.say("Saya pulang.", VOICE)


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
