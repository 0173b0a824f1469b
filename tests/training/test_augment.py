"""What augmentation may change of an utterance, what it may not, and that it depends on epoch and utterance alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.data import Side
from pipeline.features import mel, mfcc
from pipeline.features.codec import Moments
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.training.augment import Augment, Options, moved, resample

FRAMES = np.ones((3, 100, 20), np.float32)
LENGTHS = np.array([100, 40, 1])
SHORTEST = np.array([98, 1, 1])
ROWS = np.arange(3)
SOURCE = Side(SimpleNamespace(dim=20), Sequences.of([FRAMES[0]]))


def augmented(epoch: int = 0, **options: float) -> tuple[np.ndarray, np.ndarray]:
    return Augment(Options.model_validate(options), SOURCE)(FRAMES, LENGTHS, SHORTEST, ROWS, epoch)


def test_it_depends_on_the_epoch_and_the_row_alone() -> None:
    first, again, other = augmented(0)[0], augmented(0)[0], augmented(1)[0]
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_it_hides_no_more_than_it_may() -> None:
    for epoch in range(20):
        frames, lengths = augmented(epoch, stretch=0, time_masks=1, frequency_masks=1, frequency_mask=5)
        assert lengths.tolist() == LENGTHS.tolist()
        assert (frames.any(axis=2).sum(axis=1) >= 0.8 * LENGTHS).all()
        assert (frames.any(axis=1).sum(axis=1) >= 15).all()


def test_it_stretches_within_bounds_and_never_below_what_the_text_needs() -> None:
    drawn = np.array([augmented(epoch, stretch=0.1)[1] for epoch in range(50)])
    assert drawn[:, 0].min() == 98
    assert drawn[:, 0].max() in range(107, 111)
    assert drawn[:, 1].min() in range(36, 38)
    assert set(drawn[:, 2]) == {1}


def test_switched_off_it_changes_nothing() -> None:
    frames, _ = augmented(stretch=0, time_masks=0, frequency_masks=0)
    assert np.array_equal(frames[0], FRAMES[0])
    assert not frames[1, 40:].any()


def test_resampling_interpolates_between_frames() -> None:
    ramp = np.arange(5, dtype=np.float32)[None, :, None]
    assert resample(ramp, np.array([5]), np.array([9]))[0, :, 0].tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]


def wave(level: float) -> np.ndarray:
    return np.random.default_rng(5).normal(size=16_000).astype(np.float32) * level


class TestBeds:
    codec = mel.Codec(mel.Config(n_mels=20))
    waves = (wave(0.1), wave(0.2), wave(0.01))

    def source(self) -> Side:
        """Three utterances, normalised as a corpus is."""
        measured = self.codec.measure(self.waves)
        moments = Moments(20)
        for values in measured:
            moments.add(values)
        self.codec.fit(moments)
        return Side(self.codec, Sequences.of([self.codec.normalise(values) for values in measured]))

    def laid(self, epoch: int = 0, **options: object) -> tuple[np.ndarray, np.ndarray]:
        """Log-powers [B, T, F] without a bed and with one."""
        source = self.source()
        off = {"stretch": 0, "time_masks": 0, "frequency_masks": 0, "beds": 1}
        frames, lengths = source.sequences.padded(ROWS)
        mixed, _ = Augment(Options.model_validate(off | options), source)(frames, lengths, lengths, ROWS, epoch)
        assert self.codec.mean is not None
        assert self.codec.deviation is not None
        clean, noisy = (x * self.codec.deviation + self.codec.mean for x in (frames, mixed))
        return clean, noisy

    @pytest.mark.parametrize("kind", ["noise", "music", "speech"])
    def test_powers_add_up_at_the_ratio_asked_for(self, kind: str) -> None:
        clean, noisy = self.laid(bed_kinds=[kind], bed_snr=[10, 10])
        bed = np.exp(noisy.astype(np.float64)) - np.exp(clean.astype(np.float64))  # [B, T, F]
        ratio = 10 * np.log10(np.exp(clean.astype(np.float64)).mean(axis=(1, 2)) / bed.mean(axis=(1, 2)))
        assert (bed > -1e-3).all()
        assert ratio == pytest.approx([10, 10, 10], abs=2)  # another part of the bed may be louder than its whole

    def test_they_depend_on_the_epoch_and_the_row_alone(self) -> None:
        first, again, other = (self.laid(epoch)[1] for epoch in (0, 0, 1))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_a_share_of_utterances_has_them(self) -> None:
        changed = [(np.abs(np.subtract(*self.laid(epoch, beds=0.5))).max(axis=(1, 2)) > 0.01) for epoch in range(20)]
        assert 0.3 < np.mean(changed) < 0.7

    def test_features_that_are_no_log_powers_cannot_be_mixed(self) -> None:
        for codec in (mfcc.Codec(mfcc.Config()), mel.Codec(mel.Config(deltas=1)), SimpleNamespace(dim=20)):
            with pytest.raises(Problem, match="beds: these features are no logarithms of powers"):
                Augment(Options(beds=0.5), Side(codec, SOURCE.sequences))

    def test_an_utterance_without_frames_stays_one(self) -> None:
        source = self.source()
        empty, lengths = np.zeros((1, 0, 20), np.float32), np.zeros(1, np.int64)
        frames, after = Augment(Options(beds=1), source)(empty, lengths, lengths, ROWS[:1], 0)
        assert frames.shape == (1, 0, 20)
        assert after.tolist() == [0]


def test_options_that_cannot_be() -> None:
    with pytest.raises(Problem, match=r"beds: 0\.5 needs bed_kinds"):
        configure(Options, {"beds": 0.5, "bed_kinds": []}, "systems.asr.train")
    with pytest.raises(Problem, match="bed_snr: rises"):
        configure(Options, {"bed_snr": [20, 5]}, "systems.asr.train")


def test_a_warp_moves_a_tone_to_a_higher_or_lower_band() -> None:
    codec = mel.Codec(mel.Config(rate=16_000, n_mels=80, normalise="none"))
    time = np.arange(16_000) / 16_000
    tones = {f: codec.measure([(0.1 * np.sin(2 * np.pi * f * time)).astype(np.float32)])[0] for f in (1000, 1100, 909)}
    for factor, wanted in ((1.1, 1100), (1 / 1.1, 909), (1.0, 1000)):
        [found] = moved(tones[1000][None], codec.warped(np.array([factor])))
        assert np.abs(found.mean(axis=0).argmax() - tones[wanted].mean(axis=0).argmax()) <= 1
    np.testing.assert_allclose(moved(tones[1000][None], codec.warped(np.ones(1)))[0], tones[1000], atol=1e-4)


def test_a_tilt_gains_on_one_side_what_it_loses_on_the_other() -> None:
    codec = mel.Codec(mel.Config(n_mels=20, normalise="none"))
    source = Side(codec, Sequences.of([FRAMES[0]]))
    options = Options(stretch=0, time_masks=0, frequency_masks=0, tilt=10)
    tilted = np.stack(
        [Augment(options, source)(FRAMES, LENGTHS, SHORTEST, ROWS, epoch)[0][0, 0] for epoch in range(50)]
    )
    change = (tilted - FRAMES[0, 0]) * 10 / np.log(10)  # dB
    np.testing.assert_allclose(change[:, 0], -change[:, -1], atol=1e-4)
    reach = change[:, -1] - change[:, 0]
    assert np.abs(reach).max() <= 10 and reach.max() > 8 and reach.min() < -8
    with pytest.raises(Problem, match=r"train.tilt: these features are no logarithms"):
        augmented(tilt=3)


def test_a_warp_stays_within_its_bounds_and_needs_frequencies() -> None:
    codec = mel.Codec(mel.Config(n_mels=20, normalise="none"))
    ramp = np.broadcast_to(np.arange(20, dtype=np.float32), FRAMES.shape).copy()
    source = Side(codec, Sequences.of([ramp[0]]))
    options = Options(stretch=0, time_masks=0, frequency_masks=0, warp=0.2)
    lowest, highest = (codec.warped(np.array([factor]))[0] for factor in (1.2, 0.8))
    seen = np.stack([Augment(options, source)(ramp, LENGTHS, SHORTEST, ROWS, epoch)[0][0, 0] for epoch in range(30)])
    assert (lowest - 1e-3 <= seen).all() and (seen <= highest + 1e-3).all() and np.ptp(seen[:, 10]) > 1
    with pytest.raises(Problem, match=r"train.warp: these features have no frequencies"):
        augmented(warp=0.1)
