"""The classifier of utterances: one token each."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.models import convnet
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.sequences import Sequences

BANDS, WORDS = 16, 3
SMALL = convnet.Config(channels=(8, 12), dropout=0.1)


def words(count: int, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """A tone that climbs, falls or stays, at any height, amid noise: [T, BANDS] each; and its word, from 4."""
    rng = np.random.default_rng(seed)
    frames, tokens = [], []
    for _ in range(count):
        word, length = int(rng.integers(WORDS)), int(rng.integers(12, 40))
        start, way = rng.uniform(5, 10), 4 * (word - 1)
        place = start + way * np.linspace(0, 1, length)
        bump = np.exp(-np.square(np.arange(BANDS) - place[:, None]))
        frames.append((2 * bump + rng.normal(0, 0.1, bump.shape)).astype(np.float32))
        tokens.append(np.array([4 + word], np.int32))
    return frames, tokens


def side(arrays: list[np.ndarray], codec: Any) -> Side:
    return Side(codec, Sequences.of(arrays))


def data(tokens: list[np.ndarray] | None = None) -> Data:
    heard, said = SimpleNamespace(dim=BANDS), [None] * (4 + WORDS)
    splits = {"train": words(300, 1), "dev": words(30, 2)}
    return Data(
        source={name: side(frames, heard) for name, (frames, _) in splits.items()},
        target={name: side(tokens or told, said) for name, (_, told) in splits.items()},
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> convnet.Network:
    options = convnet.Train(
        epochs=12, batch=600, lr=5e-3, warmup=10, frequency_mask=2, time_mask=4, precision="float32"
    )
    model, history = convnet.fit(
        data=data(), config=SMALL, options=options, needs=(), work=tmp_path_factory.mktemp("work")
    )
    assert history[-1]["dev_loss"] < 0.2
    return model


def test_it_learns_words_by_their_shapes(trained: convnet.Network) -> None:
    frames, tokens = words(100, 3)
    found = list(convnet.decode(model=trained, source=side(frames, None), target=[], options=convnet.Decode()))  # type: ignore[arg-type]
    assert sum(one[0].tokens == list(token) for one, token in zip(found, tokens, strict=True)) >= 97
    assert all(one[0].finished and one[0].score <= 0 for one in found)


def test_n_best_outputs_are_all_the_words_there_are_at_most(trained: convnet.Network) -> None:
    frames, _ = words(5, 4)
    options = convnet.Decode(n_best=9)
    for one in convnet.decode(model=trained, source=side(frames, None), target=[], options=options):  # type: ignore[arg-type]
        assert sorted(hypothesis.tokens[0] for hypothesis in one) == [4, 5, 6]
        scores = [hypothesis.score for hypothesis in one]
        assert scores == sorted(scores, reverse=True) and np.exp(scores).sum() == pytest.approx(1, abs=1e-4)


def test_an_utterance_is_heard_alike_beside_longer_ones(trained: convnet.Network) -> None:
    frames, _ = words(6, 5)
    with torch.inference_mode():
        sequences = Sequences.of(frames)
        together = trained.logits(*convnet._frames(*sequences.padded(np.arange(6)), 7))
        for row in range(6):
            alone = trained.logits(*convnet._frames(*sequences.padded(np.array([row])), 7))
            torch.testing.assert_close(together[row], alone[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("length", [0, 1, 7])
def test_the_shortest_utterances_have_a_word(trained: convnet.Network, length: int) -> None:
    source = side([np.zeros((length, BANDS), np.float32)], None)
    [[found]] = convnet.decode(model=trained, source=source, target=[], options=convnet.Decode())  # type: ignore[arg-type]
    assert found.tokens[0] >= 4 and np.isfinite(found.score)


def test_what_is_saved_is_what_is_loaded(trained: convnet.Network, tmp_path: Path) -> None:
    convnet.save(trained, tmp_path)
    again = convnet.load(tmp_path)
    frames, lengths = convnet._frames(*Sequences.of(words(4, 6)[0]).padded(np.arange(4)), 7)
    with torch.inference_mode():
        assert torch.equal(again.logits(frames, lengths), trained.logits(frames, lengths))


def test_texts_of_several_words_and_too_many_layers_are_told(tmp_path: Path) -> None:
    both = [np.array([4, 5], np.int32)] * 300
    with pytest.raises(Problem, match="train: 0 has 2 tokens, and 299 others have not one either"):
        convnet.fit(data=data(both), config=SMALL, options=convnet.Train(), needs=(), work=tmp_path)
    with pytest.raises(Problem, match=r"model.channels: so many layers halve 16 bands to nothing"):
        convnet.fit(
            data=data(), config=convnet.Config(channels=(4,) * 5), options=convnet.Train(), needs=(), work=tmp_path
        )
    with pytest.raises(Problem, match="channels"):
        configure(convnet.Config, {"channels": []}, "systems.x.model")
