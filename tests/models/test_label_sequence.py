"""Labels written one after another: none twice, in any order, with what a bag of words cannot tell."""

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import BEGIN, END, UNKNOWN, Data
from pipeline.models import binary_relevance, label_sequence
from pipeline.models.label_sequence import Config, Decode, Network, Train
from pipeline.models.labels import FIRST
from pipeline.problems import Problem
from tests.models.sides import side

TOPICS, NOT, WORDS = 3, 7, 14


def told(count: int, seed: int) -> tuple[list[list[int]], list[list[int]]]:
    """Deeds of two topics, one of which is denied by the word before it, or none; other words between."""
    rng = np.random.default_rng(seed)
    texts, found = [], []
    for _ in range(count):
        first, second = rng.permutation(TOPICS)[:2]
        denied = rng.integers(0, 2)
        deeds = [[4 + first], [4 + second]]
        if denied:
            deeds[1] = [NOT, *deeds[1]]
        order = rng.permutation(2)
        filler = rng.integers(NOT + 1, WORDS, (2, 2)).tolist()
        texts.append([*deeds[order[0]], *filler[0], *deeds[order[1]], *filler[1]])
        found.append(sorted(FIRST + int(topic) for topic in ([first] if denied else [first, second])))
    return texts, found


def both(count: int = 400) -> Data:
    train, dev = told(count, 1), told(100, 2)
    return Data(
        source={"train": side(train[0], WORDS), "dev": side(dev[0], WORDS)},
        target={"train": side(train[1], TOPICS + FIRST), "dev": side(dev[1], TOPICS + FIRST)},
    )


def answers(model: Network, rows: Any, **options: Any) -> list[list[Any]]:
    chosen = Decode.model_validate(options)
    return list(label_sequence.decode(model=model, source=side(rows, WORDS), target=None, options=chosen))


@pytest.mark.parametrize("order", ["frequency", "free"])
def test_it_reads_what_a_bag_cannot_tell(order: str, tmp_path: Path) -> None:
    data = both()
    given = {"epochs": 6, "batch": 200, "lr": 0.02, "schedule": "linear", "warmup": 10, "precision": "float32"}
    config = Config.model_validate({"order": order, "hidden": 24, "embedding": 16, "reads": 20, "dropout": 0.0})
    model, history = label_sequence.fit(
        data=data, config=config, options=Train.model_validate(given), needs=(), work=tmp_path / "work"
    )
    texts, truth = told(100, 3)
    found = answers(model, texts)
    assert np.mean([best.tokens == right for [best], right in zip(found, truth, strict=True)]) > 0.9
    assert history[-1]["dev_loss"] < history[0]["dev_loss"]

    bags, _ = binary_relevance.fit(
        data=data,
        config=binary_relevance.Config.model_validate({}),
        options=binary_relevance.Train.model_validate({}),
        needs=(),
        work=tmp_path,
    )
    said = binary_relevance.decode(
        model=bags, source=side(texts, WORDS), target=None, options=binary_relevance.Decode.model_validate({})
    )
    assert np.mean([best.tokens == right for [best], right in zip(said, truth, strict=True)]) < 0.8

    label_sequence.save(model, tmp_path)
    again = answers(label_sequence.load(tmp_path), texts)
    assert [(best.tokens, best.score) for [best] in found] == [(best.tokens, best.score) for [best] in again]
    assert all(np.array_equal(a.marginals, b.marginals) for [a], [b] in zip(found, again, strict=True))


def random_model(**config: Any) -> Network:
    torch.manual_seed(3)
    model = Network(Config.model_validate({"hidden": 8, "embedding": 6, **config}), WORDS, TOPICS + FIRST).eval()
    model.weights.normal_()
    model.bias.normal_()
    model.rarity.fill_(1)
    return model


