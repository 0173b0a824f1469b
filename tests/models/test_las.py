"""The recogniser learns to copy: tokens are drawn as frames with noise, and come back from frames alone."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pipeline.data import BEGIN, END, PAD, Data, Side
from pipeline.models import las
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search import steps
from pipeline.sequences import Sequences

BANDS, VOCABULARY = 12, 10  # ids 4 to 9 are tokens


class Vocabulary:
    def __len__(self) -> int:
        return VOCABULARY


def spoken(tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each token sounds in its own band for 6 to 9 frames, with a pause after it: [T, F]."""
    frames = np.zeros((12 * len(tokens), BANDS))
    for i, token in enumerate(tokens):
        frames[12 * i : 12 * i + int(rng.integers(6, 10)), token] = 2
    return (frames + rng.normal(size=frames.shape) * 0.3).astype(np.float16)


def sides(count: int, seed: int) -> tuple[Side, Side]:
    rng = np.random.default_rng(seed)
    tokens = [rng.integers(4, VOCABULARY, size=rng.integers(1, 6)).astype(np.int32) for _ in range(count)]
    frames = [spoken(t, rng) for t in tokens]
    return Side(SimpleNamespace(dim=BANDS), Sequences.of(frames)), Side(Vocabulary(), Sequences.of(tokens))


def data(train: tuple[Side, Side], dev: tuple[Side, Side]) -> Data:
    return Data({"train": train[0], "dev": dev[0]}, {"train": train[1], "dev": dev[1]})


SMALL = las.Config(stack=2, layers=2, listener=24, speller=32, embedding=8, scores=16, kernel=5, dropout=0.0)
BRIEFLY = las.Train(
    epochs=12, batch=500, lr=1e-2, warmup=20, time_masks=0, frequency_masks=0, stretch=0, precision="float32"
)


def trained(
    work: Path, config: las.Config = SMALL, count: int = 400, **options: object
) -> tuple[las.ListenAttendSpell, list]:
    given = data(sides(count, seed=1), sides(20, seed=2))
    chosen = las.Train.model_validate(BRIEFLY.model_dump() | options)
    return las.fit(data=given, config=config, options=chosen, needs=(), work=work)


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> las.ListenAttendSpell:
    model, history = trained(tmp_path_factory.mktemp("las") / "work", sampling=0.1, sampling_schedule="linear")
    assert history[-1]["dev_loss"] < history[0]["dev_loss"] / 5
    return model


def found_by(model: las.ListenAttendSpell, source: Side, **options: object) -> list[list[Hypothesis]]:
    return list(
        steps.decode(model=model, source=source, target=Vocabulary(), options=steps.Decode.model_validate(options))
    )


@pytest.mark.parametrize("beam_size", [1, 4])
def test_it_learns_to_copy(copier: las.ListenAttendSpell, beam_size: int) -> None:
    source, target = sides(40, seed=3)
    found = found_by(copier, source, beam_size=beam_size)
    right = [best.tokens == target.sequences[i].tolist() and best.finished for i, (best, *_) in enumerate(found)]
    assert sum(right) >= 36


