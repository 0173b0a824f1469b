"""The synthesiser learns to spell: each letter is a tone of its own, and what it says is heard by its tones."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.features import mel
from pipeline.models import duration_tts, durations
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import utterance_schema, write_table
from pipeline.sequences import Sequences

LETTERS = 6  # ids 4 to 9
BANDS = 8
SPEAKERS = ("Ana", "Budi")


class Vocabulary:
    def __len__(self) -> int:
        return 4 + LETTERS


def spoken(tokens: np.ndarray, speaker: int) -> tuple[np.ndarray, np.ndarray]:
    """A letter sounds in its own band for 2 + its number frames, louder from the second speaker: frames, durations."""
    taken = np.array([token - 2 for token in tokens], dtype=np.int64)
    frames = np.full((int(taken.sum()), BANDS), -1.0)
    frames[np.arange(len(frames)), np.repeat(tokens - 4, taken)] = 1 + speaker
    return frames.astype(np.float16), taken


def corpus(folder: Path, split: str, count: int) -> tuple[Side, Side, durations.Timed]:
    rng = np.random.default_rng(len(split))
    tokens = [rng.integers(4, 4 + LETTERS, size=rng.integers(1, 8)).astype(np.int32) for _ in range(count)]
    voices = rng.integers(2, size=count)
    both = [spoken(row, voice) for row, voice in zip(tokens, voices, strict=True)]
    ids = [f"{split}-{i}" for i in range(count)]
    records = [
        {"id": name, "recording": "a", "speaker": SPEAKERS[voice], "audio": "a.wav", "start": 0.0, "end": 1.0}
        for name, voice in zip(ids, voices, strict=True)
    ]
    write_table(folder / f"{split}.parquet", records, utterance_schema([]))
    codec = mel.Codec(mel.Config(n_mels=BANDS, normalise="none"))
    manifest = folder / f"{split}.parquet"
    source = Side(Vocabulary(), Sequences.of(tokens, ids), manifest, "text")
    target = Side(codec, Sequences.of([frames for frames, _ in both], ids), manifest, "audio")
    said = {"energy": [np.linspace(-1, 1, len(row)).astype(np.float32) for row in tokens]}
    return source, target, durations.Timed(np.arange(count), [taken for _, taken in both], said)


SMALL = duration_tts.Config(channels=32, convolutions=1, decoder=2, kernel=3, dropout=0.0, says=("energy",))
BRIEFLY = duration_tts.Train(epochs=15, batch=200, lr=8e-3, warmup=10, precision="float32")


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[duration_tts.Network, Side, Side]:
    folder = tmp_path_factory.mktemp("tts")
    parts = {split: corpus(folder, split, count) for split, count in (("train", 150), ("dev", 20))}
    data = Data({s: p[0] for s, p in parts.items()}, {s: p[1] for s, p in parts.items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durations, "timed", lambda recogniser, texts, frames, said, split: parts[split][2])
        patch.setattr("pipeline.models.speaking.vocoder_among", lambda folders: None)
        model, history = duration_tts.fit(
            data=data, config=SMALL, options=BRIEFLY, needs=(Path("asr"),), work=folder / "work"
        )
    assert history[-1]["dev_loss"] < history[0]["dev_loss"] / 3
    return model, *parts["dev"][:2]


def test_it_says_each_letter_as_long_as_it_lasts(learnt: tuple[duration_tts.Network, Side, Side]) -> None:
    model, source, _ = learnt
    right = total = 0
    for i in range(len(source.sequences)):
        tokens = torch.from_numpy(source.sequences[i]).long()[None]
        frames, taken = model.speak(tokens, torch.tensor([tokens.shape[1]]), torch.tensor([1]), pace=1.0)
        right += int((taken[0].numpy() == source.sequences[i] - 2).sum())
        total += tokens.shape[1]
        heard = frames[0].argmax(dim=1).numpy() + 4
        assert (heard == np.repeat(source.sequences[i], taken[0].numpy())).mean() > 0.8
    assert right / total > 0.9


def test_neighbours_change_nothing(learnt: tuple[duration_tts.Network, Side, Side]) -> None:
    model, _, _ = learnt
    alone, lasts = model.speak(torch.tensor([[4, 5, 6]]), torch.tensor([3]), torch.tensor([0]), 1.0)
    padded = torch.tensor([[4, 5, 6, 0, 0], [9, 8, 9, 8, 9]])
    beside, both = model.speak(padded, torch.tensor([3, 5]), torch.tensor([0, 1]), 1.0)
    assert both[0].tolist() == [*lasts[0].tolist(), 0, 0]
    torch.testing.assert_close(beside[0, : alone.shape[1]], alone[0], atol=1e-4, rtol=1e-4)


def options(**given: object) -> duration_tts.Decode:
    return configure(duration_tts.Decode, given, "systems.tts.decode")


def test_speech_has_a_waveform_and_the_way_through_its_text(
    learnt: tuple[duration_tts.Network, Side, Side], tmp_path: Path
) -> None:
    model, source, target = learnt
    duration_tts.save(model, tmp_path)
    model = duration_tts.load(tmp_path)
    found = list(duration_tts.decode(model=model, source=source, target=target.codec, options=options()))
    assert len(found) == len(source.sequences)
    for i, (hypothesis,) in enumerate(found):
        attention = np.array(hypothesis.attention)
        assert attention.shape[1] == source.sequences.lengths[i]
        way = attention.argmax(axis=1)
        assert set(way) == set(range(attention.shape[1])) and (np.diff(way) >= 0).all()  # no skip, no repeat
        assert hypothesis.waveform is not None and hypothesis.rate == 16_000
        assert len(hypothesis.waveform) == (len(attention) - 1) * 160 + 400
    (faster,) = next(duration_tts.decode(model=model, source=source, target=target.codec, options=options(pace=3)))
    assert faster.attention is not None and len(faster.attention) < len(found[0][0].attention or [])


def typed(*tokens: list[int]) -> Side:
    return Side(Vocabulary(), Sequences.of([np.array(row, np.int32) for row in tokens]), typed=("?",) * len(tokens))


def test_typed_text_and_what_cannot_be_said(learnt: tuple[duration_tts.Network, Side, Side]) -> None:
    model, _, target = learnt
    texts = typed([4, 5], [], [1, 1], [4, 1])
    found = [h for (h,) in duration_tts.decode(model=model, source=texts, target=target.codec, options=options())]
    assert [len(h.waveform) > 0 for h in found if h.waveform is not None] == [True, False, False, True]
    other = [
        h
        for (h,) in duration_tts.decode(model=model, source=texts, target=target.codec, options=options(speaker="Budi"))
    ]
    assert not np.array_equal(found[0].waveform, other[0].waveform)
    with pytest.raises(Problem, match=r"0: the speaker 'Anna' was not heard in training \('Ana', 'Budi'\)"):
        list(duration_tts.decode(model=model, source=texts, target=target.codec, options=options(speaker="Anna")))


def test_it_needs_a_recogniser(learnt: tuple[duration_tts.Network, Side, Side], tmp_path: Path) -> None:
    with pytest.raises(Problem, match="name one as `needs`"):
        duration_tts.fit(data=Data({}, {}), config=SMALL, options=BRIEFLY, needs=(), work=tmp_path)


@pytest.mark.parametrize(
    ("given", "message"), [({"channels": 5}, "odd"), ({"kernel": 4}, "even"), ({"says": ["pich"]}, "says")]
)
def test_impossible_options(given: dict, message: str) -> None:
    with pytest.raises(Problem, match=message):
        configure(duration_tts.Config, given, "systems.tts.model")
