"""The non-autoregressive Transformer learns to reverse, both ways to end; each part of it against a worked case."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import BEGIN, END, PAD, Data, Side
from pipeline.models import nat, transformer
from pipeline.problems import Problem
from pipeline.sequences import Sequences
from pipeline.trained import Trained

SMALL = {"d_model": 32, "heads": 2, "layers": 1, "ffn": 64, "dropout": 0.0}


class Letters:
    """A vocabulary of 12 ids."""

    def __init__(self, names: str = "____abcdefgh") -> None:
        self.names = names

    def __len__(self) -> int:
        return 12

    def tokens(self, ids: Any) -> list[str]:
        return [self.names[i] for i in ids]


def side(rows: list[np.ndarray], codec: Letters | None = None) -> Side:
    return Side(codec=codec or Letters(), sequences=Sequences.of(rows))


def reversal(count: int, seed: int) -> tuple[Side, Side]:
    rng = np.random.default_rng(seed)
    rows = [rng.integers(4, 12, size=rng.integers(1, 6)).astype(np.int32) for _ in range(count)]
    return side(rows), side([row[::-1].copy() for row in rows])


def small_model(**options: Any) -> nat.NonAutoregressive:
    torch.manual_seed(0)
    return nat.NonAutoregressive(nat.Config(**(SMALL | options)), 12, 12).eval()


def of(*rows: list[int]) -> Sequences:
    return Sequences.of([np.array(row, dtype=np.int32) for row in rows])


@pytest.fixture(scope="module")
def data() -> Data:
    train, dev = reversal(1500, seed=0), reversal(50, seed=1)
    return Data({"train": train[0], "dev": dev[0]}, {"train": train[1], "dev": dev[1]})


@pytest.mark.parametrize("length", ["predicted", "cut"])
def test_learns_to_reverse(length: str, data: Data, tmp_path: Path) -> None:
    model, history = nat.fit(
        data=data,
        config=nat.Config(**SMALL, length=length, ratio=1.0, room=2),
        options=nat.Train(
            epochs=20,
            batch=128,
            lr=5e-3,
            schedule="linear",
            warmup=60,
            precision="float32",
            label_smoothing=0.0,
            average=3,
        ),
        needs=(),
        work=tmp_path / "work",
    )
    assert history[-1]["dev_loss"] < history[0]["dev_loss"] / 2
    found = list(nat.decode(model=model, source=data.source["dev"], target=Letters(), options=nat.Decode(iterations=5)))
    right = [n[0].tokens == list(data.target["dev"].sequences[i]) for i, n in enumerate(found)]
    assert np.mean(right) > 0.85
    assert all(one.finished and one.score <= 0 for n_best in found for one in n_best)
    nat.save(model, tmp_path)
    again = nat.load(tmp_path)
    assert again.config == model.config
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])


def test_any_number_of_tokens_is_hidden_and_each_is_as_often() -> None:
    behind = np.arange(5) >= np.repeat([4, 1], 4000)[:, None]
    hidden = nat.drawn(np.random.default_rng(0), behind)
    assert not hidden[behind].any()
    assert hidden[4000:, 0].all()  # the only token
    shares = np.bincount(hidden[:4000].sum(axis=1), minlength=5) / 4000
    assert shares[0] == 0
    np.testing.assert_allclose(shares[1:], 0.25, atol=0.03)
    np.testing.assert_allclose(hidden[:4000, :4].mean(axis=0), 0.625, atol=0.03)


@pytest.mark.parametrize("length", ["predicted", "cut"])
def test_a_batch(length: str) -> None:
    config = nat.Config(**SMALL, length=length, ratio=1.0, room=2)
    made = nat.batches(of([5, 6], [7]), of([8, 9, 10], []), config, nat.Train(), "dev")
    batch = made.collate(np.array([0, 1]), 0)
    assert batch["longer"].tolist() == [1, -1]
    if length == "predicted":
        assert batch["tokens"].tolist() == [[8, 9, 10], [PAD, PAD, PAD]]
        assert batch["lengths"].tolist() == [3, 1]
        assert not batch["hidden"][1].any()  # of no token there is none to tell
    else:
        assert batch["tokens"].tolist() == [[8, 9, 10, END], [END, END, END, PAD]]
        assert batch["lengths"].tolist() == [4, 3]
        assert not batch["hidden"][1, 3]
    again = made.collate(np.array([0, 1]), 1)
    assert torch.equal(again["hidden"], batch["hidden"])  # dev: always the same


def test_a_target_longer_than_what_is_cut_has_no_end() -> None:
    config = nat.Config(**SMALL, length="cut", ratio=1.0, room=2)
    batch = nat.batches(of([5]), of([8, 9, 10, 11]), config, nat.Train(), "train").collate(np.array([0]), 0)
    assert batch["tokens"].tolist() == [[8, 9, 10]]


class Scripted:
    """Says what the table has: for each call, a token and a log-probability a place. Notes what it was shown."""

    def __init__(self, calls: list[tuple[list[int], list[float]]]):
        self.calls, self.shown = iter(calls), list[list[int]]()

    def seen(self, memory: torch.Tensor) -> None:
        return None

    def read(self, shown: torch.Tensor, *_: Any) -> Any:
        self.shown.append(shown[0].tolist())
        places = torch.arange(shown.shape[1])[None, :, None].double()
        return places, torch.ones(*shown.shape, 2)

    def told(self, out: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        tokens, scores = next(self.calls)
        at = out[:, 0].long()
        return torch.tensor(tokens)[at], torch.tensor(scores)[at]


def test_mask_predict_by_hand() -> None:
    """Four tokens in three iterations: 4 * 3/3 = 4 are written, then the 4 * 2/3 = 2 least sure, then the 1 least."""
    model: Any = Scripted(
        [
            ([4, 5, 6, 7], [-0.1, -0.9, -0.3, -0.5]),
            ([0, 8, 0, 9], [0.0, -0.2, 0.0, -0.4]),
            ([0, 0, 0, 10], [0.0, 0.0, 0.0, -0.05]),
        ]
    )
    memory = torch.zeros(1, 2, 1)
    nothing = torch.zeros(0)
    tokens, scores, _ = nat.mask_predict(model, memory, nothing, nothing, torch.tensor([[4]]), 3)
    assert model.shown == [[BEGIN] * 4, [4, BEGIN, 6, BEGIN], [4, 8, 6, BEGIN]]
    assert tokens.tolist() == [[[4, 8, 6, 10]]]
    torch.testing.assert_close(scores, torch.tensor([[[-0.1, -0.2, -0.3, -0.05]]]))


def test_what_is_behind_end_is_cut() -> None:
    config = nat.Config(length="cut")
    found = nat._hypothesis(config, [8, 9, END, 10, END], [-1.0, -2.0, -3.0, -40.0, -50.0])
    assert (found.tokens, found.score, found.finished) == ([8, 9], -2.0, True)
    endless = nat._hypothesis(config, [8, 9], [-1.0, -2.0])
    assert (endless.tokens, endless.score, endless.finished) == ([8, 9], -1.5, False)


def test_neither_padding_nor_neighbours_nor_other_candidates_change_anything() -> None:
    model = small_model(layers=2)
    sequences = of([5, 6, 7], [4], [8, 9, 10, 11, 4, 5])
    options = nat.Decode(candidates=1, n_best=3)  # as many are tried as are asked for
    together = nat.written(model, sequences, np.array([0, 1, 2]), options)
    for row in range(3):
        [alone] = nat.written(model, sequences, np.array([row]), options)
        assert len(alone) == 3
        assert len({len(one.tokens) for one in alone}) == 3
        for one, other in zip(alone, together[row], strict=True):
            assert one.tokens == other.tokens
            assert one.score == pytest.approx(other.score, abs=1e-5)
            assert one.attention is not None
            np.testing.assert_allclose(np.sum(one.attention, axis=1), 1, atol=1e-5)
            assert len(one.attention[0]) == sequences.lengths[row] + 1


def test_the_decoder_sees_both_directions() -> None:
    model = small_model()
    source = torch.tensor([[5, 6, END]])
    memory, bias = model.encode(source)
    lengths = torch.tensor([[3]])
    guess = model.guessed(memory, source, lengths)

    def read(*tokens: int) -> torch.Tensor:
        return model.read(torch.tensor([tokens]), guess, nat.padding(lengths[0], 3), model.seen(memory), bias)[0]

    assert not torch.allclose(read(BEGIN, 8, 9)[0, 0], read(BEGIN, 8, 10)[0, 0])


def test_an_unknown_token_is_guessed_from_where_its_translation_may_stand() -> None:
    source = torch.tensor([[5, 6, END, PAD], [5, 6, 7, END]])
    memory = torch.arange(8.0).view(2, 4, 1)
    lengths = torch.tensor([[6, 2], [2, 5]])
    # Token t of N stands for t * S / N of S: 3 of them in the first source, which counts END, and 4 in the second.
    expected = [[0, 0, 1, 1, 2, 2], [0, 1, 2, 2, 2, 2], [4, 6, 7, 7, 7, 7], [4, 4, 5, 6, 7, 7]]
    assert small_model().guessed(memory, source, lengths)[:, :, 0].tolist() == expected
    cut = small_model(length="cut").guessed(memory, source, torch.tensor([[6], [5]]))
    assert cut[:, :, 0].tolist() == [[0, 1, 2, 2, 2, 2], [4, 5, 6, 7, 7, 7]]


def test_nothing_special_is_written() -> None:
    for length, forbidden in (("predicted", {PAD, BEGIN, END}), ("cut", {PAD, BEGIN})):
        tokens, scores = small_model(length=length).told(torch.randn(600, 32))
        assert not forbidden & set(tokens.tolist())
        assert (scores <= 0).all()


@pytest.mark.parametrize("length", ["predicted", "cut"])
def test_no_token_and_very_many(length: str) -> None:
    model = small_model(length=length, room=1)
    source = side([np.zeros(0, dtype=np.int32), np.full(2000, 5, dtype=np.int32)])
    found = list(nat.decode(model=model, source=source, target=Letters(), options=nat.Decode(iterations=2, n_best=3)))
    assert found[0] and found[1]
    assert all(len(one.tokens) <= 2500 for n_best in found for one in n_best)


def teacher(folder: Path, **options: Any) -> transformer.Transformer:
    torch.manual_seed(3)
    model = transformer.Transformer(transformer.Config(**(SMALL | options)), 12, 12).eval()
    folder.mkdir()
    transformer.save(model, folder)
    return model


def opened(folder: Path, model: Any, codec: Letters) -> Trained:
    return Trained(folder.name, "transformer", transformer, model, codec, codec)


def test_a_teachers_outputs_are_the_targets(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = opened(tmp_path / "t", teacher(tmp_path / "t"), Letters())
    source = side([data.source["train"].sequences[i] for i in range(20)])
    search = known.options(beam_size=2)
    expected = [n_best[0].tokens for n_best in known.decode(source, search)]
    monkeypatch.setattr(nat, "TOGETHER", 7)
    options = nat.Train(search={"beam_size": 2})
    found = nat.distilled(known, source, options, tmp_path / "work" / "distilled")
    assert [row.tolist() for row in map(found.__getitem__, range(20))] == expected
    assert found.ids == source.sequences.ids
    nothing: Any = None
    kept = nat.distilled(nothing, nothing, options, tmp_path / "work" / "distilled")  # after a kill
    assert kept.ids == found.ids


def test_it_begins_with_a_teachers_weights(tmp_path: Path) -> None:
    theirs = teacher(tmp_path / "t")
    model = small_model()
    nat.take_weights(model, opened(tmp_path / "t", theirs, Letters()))
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])
    other = opened(tmp_path / "u", teacher(tmp_path / "u", layers=2), Letters())
    with pytest.raises(Problem, match="u has layers 2, this model 1: make them alike"):
        nat.take_weights(model, other)


def test_a_teacher_of_other_tokens_is_refused(data: Data, tmp_path: Path) -> None:
    other = opened(tmp_path / "t", teacher(tmp_path / "t"), Letters("____hgfedcba"))
    with pytest.raises(Problem, match="the source tokens of t are others than this system's"):
        nat.check_codecs(other, data)
