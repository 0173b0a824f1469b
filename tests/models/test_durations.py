from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.models import durations

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