@pytest.mark.parametrize("empty", [False, True])
def test_a_set_is_as_likely_as_all_its_orders_together(empty: bool) -> None:
    """Against every sequence there is, with a beam that holds them all."""
    model = random_model(empty=empty, reads=5)
    text = [4, 9, 5]
    [found] = answers(model, [text], beam_size=32, n_best=8)
    sets: dict[tuple[int, ...], float] = {}
    for length in range(TOPICS + 1):
        for labels in permutations(range(FIRST, FIRST + TOPICS), length):
            with torch.inference_mode():
                state, _ = model.begin(side([text], WORDS).sequences, np.array([0]), 1)
                score, before = 0.0, BEGIN
                for token in (*labels, END):
                    logits, state, _ = model.step(torch.tensor([before]), state)
                    score += float(logits.log_softmax(dim=1)[0, token])
                    before = token
            if np.isfinite(score):
                key = tuple(sorted(labels))
                sets[key] = float(np.logaddexp(sets.get(key, -np.inf), score))
    expected = sorted(sets.items(), key=lambda item: -item[1])[:8]
    assert len(sets) == 2**TOPICS - (not empty)
    assert [tuple(one.tokens) for one in found] == [labels for labels, _ in expected]
    assert [one.score for one in found] == pytest.approx([score for _, score in expected], abs=1e-4)
    likely = [sum(np.exp(score) for labels, score in sets.items() if FIRST + i in labels) for i in range(TOPICS)]
    assert found[0].marginals[0, FIRST:] == pytest.approx(likely, abs=1e-4)


def test_the_loss_of_any_order_is_by_hand() -> None:
    model = random_model(order="free")
    batch = {"odds": torch.tensor([[1.0, -1.0, 0.5]]), "labels": torch.tensor([[FIRST, FIRST + 2]])}
    with torch.inference_mode():
        total, count = model(batch)
        state = model.encode(batch, 1)
        logits, state, _ = model.step(torch.tensor([BEGIN]), state)
        p = logits.softmax(dim=1)[0]
        expected = -(p[FIRST] + p[FIRST + 2]).log()
        first, other = (FIRST, FIRST + 2) if p[FIRST] > p[FIRST + 2] else (FIRST + 2, FIRST)
        for before, right in ((first, other), (other, END)):
            logits, state, _ = model.step(torch.tensor([before]), state)
            expected -= logits.log_softmax(dim=1)[0, right]
    assert float(total) == pytest.approx(float(expected), abs=1e-5) and int(count) == 3


def test_by_frequency_the_first_label_is_due_first() -> None:
    batch = {"odds": torch.zeros(1, TOPICS), "labels": torch.tensor([[FIRST, FIRST + 2]])}
    free, ordered = random_model(order="free"), random_model(order="frequency")
    with torch.inference_mode():
        assert float(ordered(batch)[0]) > float(free(batch)[0])


def test_all_labels_and_none_can_be_written() -> None:
    batch = {"odds": torch.zeros(2, TOPICS), "labels": torch.tensor([[4, 5, 6], [0, 0, 0]])}
    for empty, steps in ((True, 5), (False, 4)):  # where a text must have a label, one without teaches nothing
        model = random_model(empty=empty).train()
        total, count = model(batch)
        total.backward()
        assert int(count) == steps and torch.isfinite(total)
        assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_a_text_is_answered_alike_alone_and_among_others() -> None:
    model = random_model(reads=30)
    texts = [[4, 5, 6, 9, 8], [], [4], [UNKNOWN] * 5000]
    for text, together in zip(texts, answers(model, texts, n_best=3), strict=True):
        [alone] = answers(model, [text], n_best=3)
        assert [one.tokens for one in together] == [one.tokens for one in alone]
        assert [one.score for one in together] == pytest.approx([one.score for one in alone], abs=1e-4)


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(ValueError, match="hidden: 7 is odd"):
        Config.model_validate({"hidden": 7})
    with pytest.raises(ValueError, match="n_best: 9 needs a beam_size"):
        Decode.model_validate({"n_best": 9})
    data = both(20)
    one = {split: side([[FIRST]] * len(s.sequences), FIRST + 1) for split, s in data.source.items()}
    with pytest.raises(Problem, match="train has 1 label"):
        label_sequence.fit(
            data=Data(data.source, one), config=Config(), options=Train.model_validate({}), needs=(), work=Path("none")
        )
