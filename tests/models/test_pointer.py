"""A pointer-generator copies what it has never seen said; its steps say what its whole pass says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.data import UNKNOWN, Data, Side
from pipeline.models import pointer
from pipeline.models.transformer import shifted
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.search.steps import Decode, decode
from pipeline.sequences import Sequences

VOCABULARY = 240  # ids 4 to 7 are marks, the others words
MARK, COMMON = 4, 200  # words up to COMMON occur in training, the others in test alone
BODIES = ("lstm", "transformer")


class Vocabulary:
    def __init__(self, size: int = VOCABULARY):
        self.size = size

    def __len__(self) -> int:
        return self.size

    def tokens(self, ids: range) -> list[str]:
        return [str(i) for i in ids]


def stories(count: int, seed: int, words: range) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Five words with a mark in front of two of them; what is told are those two, after a word of its own."""
    rng = np.random.default_rng(seed)
    told, summaries = [], []
    for _ in range(count):
        drawn = rng.choice(np.array(words), size=5, replace=False)
        first, second = sorted(rng.choice(5, size=2, replace=False))
        story = [t for i, word in enumerate(drawn) for t in ([MARK, word] if i in (first, second) else [word])]
        told.append(np.array(story, dtype=np.int32))
        summaries.append(np.array([5, drawn[first], drawn[second]], dtype=np.int32))
    return told, summaries


def side(texts: list[np.ndarray], size: int = VOCABULARY) -> Side:
    return Side(Vocabulary(size), Sequences.of(texts))


def given(target_size: int = VOCABULARY) -> Data:
    train, dev = stories(600, 1, range(8, COMMON)), stories(60, 2, range(8, COMMON))
    return Data(
        {"train": side(train[0]), "dev": side(dev[0])},
        {"train": side(train[1], target_size), "dev": side(dev[1], target_size)},
    )


def config(**chosen: object) -> pointer.Config:
    return configure(pointer.Config, {"hidden": 32, "ffn": 64, "dropout": 0.1, **chosen}, "model")


def made(**chosen: object) -> pointer.Pointer:
    return pointer.Pointer(config(**chosen), VOCABULARY)


def trained(work: Path, epochs: int = 12, **chosen: object) -> pointer.Pointer:
    options = {"epochs": epochs, "batch": 300, "lr": 1e-2, "warmup": 20, "precision": "float32", "schedule": "linear"}
    read = configure(pointer.Train, options, "train")
    found, _ = pointer.fit(data=given(), config=config(**chosen), options=read, needs=(), work=work / "work")
    return found


@pytest.fixture(scope="module", params=BODIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> pointer.Pointer:
    return trained(
        tmp_path_factory.mktemp("pointer"), body=request.param, coverage=request.param == "lstm", location=True
    )


def right(model: pointer.Pointer, words: range) -> float:
    told, summaries = stories(60, 3, words)
    found = decode(model=model, source=side(told), target=Vocabulary(), options=Decode(beam_size=3))  # type: ignore[arg-type]
    return float(np.mean([one.tokens == list(summary) for [one], summary in zip(found, summaries, strict=True)]))


def test_words_never_said_in_training_are_copied(model: pointer.Pointer) -> None:
    known, unknown = right(model, range(8, COMMON)), right(model, range(COMMON, VOCABULARY))
    assert min(known, unknown) > (0.6 if model.config.body == "lstm" else 0.15), (known, unknown)


def test_without_copying_they_cannot_be_said(tmp_path: Path) -> None:
    model = trained(tmp_path, copying=False, epochs=4)
    assert right(model, range(COMMON, VOCABULARY)) == 0.0


@pytest.mark.parametrize(
    "chosen", [{"copying": False}, {}, {"coverage": True}, {"location": True}, {"coverage": True, "location": True}]
)
@pytest.mark.parametrize("body", BODIES)
def test_steps_say_what_the_whole_pass_says(body: str, chosen: dict[str, bool]) -> None:
    torch.manual_seed(2)
    model = made(body=body, **chosen).eval()
    for name, weight in model.named_parameters():
        if name in ("copying.cover", "copying.follow"):
            torch.nn.init.normal_(weight)
    told, summaries = (Sequences.of(texts) for texts in stories(7, 5, range(8, COMMON)))
    rows = np.arange(7)
    batch = {"source": pointer._read(told, rows), **shifted(summaries, rows)}
    total = 0.0
    with torch.no_grad():
        loss, count = model(batch)
        state, lengths = model.begin(told, rows, 1)
        for t in range(4):
            logits, state, looked = model.step(batch["before"][:, t], state)
            total -= float(logits.log_softmax(dim=1).gather(1, batch["after"][:, t, None]).sum())
            torch.testing.assert_close(looked.sum(dim=1), torch.ones(7))
    assert total == pytest.approx(float(loss), rel=1e-4) and int(count) == 28
    assert lengths.tolist() == (told.lengths + 1).tolist()


def test_pointing_again_is_paid_for_in_training_alone() -> None:
    told, summaries = (Sequences.of(texts) for texts in stories(4, 5, range(8, COMMON)))
    batch = {"source": pointer._read(told, np.arange(4)), **shifted(summaries, np.arange(4))}
    model = made(coverage=True, dropout=0.0)
    with torch.no_grad():
        assert float(model.train()(batch)[0]) > float(model.eval()(batch)[0]) + 0.1


def test_a_loaded_model_writes_what_the_saved_one_does(model: pointer.Pointer, tmp_path: Path) -> None:
    pointer.save(model, tmp_path)
    told = side(stories(5, 7, range(8, COMMON))[0])
    options = Decode(beam_size=2)
    found, again = (
        [*decode(model=one, source=told, target=Vocabulary(), options=options)]  # type: ignore[arg-type]
        for one in (model, pointer.load(tmp_path))
    )
    assert found == again


@pytest.mark.parametrize("length", [0, 5000])
def test_a_source_of_any_length_is_decoded(model: pointer.Pointer, length: int) -> None:
    told = side([np.full(length, UNKNOWN, dtype=np.int32), np.array([8], dtype=np.int32)])
    options = Decode(beam_size=2, max_ratio=0.01)
    for [one] in decode(model=model, source=told, target=Vocabulary(), options=options):  # type: ignore[arg-type]
        assert np.isfinite(one.score)


def test_two_vocabularies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"240 in all.*241.*train one vocabulary"):
        pointer.fit(
            data=given(VOCABULARY + 1), config=pointer.Config(), options=pointer.Train(), needs=(), work=tmp_path
        )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"coverage": True, "copying": False}, "coverage and location are of what the pointer points at"),
        ({"location": True, "copying": False}, "set copying, or leave them out"),
        ({"hidden": 31}, "hidden: 31 must be even"),
        ({"hidden": 34, "body": "transformer"}, "multiple of a transformer's 4 heads"),
    ],
)
def test_options_that_do_not_go_together(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(Problem, match=told):
        configure(pointer.Config, wrong, "model")
