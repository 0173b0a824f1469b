"""The synthesiser learns to spell: each letter is a tone of its own, and what it says is heard by its tones."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.features import mel
from pipeline.models import tacotron
from pipeline.models.location import Past
from pipeline.models.tacotron import Config, Network, ahead, off_diagonal
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import utterance_schema, write_table
from pipeline.sequences import Sequences

LETTERS = 6  # ids 4 to 9
BANDS = 8
SPEAKERS = ("Ana", "Budi")
LASTS = 4  # frames of a letter
STEP = 4  # frames of a step


class Vocabulary:
    def __len__(self) -> int:
        return 4 + LETTERS


def spoken(tokens: np.ndarray, speaker: int) -> np.ndarray:
    """A letter sounds in its own band for LASTS frames, louder from the second speaker; the last frame is silent."""
    frames = np.full((LASTS * len(tokens), BANDS), -1.0)
    frames[np.arange(len(frames)), np.repeat(tokens - 4, LASTS)] = 1 + speaker
    frames[-1] = -1.0
    return frames.astype(np.float16)


def corpus(folder: Path, split: str, count: int) -> tuple[Side, Side]:
    rng = np.random.default_rng(len(split))
    tokens = [rng.integers(4, 4 + LETTERS, size=rng.integers(3, 9)).astype(np.int32) for _ in range(count)]
    voices = rng.integers(2, size=count)
    ids = [f"{split}-{i}" for i in range(count)]
    records = [
        {"id": name, "recording": "a", "speaker": SPEAKERS[voice], "audio": "a.wav", "start": 0.0, "end": 1.0}
        for name, voice in zip(ids, voices, strict=True)
    ]
    manifest = folder / f"{split}.parquet"
    write_table(manifest, records, utterance_schema([]))
    frames = [spoken(row, voice) for row, voice in zip(tokens, voices, strict=True)]
    codec = mel.Codec(mel.Config(n_mels=BANDS, normalise="none"))
    return (
        Side(Vocabulary(), Sequences.of(tokens, ids), manifest, "text"),
        Side(codec, Sequences.of(frames, ids), manifest, "audio"),
    )


SMALL = Config(
    reduction=STEP, channels=32, convolutions=1, speaker=4, prenet=32, hidden=48, attention=16, location=5, postnet=16,
    postnet_convolutions=2, dropout=0.0, prenet_dropout=0.25,
)  # fmt: skip


def training(**given: object) -> tacotron.Train:
    options = {"epochs": 16, "batch": 300, "lr": 8e-3, "warmup": 10, "precision": "float32", **given}
    return configure(tacotron.Train, options, "systems.tts.train")


def options(**given: object) -> tacotron.Decode:
    return configure(tacotron.Decode, given, "systems.tts.decode")


Learnt = tuple[Network, Side, Side]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    folder = tmp_path_factory.mktemp("tts")
    parts = {split: corpus(folder, split, count) for split, count in (("train", 200), ("dev", 20))}
    data = Data({s: p[0] for s, p in parts.items()}, {s: p[1] for s, p in parts.items()})
    model, _ = tacotron.fit(data=data, config=SMALL, options=training(), needs=(), work=folder / "work")
    return model, *parts["dev"]


def spoken_by(model: Network, tokens: list[list[int]], voices: list[int], **given: object) -> tuple[torch.Tensor, ...]:
    lengths = torch.tensor([len(row) for row in tokens])
    padded = torch.tensor([[*row, *[0] * (int(lengths.max()) - len(row))] for row in tokens])
    return model.speak(padded, lengths, torch.tensor(voices), options(**given))


@pytest.mark.parametrize("window", [0, 3])
def test_it_spells_and_stops(learnt: Learnt, window: int) -> None:
    model, source, _ = learnt
    texts = [source.sequences[i].tolist() for i in range(len(source.sequences))]
    frames, steps, finished, attention = spoken_by(model, texts, [0] * len(texts), window=window)
    assert finished.all()
    right = total = 0
    for i, text in enumerate(texts):
        said = frames[i, : STEP * int(steps[i]) - 1].argmax(dim=1).numpy() + 4
        expected = np.repeat(text, LASTS)[:-1]
        total += len(expected)
        right += int((said[: len(expected)] == expected[: len(said)]).sum()) if len(said) == len(expected) else 0
        assert attention[i, : int(steps[i]), : len(text)].sum(dim=1).min() > 0.999
    assert right / total > 0.8


def test_a_speaker_has_a_voice(learnt: Learnt) -> None:
    model, _, _ = learnt
    frames, steps, _, _ = spoken_by(model, [[4, 5, 6, 7]] * 2, [0, 1])
    soft, loud = (frames[i, : int(steps[i])].amax(dim=1).mean() for i in (0, 1))
    assert loud - soft > 0.3


def test_neighbours_change_nothing(learnt: Learnt) -> None:
    model, _, _ = learnt
    alone, steps, _, _ = spoken_by(model, [[4, 5, 6]], [0])
    beside, both, _, _ = spoken_by(model, [[4, 5, 6], [9, 8, 9, 8, 9, 7, 4]], [0, 1])
    assert both[0] == steps[0]
    count = STEP * int(steps[0])
    torch.testing.assert_close(beside[0, :count], alone[0, :count], atol=1e-4, rtol=1e-4)


def test_the_loss_of_a_batch_is_the_sum_of_its_rows(learnt: Learnt) -> None:
    model, source, target = learnt
    collate = tacotron._batches(
        Data({"dev": source}, {"dev": target}), "dev", SMALL, training(), list(SPEAKERS)
    ).collate
    together, count = model(collate(np.arange(6), 0))
    each = [model(collate(np.array([i]), 0)) for i in range(6)]
    assert count == sum(number for _, number in each)
    torch.testing.assert_close(together, sum((loss for loss, _ in each), torch.zeros(())), rtol=1e-4, atol=1e-3)


def test_teaching_is_speaking_where_what_is_said_is_right(learnt: Learnt) -> None:
    model, _, _ = learnt
    frames, steps, _, _ = spoken_by(model, [[4, 7, 6, 9]], [1], window=0)
    memory, bias = model.encode(torch.tensor([[4, 7, 6, 9]]), torch.tensor([4]), torch.tensor([1]))
    before = frames
    for _ in range(int(steps[0])):  # what the decoder says of its own frames is, step by step, those frames
        said, _, _ = model.say(before, memory, bias, torch.tensor([1]))
        before = said
    torch.testing.assert_close(said + model.mend(said, steps), frames, atol=1e-3, rtol=1e-3)


def test_speech_has_a_waveform_and_the_way_through_its_text(learnt: Learnt, tmp_path: Path) -> None:
    model, source, target = learnt
    tacotron.save(model, tmp_path)
    model = tacotron.load(tmp_path)
    found = list(tacotron.decode(model=model, source=source, target=target.codec, options=options()))
    again = list(tacotron.decode(model=model, source=source, target=target.codec, options=options(batch=30)))
    assert len(found) == len(source.sequences)
    for i, ((hypothesis,), (other,)) in enumerate(zip(found, again, strict=True)):
        weights = np.array(hypothesis.attention)
        assert weights.shape[1] == source.sequences.lengths[i]
        assert hypothesis.finished and hypothesis.waveform is not None and hypothesis.rate == 16_000
        assert len(hypothesis.waveform) == (STEP * len(weights) - 1) * 160 + 400
        assert other.attention is not None and len(other.attention) == len(weights)


def typed(*tokens: list[int]) -> Side:
    return Side(Vocabulary(), Sequences.of([np.array(row, np.int32) for row in tokens]), typed=("?",) * len(tokens))


def test_what_never_stops_is_cut_and_marked(learnt: Learnt) -> None:
    model, _, target = learnt
    with torch.no_grad():
        stop = model.output.bias[-1].clone()
        model.output.bias[-1] = -1e4
        ((hypothesis,),) = tacotron.decode(model=model, source=typed([4, 5]), target=target.codec, options=options())
        model.output.bias[-1] = stop
    assert not hypothesis.finished
    assert hypothesis.attention is not None
    assert len(hypothesis.attention) == np.ceil(2 * 2 * model.pace / STEP) + tacotron.SPARE


def test_nothing_that_is_known_is_silence(learnt: Learnt) -> None:
    model, _, target = learnt
    found = list(tacotron.decode(model=model, source=typed([], [1], [5]), target=target.codec, options=options()))
    for (hypothesis,) in found[:2]:
        assert hypothesis.waveform is not None and len(hypothesis.waveform) == 0
        assert hypothesis.attention == [] and hypothesis.finished
    assert found[2][0].waveform is not None and len(found[2][0].waveform) > 0


def test_an_unknown_speaker_is_told(learnt: Learnt) -> None:
    model, _, target = learnt
    with pytest.raises(Problem, match=r"'Bud' was not heard in training .*Budi"):
        list(tacotron.decode(model=model, source=typed([5]), target=target.codec, options=options(speaker="Bud")))


def test_a_killed_training_would_give_the_same(tmp_path: Path) -> None:
    source, target = corpus(tmp_path, "train", 30)
    data = Data({"train": source, "dev": source}, {"train": target, "dev": target})
    weights = []
    for name in ("a", "b"):
        model, _ = tacotron.fit(data=data, config=SMALL, options=training(epochs=1), needs=(), work=tmp_path / name)
        weights.append(model.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_the_window_goes_along_with_attention() -> None:
    weights = torch.eye(5)[[0, 3]]
    nothing = torch.zeros(2, 0)
    past = Past(nothing, nothing, nothing, weights, weights)
    assert ahead(past, 2).isfinite().tolist() == [[True, True, False, False, False], [False, False, True, True, True]]
    assert not ahead(past, 0).any()


def test_off_the_diagonal() -> None:
    away = off_diagonal(torch.tensor([2, 4]), torch.tensor([2, 4]), torch.Size((2, 4, 4)), 0.2)
    far = 1 - np.exp(-(0.5**2) / (2 * 0.2**2))
    assert away[0, :2, :2].tolist() == pytest.approx(np.array([[0, far], [far, 0]]))
    assert not away[0, 2:].any()  # behind the last step
    assert away[1].diagonal().abs().max() == 0
    assert away[1, 0].tolist() == sorted(away[1, 0].tolist())


@pytest.mark.parametrize(("option", "value"), [("location", 4), ("channels", 33), ("reduction", 0)])
def test_options_that_do_not_fit_are_told(option: str, value: int) -> None:
    with pytest.raises(Problem, match=rf"systems.tts.model.{option}"):
        configure(Config, {option: value}, "systems.tts.model")
