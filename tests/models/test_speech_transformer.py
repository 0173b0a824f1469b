"""The speech transformer learns to copy what is spoken as bands; its two losses, its search and its odd inputs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pipeline.data import BEGIN, END, PAD, Data, Side
from pipeline.models import speech_transformer
from pipeline.models.speech_transformer import Config, SpeechTransformer, Train
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.search import steps
from pipeline.sequences import Sequences, write_json

BANDS, VOCABULARY = 12, 10  # ids 4 to 9 are tokens


class Vocabulary:
    def __len__(self) -> int:
        return VOCABULARY


def spoken(tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each token sounds in its own band for 6 to 9 frames, with a pause after it: [T, F]."""
    pieces = []
    for token in tokens:
        piece = np.zeros((int(rng.integers(10, 16)), BANDS))
        piece[: int(rng.integers(6, 10)), token] = 2
        pieces.append(piece)
    frames = np.concatenate(pieces)
    return (frames + rng.normal(size=frames.shape) * 0.3).astype(np.float16)


def sides(count: int, seed: int) -> tuple[Side, Side]:
    rng = np.random.default_rng(seed)
    tokens = [rng.integers(4, VOCABULARY, size=rng.integers(1, 6)).astype(np.int32) for _ in range(count)]
    source = Side(SimpleNamespace(dim=BANDS), Sequences.of([spoken(t, rng) for t in tokens]))
    return source, Side(Vocabulary(), Sequences.of(tokens))


def data(train: tuple[Side, Side], dev: tuple[Side, Side]) -> Data:
    return Data({"train": train[0], "dev": dev[0]}, {"train": train[1], "dev": dev[1]})


SMALL = Config(
    d_model=32, heads=2, ffn=64, dropout=0.0, channels=32, kernel=3, encoder_layers=1, decoder_layers=1, subsampling=4
)
BRIEFLY = Train(
    epochs=16, batch=800, lr=5e-3, warmup=40, time_masks=1, time_mask=5, frequency_masks=0, label_smoothing=0.0,
    precision="float32",
)  # fmt: skip


def small(**options: Any) -> SpeechTransformer:
    torch.manual_seed(0)
    return SpeechTransformer(SMALL.model_copy(update=options), BANDS, VOCABULARY, ctc=0.3).eval()


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> SpeechTransformer:
    work = tmp_path_factory.mktemp("speech") / "work"
    given = data(sides(400, seed=1), sides(20, seed=2))
    model, history = speech_transformer.fit(data=given, config=SMALL, options=BRIEFLY, needs=(), work=work)
    assert history[-1]["dev_loss"] < history[0]["dev_loss"] / 4
    return model


@pytest.mark.parametrize(("beam_size", "ctc"), [(1, 0.0), (4, 0.0), (4, 0.5)])
def test_it_learns_to_copy(copier: SpeechTransformer, beam_size: int, ctc: float) -> None:
    source, target = sides(40, seed=3)
    options = steps.Decode(beam_size=beam_size, ctc=ctc)
    found = steps.decode(model=copier, source=source, target=target.codec, options=options)
    right = [best.tokens == target.sequences[i].tolist() and best.finished for i, (best, *_) in enumerate(found)]
    assert sum(right) >= (36 if ctc else 26)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("kernel", [0, 3])
def test_a_step_of_the_search_sees_what_training_saw(norm: str, kernel: int) -> None:
    model = small(norm=norm, kernel=kernel)
    sequences = Sequences.of([np.random.default_rng(i).normal(size=(n, BANDS)) for i, n in enumerate((50, 21))])
    before = torch.tensor([[BEGIN, 8, 9, 4], [BEGIN, 5, 5, 6]])
    state, lengths = model.begin(sequences, np.arange(2), beam_size=1)
    assert lengths.tolist() == [13, 6]
    frames, counts = speech_transformer.frames_of(*sequences.padded(np.arange(2)))
    memory, bias, _ = model.encode(frames, counts)
    whole = model.output(model.hidden(memory, bias, before))
    for t in range(before.shape[1]):
        logits, state, attention = model.step(before[:, t], state)
        torch.testing.assert_close(logits, whole[:, t], atol=1e-5, rtol=1e-5)
        assert attention[1, 6:].max() == 0  # padding is not seen


def test_padding_and_neighbours_change_nothing() -> None:
    model = small()
    frames = torch.randn(2, 64, BANDS)
    alone, _, steps_alone = model.encode(frames[:1, :22], torch.tensor([22]))
    beside, _, both = model.encode(frames, torch.tensor([22, 64]))
    assert (steps_alone.tolist(), both.tolist()) == ([6], [6, 16])
    torch.testing.assert_close(beside[0, :6], alone[0], atol=1e-5, rtol=0)


