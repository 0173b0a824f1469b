"""Sound of any length → stretches of speech."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import pauses
from pipeline.pauses import LONGEST, levels, quietest, stretches

RATE = 8000


def write(tmp_path: Path, seconds: float, spoken: list[tuple[float, float]], bed: float = 1e-4) -> Path:
    """Bursts of noise over a quieter bed."""
    rng = np.random.default_rng(1)
    sound = rng.normal(0, bed, round(seconds * RATE))
    for start, end in spoken:
        sound[round(start * RATE) : round(end * RATE)] += rng.normal(0, 0.1, round(end * RATE) - round(start * RATE))
    file = tmp_path / "sound.wav"
    soundfile.write(file, sound, RATE, subtype="FLOAT")
    return file


@pytest.mark.parametrize("bed", [0.0, 1e-4, 1e-2])
def test_speech_is_found_with_a_margin_around_it(tmp_path: Path, bed: float) -> None:
    spoken = [(1.0, 3.0), (4.0, 4.5), (4.7, 6.0), (20.0, 25.0), (70.0, 71.0), (89.0, 90.0)]
    found = list(stretches(write(tmp_path, 90, spoken, bed), RATE))
    times = np.array([(stretch.start, stretch.end) for stretch in found])
    truth = [(0.85, 3.15), (3.85, 6.15), (19.85, 25.15), (69.85, 71.15), (88.85, 90.0)]
    np.testing.assert_allclose(times, truth, atol=0.03)
    for stretch in found:
        assert stretch.waveform.dtype == np.float32
        assert len(stretch.waveform) == round((stretch.end - stretch.start) * RATE)


def test_a_window_cuts_nobody_short(tmp_path: Path) -> None:
    spoken = [(start, start + 1.7) for start in np.arange(0.5, 118, 2.3)]
    found = [(stretch.start, stretch.end) for stretch in stretches(write(tmp_path, 120, spoken), RATE)]
    assert len(found) == len(spoken)
    np.testing.assert_allclose(found, [(start - 0.15, end + 0.15) for start, end in spoken], atol=0.03)


def test_long_speech_is_cut_where_it_is_quietest(tmp_path: Path) -> None:
    file = write(tmp_path, 100, [(2.0, 95.0)])
    sound, _ = soundfile.read(file, dtype="float32")
    for breath in (11, 20, 31, 38, 48, 57, 66, 75, 85):
        sound[round((breath - 0.1) * RATE) : round((breath + 0.1) * RATE)] *= 0.1
    soundfile.write(file, sound, RATE, subtype="FLOAT")
    found = list(stretches(file, RATE))
    np.testing.assert_allclose([stretch.start for stretch in found[1:]], [11, 20, 31, 38, 48, 57, 66, 75, 85], atol=0.2)
    assert max(stretch.end - stretch.start for stretch in found) <= LONGEST + 0.5
    joined = np.concatenate([stretch.waveform for stretch in found])
    begin = round(found[0].start * RATE)
    np.testing.assert_array_equal(joined, sound[begin : begin + len(joined)])


def test_where_loud_and_quiet_cannot_be_told_apart_everything_counts(tmp_path: Path) -> None:
    file = write(tmp_path, 65, [], bed=0.1)
    found = list(stretches(file, RATE))
    assert sum(len(stretch.waveform) for stretch in found) == 65 * RATE
    assert all(LONGEST / 2 - 0.5 <= stretch.end - stretch.start <= LONGEST for stretch in found[:-1])


@pytest.mark.parametrize("seconds", [1 / RATE, 0.05, 3.0, 61.0])
def test_silence_has_no_stretch(tmp_path: Path, seconds: float) -> None:
    assert not list(stretches(write(tmp_path, seconds, [], bed=0.0), RATE))
    assert not list(stretches(write(tmp_path, seconds, [], bed=1e-5), RATE))


def test_the_level_of_a_sine_is_three_decibels_below_full_scale() -> None:
    sine = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE).astype(np.float32)
    np.testing.assert_allclose(levels(sine, RATE // 100), np.full(100, 10 * np.log10(0.5)), atol=1e-4)


def test_the_quietest_step_lies_in_the_second_half() -> None:
    level = np.zeros(1000)
    level[100:150], level[700:730] = -90, -30
    assert quietest(level) == pytest.approx(715, abs=1)


def test_no_more_than_a_window_is_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0
    read = pauses.levels

    def watched(samples: np.ndarray, hop: int) -> np.ndarray:
        nonlocal longest
        longest = max(longest, len(samples))
        return read(samples, hop)

    monkeypatch.setattr(pauses, "levels", watched)
    assert len(list(stretches(write(tmp_path, 300, [(s, s + 5.0) for s in range(0, 300, 6)]), RATE))) == 50
    assert longest <= (pauses.WINDOW + 1) * RATE
