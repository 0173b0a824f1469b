import itertools
import math

import numpy as np
import pytest

from pipeline import audio
from pipeline.audio import Stretch
from pipeline.metrics import synthesis
from pipeline.metrics.metric import Output
from pipeline.metrics.synthesis import RATE, Walk, cepstra, distances, distortion, log_amplitudes, repeats, skips, warp


def noise(seconds=0.5, seed=1):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


def test_a_cosine_along_the_bands_is_one_coefficient():
    bands = np.arange(40) + 0.5
    logarithms = 3.0 + 0.7 * np.cos(np.pi * 2 * bands / 40)  # loudness 3, c_2 = 0.7
    assert np.allclose(cepstra(logarithms[None]), [[0, 0.7, *[0] * 11]])


def test_distances_by_hand():
    left, right = np.array([[0.3, 0.0], [0.0, 0.0]]), np.array([[0.0, 0.4]])
    # 10 / ln 10 * sqrt(2 * 0.25) = 4.3429 * 0.7071
    assert np.allclose(distances(left, right), [[3.0709], [4.3429 * math.sqrt(0.32)]], atol=1e-4)


def test_the_distance_is_the_envelopes_difference_in_decibels():
    bands = np.arange(80) + 0.5
    one = np.cos(np.pi * bands / 80)[None] * 0.5  # natural logarithms of amplitudes
    root_mean_square = np.sqrt(np.mean((20 * one / np.log(10)) ** 2))
    assert np.isclose(distances(cepstra(one), cepstra(0 * one))[0, 0], root_mean_square)


def paths(rows, columns):
    """Every warping path, by brute force."""
    if rows == columns == 1:
        yield [(0, 0)]
        return
    for i, j in ((1, 1), (1, 0), (0, 1)):
        if rows - i >= 1 and columns - j >= 1:
            for path in paths(rows - i, columns - j):
                yield [*path, (rows - 1, columns - 1)]


@pytest.mark.parametrize(("rows", "columns"), [*itertools.product(range(1, 6), repeat=2)])
def test_the_warp_is_the_cheapest_of_all_paths(rows, columns):
    costs = np.random.default_rng(rows * 10 + columns).integers(1, 1000, (rows, columns)).astype(float)
    best = min(paths(rows, columns), key=lambda path: sum(costs[pair] for pair in path))
    assert warp(costs) == (sum(costs[pair] for pair in best), len(best))


def test_of_equally_cheap_ways_the_warp_takes_the_diagonal():
    assert warp(np.zeros((4, 4))) == (0.0, 4)
    assert warp(np.zeros((4, 6))) == (0.0, 6)


def test_a_sound_is_itself_and_loudness_and_tempo_hardly_count():
    sound = noise()
    assert distortion(sound, sound)[0] == 0
    total, pairs = distortion(sound, sound * 0.5)
    assert total / pairs < 1e-2
    slow = np.concatenate([sound, np.repeat(sound[-160:][None], 20, axis=0).ravel()])  # lingers at the end
    assert distortion(sound, slow)[0] / distortion(sound, slow)[1] < 3
    low = np.convolve(sound, np.ones(16) / 16, mode="same").astype(np.float32)
    assert distortion(sound, low)[0] / distortion(sound, low)[1] > 8


def test_what_is_shorter_than_a_frame_is_one_frame():
    assert log_amplitudes(np.zeros(1, np.float32)).shape == (1, 80)
    assert np.isfinite(log_amplitudes(np.zeros(0, np.float32))).all()


def test_the_metric_reads_files_and_takes_no_sound_for_silence(tmp_path):
    audio.write(tmp_path / "a.wav", noise(), RATE)
    recording = Stretch(tmp_path / "a.wav", 0.1, 0.4)
    metric = synthesis.mcd()
    output = Output(["x", "x"], [recording, recording], [Stretch(tmp_path / "a.wav", 0.1, 0.4), None])
    statistics = metric.statistics(output)
    assert statistics[0].tolist() == [0, 28]  # 1 + (4800 - 400) // 160
    assert statistics[1, 0] > 0
    assert np.isfinite(metric.scores(statistics.sum(axis=0))["mcd"])


@pytest.mark.parametrize(
    ("focus", "skipped", "repeated"),
    [
        ([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 0, 0),
        ([0, 2, 4, 6, 8], 0, 0),  # a step may say two letters
        ([0, 1, 2, 8, 9], 1, 0),  # five letters are left out
        ([0, 1, 2, 3], 1, 0),  # the end is
        ([6, 7, 8, 9], 1, 0),  # the beginning is
        ([0, 2, 4, 5, 6, 2, 3, 4, 5, 6, 7, 8, 9], 0, 0),  # four back for a step
        ([0, 2, 4, 6, 8, 2, 3, 4, 5, 6, 7, 8, 9], 0, 1),  # six back
        ([0, 4, 8, 0, 0, 0, 4, 8, 9, 1, 1, 1], 0, 2),
        ([], 1, 0),
    ],
)
def test_skips_and_repeats(focus, skipped, repeated):
    walk = Walk(focus, 10, True)
    assert (skips(walk), repeats(walk)) == (skipped, repeated)


def test_a_sentence_fails_once():
    walks = [Walk(range(10), 10, True), Walk([], 10, False), Walk(range(10), 10, False), Walk([0], 1, True)]
    statistics = synthesis.failures().statistics(Output([], [], walks))
    assert statistics.tolist() == [[0, 0, 0, 0, 1], [1, 1, 0, 1, 1], [1, 0, 0, 1, 1], [0, 0, 0, 0, 1]]
    assert synthesis.failures().scores(statistics.sum(axis=0))["failures"] == 50
