"""The vocoder learns to say: frames that name a tone, whose samples come back."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.features import mel, samples
from pipeline.models import speaking, vocoder
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.sequences import Sequences, write_json

RATE = 4000
FRAMING: dict[str, Any] = {"rate": RATE, "frame": 0.05, "hop": 0.0125}
FRAMES = mel.Codec(mel.Config(n_mels=20, **FRAMING), np.full(20, -1, np.float32), np.full(20, 3, np.float32))
SAMPLES = samples.Codec(samples.Config(**FRAMING))


def tones(count: int, seed: int) -> tuple[Side, Side]:
    """Utterances of half a second: a tone and its octave, with a rise and a fall."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    sounds = []
    for _ in range(count):
        hertz = 200 * 2 ** rng.uniform(0, 2)
        tone = np.sin(2 * np.pi * hertz * time) + 0.5 * np.sin(4 * np.pi * hertz * time)
        sounds.append((0.3 * tone * np.sin(2 * np.pi * time) + rng.normal(size=len(time)) * 0.03).astype(np.float32))
    return tuple(Side(codec, Sequences.of([codec.encode(sound) for sound in sounds])) for codec in (FRAMES, SAMPLES))  # type: ignore[return-value]


SMALL = vocoder.Config(channels=48, layers=2)
BRIEFLY = vocoder.Train(epochs=8, batch=96, piece=16, lr=5e-3, warmup=10, precision="float32")


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> vocoder.Vocoder:
    train, dev = tones(60, 1), tones(8, 2)
    data = Data({"train": train[0], "dev": dev[0]}, {"train": train[1], "dev": dev[1]})
    work = tmp_path_factory.mktemp("vocoder") / "work"
    model, history = vocoder.fit(data=data, config=SMALL, options=BRIEFLY, needs=(), work=work)
    assert history[-1]["dev_loss"] < history[0]["dev_loss"] - 0.4
    return model


def test_what_it_says_has_the_features_it_was_given(learnt: vocoder.Vocoder, tmp_path: Path) -> None:
    vocoder.save(learnt, tmp_path)
    source, _ = tones(4, 3)
    found = list(vocoder.decode(model=vocoder.load(tmp_path), source=source, target=SAMPLES, options=vocoder.Decode()))
    for i, (hypothesis,) in enumerate(found):
        wanted = source.sequences[i]
        assert hypothesis.rate == RATE and hypothesis.waveform is not None
        assert hypothesis.waveform.dtype == np.float32
        again = FRAMES.encode(hypothesis.waveform)
        assert again.shape == wanted.shape
        away = [np.abs(again - other)[4:-4].mean() for other in (wanted, source.sequences[i - 1])]
        assert away[0] < 0.5 and away[0] < away[1]


def test_pieces_lie_over_each_other_as_a_transform_s_inverse() -> None:
    model = vocoder.Vocoder(SMALL, bands=20, hop=50, rate=RATE)
    signal = torch.randn(1, 50 * 23)  # a piece is 200 samples; row t is the middle hop of piece t
    pieces = signal.unfold(1, 200, 50) * model.window
    found = model._overlapped(pieces * model.window, torch.ones(1, pieces.shape[1], 1))
    middle = signal[:, 75 : 75 + 50 * pieces.shape[1]].view(1, -1, 50)
    torch.testing.assert_close(found[:, 2:-2], middle[:, 2:-2])


def test_neighbours_change_nothing(learnt: vocoder.Vocoder) -> None:
    frames = torch.from_numpy(np.stack([tones(2, 4)[0].sequences[i] for i in range(2)])).float()
    alone = learnt.say(frames[:1, :20], torch.tensor([20]))
    beside = learnt.say(frames, torch.tensor([20, frames.shape[1]]))
    torch.testing.assert_close(beside[:1, :19], alone[:, :19], atol=1e-5, rtol=1e-4)


def test_the_distance_is_deaf_to_phase_and_not_to_pitch() -> None:
    distance = vocoder.Distance(RATE, 1.0)
    time = torch.arange(RATE) / RATE
    one, shifted, other = (torch.sin(2 * torch.pi * f * time + p)[None] for f, p in ((300, 0.0), (300, 1.0), (330, 0)))
    assert distance(one, one) == pytest.approx(0, abs=1e-6)
    assert distance(shifted, one) < 0.2 * distance(other, one)
    silence = torch.zeros(1, RATE, requires_grad=True)
    distance(silence, torch.zeros(1, RATE)).backward()
    assert silence.grad is not None and silence.grad.isfinite().all()


@pytest.mark.parametrize(
    ("target", "message"),
    [(FRAMES, "of the kind samples"), (samples.Codec(samples.Config(rate=RATE)), "give both features the same")],
)
def test_a_target_that_does_not_fit(target: Any, message: str, tmp_path: Path) -> None:
    source = tones(1, 1)[0]
    data = Data({"train": source}, {"train": Side(target, source.sequences)})
    with pytest.raises(Problem, match=message):
        vocoder.fit(data=data, config=SMALL, options=BRIEFLY, needs=(), work=tmp_path)


def system(folder: Path, model: vocoder.Vocoder, codec: mel.Codec) -> Path:
    """A vocoder's folder, as the train stage leaves it."""
    folder.mkdir()
    vocoder.save(model, folder)
    write_json(folder / "system.json", {"kind": "vocoder", "source": "features/a", "target": "features/b"})
    for side, kind, made in (("source", "mel", codec), ("target", "samples", SAMPLES)):
        made.save(folder / side)
        options = made.config.model_dump(exclude_unset=True)
        write_json(folder / side / "codec.json", {"kind": kind, "field": "audio", "options": options})
    return folder


def test_a_synthesiser_speaks_through_it(learnt: vocoder.Vocoder, tmp_path: Path) -> None:
    folder = system(tmp_path / "vocoder_a", learnt, FRAMES)
    other = tmp_path / "asr"
    other.mkdir()
    write_json(other / "system.json", {"kind": "ctc"})
    assert speaking.vocoder_among([other]) is None
    assert speaking.vocoder_among([other, folder]) == folder
    (tmp_path / "tts").mkdir()
    speaking.save_vocoder(folder, tmp_path / "tts")
    place = speaking.load_vocoder(tmp_path / "tts")
    frames = tones(1, 5)[0].sequences[0]
    sounds = {}
    for name in ("auto", "griffin_lim"):
        options = configure(speaking.Options, {"sound": name}, "decode")
        sounds[name] = speaking.voice(FRAMES, place, options)(frames)
        assert len(sounds[name]) == (len(frames) - 1) * 50 + 200
    assert not np.array_equal(sounds["auto"], sounds["griffin_lim"])
    assert len(speaking.voice(FRAMES, place, speaking.Options())(frames[:0])) == 0
    assert speaking.load_vocoder(tmp_path) is None
    changed = mel.Codec(mel.Config(n_mels=20, normalise="none", **FRAMING))
    with pytest.raises(Problem, match="trained on other frames"):
        speaking.voice(changed, place, speaking.Options())


def test_speakers_are_told_apart() -> None:
    side = Side(SimpleNamespace(), Sequences.of([np.zeros(1), np.zeros(1)]), typed=("a", "b"))
    assert speaking.numbers(side, ["Ana", "Budi"], speaking.Options()).tolist() == [0, 0]
    assert speaking.numbers(side, ["Ana", "Budi"], speaking.Options(speaker="Budi")).tolist() == [1, 1]
    with pytest.raises(Problem, match="0: the speaker 'Bodi' was not heard in training"):
        speaking.numbers(side, ["Ana", "Budi"], speaking.Options(speaker="Bodi"))
