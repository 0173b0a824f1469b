"""The recogniser learns to copy: tokens are drawn as frames with noise, and come back from frames alone."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.models import ctc
from pipeline.models.frames import frames_of
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.sequences import Sequences

BANDS, VOCABULARY = 12, 10  # ids 4 to 9 are tokens


class Vocabulary:
    def __len__(self) -> int:
        return VOCABULARY


def spoken(tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each token sounds in its own band for 6 to 12 frames, with a pause after it: [T, F]."""
    pieces = []
    for token in tokens:
        piece = np.zeros((int(rng.integers(10, 16)), BANDS))
        piece[: int(rng.integers(6, 10)), token] = 2
        pieces.append(piece)
    frames = np.concatenate(pieces) if pieces else np.zeros((0, BANDS))
    return (frames + rng.normal(size=frames.shape) * 0.3).astype(np.float16)


def sides(count: int, seed: int) -> tuple[Side, Side]:
    rng = np.random.default_rng(seed)
    tokens = [rng.integers(4, VOCABULARY, size=rng.integers(1, 7)).astype(np.int32) for _ in range(count)]
    frames = [spoken(t, rng) for t in tokens]
    codec = SimpleNamespace(dim=BANDS)
    return Side(codec, Sequences.of(frames)), Side(Vocabulary(), Sequences.of(tokens))


def data(train: tuple[Side, Side], dev: tuple[Side, Side]) -> Data:
    return Data({"train": train[0], "dev": dev[0]}, {"train": train[1], "dev": dev[1]})


SMALL = ctc.Config(subsampling=4, channels=32, hidden=24, layers=1, dropout=0.0)
BRIEFLY = ctc.Train(epochs=12, batch=800, lr=1e-2, warmup=20, time_masks=1, frequency_masks=0, precision="float32")


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> ctc.Recogniser:
    work = tmp_path_factory.mktemp("ctc") / "work"
    given = data(sides(200, seed=1), sides(20, seed=2))
    model, history = ctc.fit(data=given, config=SMALL, options=BRIEFLY, needs=(), work=work)
    assert history[-1]["dev_loss"] < history[0]["dev_loss"] / 5
    return model


@pytest.mark.parametrize("beam_size", [1, 4])
def test_it_learns_to_copy(copier: ctc.Recogniser, beam_size: int) -> None:
    source, target = sides(40, seed=3)
    found = ctc.decode(model=copier, source=source, target=target.codec, options=ctc.Decode(beam_size=beam_size))
    right = [best.tokens == target.sequences[i].tolist() and best.finished for i, (best, *_) in enumerate(found)]
    assert sum(right) >= 36


def test_decoding_keeps_the_order_of_the_source_whatever_the_batch(copier: ctc.Recogniser) -> None:
    source, target = sides(15, seed=4)
    found = [
        [[(h.tokens, round(h.score, 3)) for h in n_best] for n_best in decoded]
        for decoded in (
            list(
                ctc.decode(model=copier, source=source, target=target.codec, options=ctc.Decode(n_best=3, batch=batch))
            )
            for batch in (1, 300, 60_000)
        )
    ]
    assert found[0] == found[1] == found[2]
    assert all(len(n_best) == 3 for n_best in found[0])


def test_silence_and_next_to_no_audio_decode(copier: ctc.Recogniser) -> None:
    shapes = (0, 1, 2, 400)
    source = Side(SimpleNamespace(dim=BANDS), Sequences.of([np.zeros((t, BANDS), np.float32) for t in shapes]))
    for options in (ctc.Decode(), ctc.Decode(beam_size=1)):
        found = list(ctc.decode(model=copier, source=source, target=Vocabulary(), options=options))
        assert found[0][0].tokens == []
        assert all(np.isfinite(n_best[0].score) for n_best in found)
    alone = Side(source.codec, Sequences.of([np.zeros((0, BANDS), np.float32)]))
    assert next(ctc.decode(model=copier, source=alone, target=Vocabulary(), options=ctc.Decode()))[0].tokens == []