def test_the_loss_is_both_tasks_in_their_shares() -> None:
    model = small()
    tokens = torch.tensor([[4, 5, 5], [6, PAD, PAD]])
    batch = {
        "frames": torch.randn(2, 40, BANDS),
        "lengths": torch.tensor([40, 20]),
        "texts": torch.tensor([3, 1]),
        "before": torch.cat([torch.full((2, 1), BEGIN), tokens], dim=1),
        "after": torch.tensor([[4, 5, 5, END], [6, END, PAD, PAD]]),
    }
    loss, count = model(batch)
    memory, bias, lengths = model.encode(batch["frames"], batch["lengths"])
    logits = model.output(model.hidden(memory, bias, batch["before"]))
    written = F.cross_entropy(logits.flatten(0, 1), batch["after"].flatten(), ignore_index=PAD, reduction="sum")
    log_probs = model.heard(memory).log_softmax(dim=2).transpose(0, 1)
    heard = F.ctc_loss(log_probs, tokens, lengths, batch["texts"], blank=PAD, reduction="sum")
    assert count == 6
    torch.testing.assert_close(loss, 0.7 * written + 0.3 * heard, rtol=1e-4, atol=1e-3)


def test_without_the_share_of_ctc_there_is_none() -> None:
    model = SpeechTransformer(SMALL, BANDS, VOCABULARY, ctc=0.0).eval()
    assert not any("heard" in name for name, _ in model.named_parameters())
    source, target = sides(2, seed=9)
    with pytest.raises(Problem, match="has learnt no CTC"):
        list(steps.decode(model=model, source=source, target=target.codec, options=steps.Decode(ctc=0.5)))


def test_a_text_too_long_for_its_audio_and_audio_without_frames_have_a_loss() -> None:
    model = small()
    batch = {
        "frames": torch.zeros(2, 32, BANDS),
        "lengths": torch.tensor([4, 0]),
        "texts": torch.tensor([3, 1]),
        "before": torch.tensor([[BEGIN, 4, 5, 6], [BEGIN, 4, PAD, PAD]]),
        "after": torch.tensor([[4, 5, 6, END], [4, END, PAD, PAD]]),
    }
    loss, _ = model(batch)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_silence_and_next_to_no_audio_decode(copier: SpeechTransformer) -> None:
    shapes = (0, 1, 2, 400)
    source = Side(SimpleNamespace(dim=BANDS), Sequences.of([np.zeros((t, BANDS), np.float32) for t in shapes]))
    for ctc in (0.0, 0.5):
        options = steps.Decode(ctc=ctc)
        found = list(steps.decode(model=copier, source=source, target=Vocabulary(), options=options))
        assert len(found) == 4
        assert all(np.isfinite(n_best[0].score) for n_best in found)


def test_training_again_gives_the_same_weights_bit_for_bit(tmp_path: Path) -> None:
    given = data(sides(30, seed=6), sides(5, seed=7))
    options = BRIEFLY.model_copy(update={"epochs": 2, "precision": "auto"})
    config = SMALL.model_copy(update={"dropout": 0.2})
    first, second = (
        speech_transformer.fit(data=given, config=config, options=options, needs=(), work=tmp_path / name)[0]
        for name in ("first", "second")
    )
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


class TestTakingAnEncoder:
    def folder(self, model: SpeechTransformer, place: Path, kind: str = "speech_transformer") -> Path:
        place.mkdir()
        speech_transformer.save(model, place)
        write_json(place / "system.json", {"kind": kind})
        return place

    def test_it_comes_over_whole_and_nothing_else_does(self, copier: SpeechTransformer, tmp_path: Path) -> None:
        other = SpeechTransformer(SMALL, BANDS, VOCABULARY + 3)
        table = other.target_table.weight.clone()
        speech_transformer.take_encoder(other, self.folder(copier, tmp_path / "asr"))
        frames, lengths = torch.randn(1, 30, BANDS), torch.tensor([30])
        assert torch.equal(other.eval().encode(frames, lengths)[0], copier.encode(frames, lengths)[0])
        assert torch.equal(other.target_table.weight, table)

    def test_one_of_another_size_or_make_is_refused(self, copier: SpeechTransformer, tmp_path: Path) -> None:
        wider = SpeechTransformer(SMALL.model_copy(update={"encoder_layers": 2}), BANDS, VOCABULARY)
        with pytest.raises(Problem, match="asr has encoder_layers 1, this model 2"):
            speech_transformer.take_encoder(wider, self.folder(copier, tmp_path / "asr"))
        with pytest.raises(Problem, match="tagger is a hmm"):
            speech_transformer.take_encoder(wider, self.folder(copier, tmp_path / "tagger", "hmm"))


def test_options_that_cannot_be() -> None:
    with pytest.raises(Problem, match="d_model: 30 is not divided by its 4 heads"):
        configure(Config, {"d_model": 30}, "systems.st.model")
    with pytest.raises(Problem, match=r"systems\.st\.model\.subsampling"):
        configure(Config, {"subsampling": 3}, "systems.st.model")
    with pytest.raises(Problem, match=r"systems\.st\.train\.ctc"):
        configure(Train, {"ctc": 2}, "systems.st.train")
    with pytest.raises(Problem, match="kernel: 4 is even"):
        configure(Config, {"kernel": 4}, "systems.st.model")