def test_its_attention_moves_forwards_with_the_sounds(copier: las.ListenAttendSpell) -> None:
    source, target = sides(20, seed=5)
    checked = 0
    for i, (best,) in enumerate(found_by(copier, source, beam_size=1)):
        if best.tokens == target.sequences[i].tolist():
            weights = np.array(best.attention)
            assert weights.shape == (len(best.tokens), -(-source.sequences.lengths[i] // SMALL.subsampling))
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-4)
            assert (np.diff(weights @ np.arange(weights.shape[1])) > 0).all()
            checked += 1
    assert checked >= 17


def test_padding_neighbours_and_batches_change_nothing(copier: las.ListenAttendSpell) -> None:
    source, _ = sides(15, seed=4)
    small, large = (found_by(copier, source, beam_size=3, n_best=2, batch=batch) for batch in (1, 60_000))
    for one, other in zip(small, large, strict=True):
        assert [h.tokens for h in one] == [h.tokens for h in other]
        assert [h.score for h in one] == pytest.approx([h.score for h in other], abs=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("kernel", [0, 1, 7])
def test_unrolled_it_gives_what_steps_give(kernel: int) -> None:
    torch.manual_seed(1)
    model = las.ListenAttendSpell(SMALL.model_copy(update={"kernel": kernel}), BANDS, VOCABULARY).eval()
    source, target = sides(5, seed=6)
    rows = np.arange(5)
    batch = las._batches(data((source, target), (source, target)), "dev", SMALL, BRIEFLY).collate(rows, 0)
    loss, count = model(batch)
    state, lengths = model.begin(source.sequences, rows, 1)
    assert lengths.tolist() == [-(-n // 4) for n in source.sequences.lengths]
    total = 0.0
    for u in range(batch["before"].shape[1]):
        logits, state, _ = model.step(batch["before"][:, u], state)
        after = batch["after"][:, u]
        total -= float(logits.log_softmax(1)[torch.arange(5), after][after != PAD].sum())
    assert count == sum(target.sequences.lengths) + 5
    assert float(loss) == pytest.approx(total, rel=1e-4)


def test_attention_by_content_alone_stays_so(tmp_path: Path) -> None:
    model, history = trained(tmp_path / "work", SMALL.model_copy(update={"kernel": 0}), count=50, epochs=2)
    assert history[1]["train_loss"] < history[0]["train_loss"]
    assert not model.attention.filters.any()


@pytest.mark.parametrize(("stack", "layers"), [(1, 1), (1, 3), (2, 2), (3, 2)])
@pytest.mark.parametrize("frames", [0, 1, 2, 7, 9, 33])
def test_the_pyramid_counts_its_steps(stack: int, layers: int, frames: int) -> None:
    config = SMALL.model_copy(update={"stack": stack, "layers": layers})
    model = las.ListenAttendSpell(config, BANDS, VOCABULARY).eval()
    state, lengths = model.begin(Sequences.of([np.zeros((frames, BANDS), np.float32)]), np.array([0]), 2)
    assert lengths.tolist() == [-(-frames // config.subsampling)]
    logits, _, attention = model.step(torch.tensor([BEGIN, BEGIN]), state)
    assert torch.isfinite(logits).all()
    assert not attention[:, max(1, int(lengths)) :].any()


def test_steps_are_joined_in_pairs_and_padding_is_silent() -> None:
    x = torch.tensor([[1.0, 10], [2, 20], [3, 30], [4, 40], [5, 50]])[:, :, None]  # [T=5, B=2, C=1]
    joined, lengths = las.joined(x, torch.tensor([5, 3]), 2)
    assert joined.tolist() == [[[1, 2], [10, 20]], [[3, 4], [30, 0]], [[5, 0], [0, 0]]]
    assert lengths.tolist() == [3, 2]


class TestSampling:
    def shown(self, model: las.ListenAttendSpell, sampled: bool, draw: float) -> tuple[torch.Tensor, torch.Tensor]:
        before = torch.tensor([[BEGIN, 4, 5, 6], [BEGIN, 7, PAD, PAD]])
        memory = torch.zeros(2, 3, SMALL.speller)
        mask = torch.zeros(before.shape, dtype=torch.bool)
        mask[:, 1:3] = sampled
        return before, model.mixed(before, memory, torch.zeros(2, 3), mask, torch.full(before.shape, draw))

    def test_shows_what_was_drawn_and_the_rest_as_it_is(self, copier: las.ListenAttendSpell) -> None:
        before, same = self.shown(copier, sampled=False, draw=0.5)
        assert torch.equal(before, same)
        _, own = self.shown(copier, sampled=True, draw=0.0)  # the first token that has any probability
        assert own.tolist() == [[BEGIN, 0, 0, 6], [BEGIN, 0, 0, PAD]]
        _, last = self.shown(copier, sampled=True, draw=1.0)  # never beyond the last
        assert last[:, 1:3].tolist() == [[VOCABULARY - 1] * 2] * 2

    def test_draws_by_the_probability_of_a_token_after_what_is_shown(self, copier: las.ListenAttendSpell) -> None:
        source, _ = sides(1, seed=9)
        states, lengths = copier.listener(*las.frames_of(*source.sequences.padded(np.array([0]))))
        memory, bias = copier.places(states, lengths)
        before = torch.tensor([[BEGIN, 4, 4]])
        for draw in (0.2, 0.7):
            mask = torch.tensor([[False, True, True]])
            shown = copier.mixed(before, memory, bias, mask, torch.full((1, 3), draw))[0]
            state = copier.start(memory, bias, 1)
            for u in range(2):
                logits, state, _ = copier.step(shown[None, u], state)
                cumulative = logits[0].softmax(0).cumsum(0)
                token = int(shown[u + 1])
                assert cumulative[token] > draw
                assert token == 0 or cumulative[token - 1] <= draw

    def test_leaves_the_mode_of_training_as_it_was(self, copier: las.ListenAttendSpell) -> None:
        for mode in (True, False):
            copier.train(mode)
            self.shown(copier, sampled=True, draw=0.5)
            assert copier.training is mode

    @pytest.mark.parametrize("schedule", ["constant", "linear", "exponential", "sigmoid"])
    def test_its_rate_goes_from_none_to_all(self, schedule: str) -> None:
        options = las.Train(epochs=11, sampling=0.4, sampling_schedule=schedule)
        rates = [las.sampling_rate(epoch, options) for epoch in range(11)]
        assert rates[-1] == pytest.approx(0.4)
        assert rates[0] == pytest.approx(0.4 if schedule == "constant" else 0, abs=1e-9)
        assert rates == sorted(rates)
        middle = {"constant": 0.4, "linear": 0.2, "exponential": 0.3696, "sigmoid": 0.2}
        assert rates[5] == pytest.approx(middle[schedule], abs=1e-3)
        assert las.sampling_rate(0, options.model_copy(update={"epochs": 1})) == rates[0]

    def test_is_seeded_by_epoch_and_row_and_is_for_training_alone(self) -> None:
        given = data(sides(20, seed=1), sides(20, seed=1))
        options = las.Train.model_validate(BRIEFLY.model_dump() | {"sampling": 0.3})
        train, dev = (las._batches(given, split, SMALL, options) for split in ("train", "dev"))
        rows = np.arange(20)
        first, again, later = (train.collate(rows, epoch) for epoch in (1, 1, 2))
        for name in ("sampled", "draws"):
            assert torch.equal(first[name], again[name])
            assert not torch.equal(first[name], later[name])
            alone = train.collate(rows[3:4], 1)[name]
            assert torch.equal(alone[0], first[name][3, : alone.shape[1]])
        assert 0.15 < first["sampled"].float().mean() < 0.45
        assert "sampled" not in dev.collate(rows, 1)


def test_silence_and_next_to_no_audio_decode(copier: las.ListenAttendSpell) -> None:
    codec = SimpleNamespace(dim=BANDS)
    for shapes in ((0, 1, 2, 400), (0,)):
        source = Side(codec, Sequences.of([np.zeros((t, BANDS), np.float32) for t in shapes]))
        for beam_size in (1, 3):
            found = found_by(copier, source, beam_size=beam_size)
            assert all(np.isfinite(n_best[0].score) for n_best in found)
            assert len(found) == len(shapes)


def test_a_text_that_is_too_long_for_its_sound_has_a_finite_loss(copier: las.ListenAttendSpell) -> None:
    source = Side(SimpleNamespace(dim=BANDS), Sequences.of([np.zeros((n, BANDS), np.float32) for n in (0, 5, 40)]))
    target = Side(Vocabulary(), Sequences.of([np.array([4, 4, 5, 6], np.int32)] * 2 + [np.zeros(0, np.int32)]))
    given = data((source, target), (source, target))
    batch = las._batches(given, "train", SMALL, BRIEFLY).collate(np.arange(3), 0)
    model = las.ListenAttendSpell(SMALL, BANDS, VOCABULARY, ctc=0.3)
    loss, count = model(batch)
    loss.backward()
    assert count == 11
    assert torch.isfinite(loss)
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())


def test_saved_and_loaded_it_gives_the_same(copier: las.ListenAttendSpell, tmp_path: Path) -> None:
    las.save(copier, tmp_path)
    source, _ = sides(5, seed=7)
    assert found_by(las.load(tmp_path), source) == found_by(copier.eval(), source)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


def test_training_again_gives_the_same_weights_bit_for_bit(tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"dropout": 0.2})
    first, second = (
        trained(tmp_path / name, config, count=50, epochs=2, sampling=0.5, time_masks=1, stretch=0.1)[0].state_dict()
        for name in ("first", "second")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


@torch.no_grad()
def test_bfloat16_gives_about_the_same_loss(copier: las.ListenAttendSpell) -> None:
    given = data(sides(8, seed=8), sides(8, seed=8))
    batch = las._batches(given, "dev", SMALL, BRIEFLY).collate(np.arange(8), 0)
    exact, count = copier(batch)
    with torch.autocast("cpu", torch.bfloat16):
        rough, _ = copier(batch)
    assert abs(float(rough - exact)) < 0.05 * int(count)
    assert int(batch["after"].max()) >= END


def test_options_that_cannot_be() -> None:
    with pytest.raises(Problem, match=r"systems\.asr\.train\.sampling_schedule"):
        configure(las.Train, {"sampling_schedule": "cosine"}, "systems.asr.train")
    with pytest.raises(Problem, match="kernel: 4 is even"):
        configure(las.Config, {"kernel": 4}, "systems.asr.model")
    with pytest.raises(Problem, match=r"systems\.asr\.model\.stack"):
        configure(las.Config, {"stack": 0}, "systems.asr.model")