def test_padding_changes_nothing(copier: ctc.Recogniser) -> None:
    frames = torch.randn(2, 37, BANDS)
    alone, steps = copier.log_probs(frames[:1, :22], torch.tensor([22]))
    beside, _ = copier.log_probs(frames, torch.tensor([22, 37]))
    assert steps.tolist() == [6]
    torch.testing.assert_close(beside[: steps[0], 0], alone[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("subsampling", [1, 2, 4, 8])
@pytest.mark.parametrize("frames", [1, 2, 7, 8, 9, 33])
def test_steps_are_counted_as_the_convolutions_make_them(subsampling: int, frames: int) -> None:
    model = ctc.Recogniser(SMALL.model_copy(update={"subsampling": subsampling}), BANDS, VOCABULARY)
    log_probs, steps = model.log_probs(torch.zeros(1, frames, BANDS), torch.tensor([frames]))
    assert log_probs.shape == (steps[0], 1, VOCABULARY)
    assert steps.tolist() == [-(-frames // subsampling)]


def test_saved_and_loaded_it_gives_the_same(copier: ctc.Recogniser, tmp_path: Path) -> None:
    ctc.save(copier, tmp_path)
    again = ctc.load(tmp_path)
    frames, lengths = torch.randn(1, 30, BANDS), torch.tensor([30])
    assert torch.equal(again.log_probs(frames, lengths)[0], copier.log_probs(frames, lengths)[0])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


def test_training_again_gives_the_same_weights_bit_for_bit(tmp_path: Path) -> None:
    given = data(sides(30, seed=6), sides(5, seed=7))
    options = BRIEFLY.model_copy(update={"epochs": 2, "frequency_masks": 1})
    config = SMALL.model_copy(update={"dropout": 0.2, "layers": 2})
    first, second = (
        ctc.fit(data=given, config=config, options=options, needs=(), work=tmp_path / name)[0].state_dict()
        for name in ("first", "second")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_utterances_too_short_for_their_text_are_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = sides(30, seed=5)
    frames, tokens = [source.sequences[i] for i in range(30)], [target.sequences[i] for i in range(30)]
    frames[3], tokens[3] = frames[3][:16], np.array([4, 4, 5])  # 4 steps: just enough, with the blank between 4 and 4
    frames[7], tokens[7] = frames[7][:12], np.array([4, 4, 5])  # 3 steps: one too few
    frames[9], tokens[9] = frames[9][:0], np.array([], dtype=np.int32)
    train = (Side(source.codec, Sequences.of(frames)), Side(target.codec, Sequences.of(tokens)))
    options = BRIEFLY.model_copy(update={"epochs": 1, "stretch": 0.5})
    _, history = ctc.fit(
        data=data(train, (source, target)), config=SMALL, options=options, needs=(), work=tmp_path / "work"
    )
    assert "train: 2 of 30 utterances are left out" in capsys.readouterr().out
    assert np.isfinite(history[0]["train_loss"])
    nothing = (Side(source.codec, Sequences.of(frames[7:8])), Side(target.codec, Sequences.of(tokens[7:8])))
    with pytest.raises(Problem, match="every utterance is too short for its text"):
        ctc.fit(data=data(nothing, nothing), config=SMALL, options=options, needs=(), work=tmp_path / "w")


@torch.no_grad()
def test_bfloat16_gives_about_the_same_loss(copier: ctc.Recogniser) -> None:
    source, target = sides(8, seed=8)
    rows = np.arange(8)
    frames, lengths = frames_of(*source.sequences.padded(rows))
    tokens = torch.from_numpy(target.sequences.padded(rows)[0]).long()
    batch = {"frames": frames, "lengths": lengths, "tokens": tokens}
    exact, count = copier(batch)
    with torch.autocast("cpu", torch.bfloat16):
        rough, _ = copier(batch)
    assert abs(float(rough - exact)) < 0.05 * int(count)


def test_an_empty_text_counts_as_silence() -> None:
    model = ctc.Recogniser(SMALL, BANDS, VOCABULARY)
    batch = {
        "frames": torch.zeros(1, 8, BANDS),
        "lengths": torch.tensor([8]),
        "tokens": torch.zeros(1, 0, dtype=torch.long),
    }
    loss, count = model(batch)
    assert torch.isfinite(loss)
    assert count == 0


def test_options_that_cannot_be() -> None:
    with pytest.raises(Problem, match="n_best: 4 needs a beam_size of at least 4"):
        configure(ctc.Decode, {"beam_size": 2, "n_best": 4}, "systems.asr.decode")
    with pytest.raises(Problem, match=r"systems\.asr\.model\.subsampling"):
        configure(ctc.Config, {"subsampling": 3}, "systems.asr.model")
