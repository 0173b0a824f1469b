"""A language model learns what follows what; its steps say what its whole pass says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.data import BEGIN, END, PAD, Data, Side
from pipeline.models import lm
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.sequences import Sequences

VOCABULARY = 9  # ids 4 to 8 are tokens
BODIES = ("lstm", "transformer")


class Vocabulary:
    def __len__(self) -> int:
        return VOCABULARY


def counting(count: int, seed: int) -> list[np.ndarray]:
    """Texts that count upwards and round from 8 to 4, of 0 to 9 tokens."""
    rng = np.random.default_rng(seed)
    return [
        (4 + (rng.integers(5) + np.arange(length)) % 5).astype(np.int32) for length in rng.integers(0, 10, size=count)
    ]


def side(texts: list[np.ndarray], field: str = "ms") -> Side:
    return Side(Vocabulary(), Sequences.of(texts), field=field)


def given(source: str = "ms") -> Data:
    train, dev = counting(300, seed=1), counting(30, seed=2)
    return Data({"train": side(train, source), "dev": side(dev, source)}, {"train": side(train), "dev": side(dev)})


def config(body: str) -> lm.Config:
    return configure(lm.Config, {"body": body, "hidden": 32, "layers": 2, "dropout": 0.0}, "model")


@pytest.fixture(scope="module", params=BODIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> lm.LanguageModel:
    options = configure(lm.Train, {"epochs": 12, "batch": 200, "lr": 1e-2, "warmup": 10, "precision": "float32"}, "t")
    work = tmp_path_factory.mktemp("lm") / "work"
    found, history = lm.fit(data=given(), config=config(request.param), options=options, needs=(), work=work)
    # Free are where to begin (log 5) and after how many tokens to end (log 10), of 5.5 tokens: 0.7 each at the least.
    assert history[-1]["dev_loss"] < 0.8 < history[0]["dev_loss"]
    return found


def test_counting_is_likelier_than_not(model: lm.LanguageModel) -> None:
    texts = Sequences.of([np.array(t, dtype=np.int32) for t in ([5, 6, 7, 8, 4], [5, 6, 8, 7, 4], [5, 5, 5, 5, 5])])
    upwards, *others = lm.score(model, texts, batch=100)
    assert upwards > max(others) + 3


def test_an_empty_text_is_as_likely_as_an_end_at_once(model: lm.LanguageModel) -> None:
    with torch.inference_mode():
        logits, _ = model.step(torch.tensor([BEGIN]), model.start(1))
    [score] = lm.score(model, Sequences.of([np.array([], dtype=np.int32)]), batch=100)
    assert score == pytest.approx(logits[0].log_softmax(dim=0)[END].item(), abs=1e-4)
    assert lm.score(model, Sequences.of([]), batch=100).shape == (0,)


def test_steps_say_what_the_whole_pass_says_whatever_the_rows_beside(model: lm.LanguageModel) -> None:
    """Rows begin at different times, as in a search over CTC: each is moved, copied and lengthened by itself."""
    texts = [t for t in counting(12, seed=5) if len(t)]
    expected = lm.score(model, Sequences.of(texts), batch=40)
    with torch.inference_mode():
        state = model.start(len(texts))
        total, last = torch.zeros(len(texts)), torch.full((len(texts),), BEGIN)
        alive = torch.arange(len(texts))
        for t in range(max(map(len, texts)) + 1):
            logits, state = model.step(last, state)
            following = torch.tensor([int(texts[i][t]) if t < len(texts[i]) else END for i in alive])
            total[alive] += logits.log_softmax(dim=1).gather(1, following[:, None])[:, 0]
            going = (following != END).nonzero()[:, 0].flip(0)  # the rows change their order, too
            state, last, alive = state.select(going), following[going], alive[going]
    np.testing.assert_allclose(total.numpy(), expected, atol=1e-3)


def test_rows_of_different_lengths_step_together(model: lm.LanguageModel) -> None:
    with torch.inference_mode():
        _, short = model.step(torch.tensor([BEGIN]), model.start(1))
        _, long = model.step(torch.tensor([5]), short)
        alone, _ = model.step(torch.tensor([6]), long)
        # The short row beside the long one: a search writes rows over rows, where the room for the past may differ.
        both = model.start(2)
        for name, tensor in long.prefix.items():
            if tensor.dim() > 1 and tensor.shape[1] > both.prefix[name].shape[1]:
                both.prefix[name] = tensor.new_zeros(2, *tensor.shape[1:])
            both.prefix[name][0] = tensor[0]
        together, _ = model.step(torch.tensor([6, BEGIN]), both)
        fresh, _ = model.step(torch.tensor([BEGIN]), model.start(1))
    torch.testing.assert_close(together, torch.cat([alone, fresh]), atol=1e-4, rtol=1e-4)


def test_decoding_gives_the_texts_back_in_order_whatever_the_batch(model: lm.LanguageModel) -> None:
    texts = side(counting(15, seed=7))
    found = [
        [
            (one.tokens, round(one.score, 3), one.finished)
            for [one] in lm.decode(
                model=model, source=texts, target=texts.codec, options=configure(lm.Decode, {"batch": batch}, "d")
            )
        ]
        for batch in (1, 8192)
    ]
    assert found[0] == found[1]
    assert [tokens for tokens, *_ in found[0]] == [texts.sequences[i].tolist() for i in range(15)]


def test_it_is_the_same_after_saving(model: lm.LanguageModel, tmp_path: Path) -> None:
    lm.save(model, tmp_path)
    texts = Sequences.of(counting(5, seed=8))
    np.testing.assert_array_equal(lm.score(lm.load(tmp_path), texts, 100), lm.score(model, texts, 100))


@pytest.mark.parametrize("body", BODIES)
def test_padding_and_batching_change_no_loss(body: str) -> None:
    torch.manual_seed(1)
    model = lm.LanguageModel(config(body), VOCABULARY).eval()
    after = torch.tensor([[5, 6, END, PAD, PAD], [7, END, PAD, PAD, PAD]])
    before = torch.tensor([[BEGIN, 5, 6, END, PAD], [BEGIN, 7, END, PAD, PAD]])
    both, count = model({"before": before, "after": after})
    each = [model({"before": before[i : i + 1, :3], "after": after[i : i + 1, :3]})[0] for i in range(2)]
    assert int(count) == 5
    torch.testing.assert_close(both, sum(each))
    torch.testing.assert_close(model.log_probs(after).sum().float(), -both)


def test_two_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="name the same tokens as both"):
        options = configure(lm.Train, {}, "train")
        lm.fit(data=given("en"), config=config("lstm"), options=options, needs=(), work=tmp_path)


def test_heads_must_divide() -> None:
    with pytest.raises(Problem, match="multiple of the 3 heads"):
        configure(lm.Config, {"body": "transformer", "hidden": 32, "heads": 3}, "model")
