import numpy as np
import pytest
import torch

from pipeline.features import inversion, mel, mfcc, spectrum
from pipeline.features.codec import FrameCodec
from pipeline.problems import Problem

RATE = 16_000


def chord(seconds: float) -> np.ndarray:
    """Two voices that glide, louder and softer."""
    time = np.arange(round(seconds * RATE)) / RATE
    voices = sum(0.2 * np.sin(2 * np.pi * (f * time + 40 * time**2)) for f in (220, 990))
    return (voices * (1 + np.sin(2 * np.pi * 3 * time)) / 2).astype(np.float32)


@pytest.mark.parametrize(
    "codec",
    [
        mel.Codec(mel.Config(normalise="none")),
        mel.Codec(mel.Config(normalise="none", window="hann", frame=0.05, hop=0.0125)),
        spectrum.Codec(spectrum.Config(normalise="none")),
    ],
)
def test_what_comes_back_has_the_features_that_went_in(codec: FrameCodec) -> None:
    sound = chord(1.0)
    values = codec.encode(sound)
    samples = inversion.waveform(codec, values)
    assert samples.dtype == np.float32
    assert samples.shape == ((len(values) - 1) * codec.frames.hop + codec.frames.length,)
    again = codec.encode(samples)
    loud = values > values.max() - 8  # what one hears: 35 dB
    assert np.abs(again - values)[loud].mean() < 0.5


def test_samples_stand_where_the_features_look_for_them() -> None:
    codec = mel.Codec(mel.Config(normalise="none"))
    sound = np.zeros(RATE, np.float32)
    sound[6000:10_000] = chord(0.25)
    samples = inversion.waveform(codec, codec.encode(sound))
    power = np.square(samples)
    centre = (np.arange(len(power)) * power).sum() / power.sum()
    expected = (np.arange(RATE) * np.square(sound)).sum() / np.square(sound).sum()
    assert abs(centre - expected) < codec.frames.hop


def test_the_same_features_are_the_same_samples_whatever_was_drawn_before() -> None:
    codec = mel.Codec(mel.Config(normalise="none"))
    values = codec.encode(chord(0.3))
    first = inversion.waveform(codec, values)
    torch.manual_seed(99)
    state = torch.get_rng_state()
    np.testing.assert_array_equal(inversion.waveform(codec, values), first)
    assert torch.equal(torch.get_rng_state(), state)


def test_normalised_features_and_deltas_come_back_in_their_scale() -> None:
    codec = mel.Codec(mel.Config(deltas=1), np.full(160, -3, np.float32), np.full(160, 2, np.float32))
    plain = mel.Codec(mel.Config(normalise="none"))
    sound = chord(0.3)
    np.testing.assert_allclose(codec.denormalise(codec.encode(sound))[:, :80], plain.encode(sound), atol=1e-4)
    np.testing.assert_allclose(
        inversion.waveform(codec, codec.encode(sound)), inversion.waveform(plain, plain.encode(sound)), atol=0.05
    )


def test_cepstra_give_the_envelope() -> None:
    codec = mfcc.Codec(mfcc.Config(normalise="none", coefficients=40, deltas=0))
    values = codec.encode(chord(0.3))
    energies, _ = codec.energies(torch.from_numpy(values))
    expected = mel.Codec(mel.Config(normalise="none", n_mels=40)).encode(chord(0.3))
    np.testing.assert_allclose(energies.log().numpy(), expected, atol=1e-3)


def test_unmixing_explains_the_energies() -> None:
    filters = mel.filters(mel.Config(), 257)
    power = torch.rand(20, 257, generator=torch.Generator().manual_seed(1)).square()
    energies = power @ filters
    found = inversion.unmix(energies, filters)
    assert (found >= 0).all()
    torch.testing.assert_close(found @ filters, energies, rtol=0.1, atol=0.05)


def test_silence_one_frame_and_nothing() -> None:
    codec = mel.Codec(mel.Config(normalise="none"))
    for sound in (np.zeros(8000, np.float32), np.ones(1, np.float32)):
        samples = inversion.waveform(codec, codec.encode(sound))
        assert len(samples) and np.isfinite(samples).all() and np.abs(samples).max() <= 1
    assert len(inversion.waveform(codec, np.zeros((0, 80), np.float32))) == 0


def test_too_loud_is_brought_down() -> None:
    codec = mel.Codec(mel.Config(normalise="none"))
    assert np.abs(inversion.waveform(codec, codec.encode(50 * chord(0.2)))).max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"normalise": "utterance"}, "cannot be undone"), ({"normalise": "none", "hop": 0.02}, "shorten the hop")],
)
def test_what_cannot_come_back(options: dict, message: str) -> None:
    codec = mel.Codec(mel.Config(**options))
    with pytest.raises(Problem, match=message):
        inversion.waveform(codec, np.zeros((5, 80), np.float32))
