"""A label from a recurrent network's last state: it knows the order of words, and padding tells it nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import UNKNOWN, Data
from pipeline.models import bag_of_words, classifier
from pipeline.models.classifier import Config, Decode, Train
from pipeline.models.labels import FIRST
from tests.models.sides import side

WORDS, NOT, GOOD, BAD = 12, 9, 10, 11


def asked(count: int, seed: int) -> tuple[list[list[int]], list[list[int]]]:
    """A good and a bad deed, one of them after `not`, and other words between: the same words say yes or no."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        deeds = [[GOOD], [NOT, BAD]] if rng.random() < 0.5 else [[NOT, GOOD], [BAD]]
        labels.append([FIRST + (deeds[0] == [GOOD])])
        first, second = rng.permutation(2)
        filler = rng.integers(4, NOT, (3, 2)).tolist()
        texts.append([*filler[0], *deeds[first], *filler[1], *deeds[second], *filler[2][: rng.integers(0, 3)]])
    return texts, labels


def both() -> Data:
    train, dev = asked(500, 1), asked(100, 2)
    return Data(
        source={"train": side(train[0], WORDS), "dev": side(dev[0], WORDS)},
        target={"train": side(train[1], 2 + FIRST), "dev": side(dev[1], 2 + FIRST)},
    )


def right(found: Any, data: Data) -> float:
    labels = data.target["dev"].sequences
    return float(np.mean([hypothesis.tokens == labels[row].tolist() for row, [hypothesis] in enumerate(found)]))


def test_the_order_of_words_matters(tmp_path: Path) -> None:
    data = both()
    options = Train.model_validate({"epochs": 8, "batch": 400, "lr": 0.02, "warmup": 10, "precision": "float32"})
    config = Config.model_validate({"embedding": 16, "hidden": 24, "dropout": 0.0})
    model, _ = classifier.fit(data=data, config=config, options=options, needs=(), work=tmp_path / "work")
    source = data.source["dev"]
    assert (
        right(classifier.decode(model=model, source=source, target=None, options=Decode.model_validate({})), data)
        > 0.95
    )
    bags, _ = bag_of_words.fit(
        data=data,
        config=bag_of_words.Config.model_validate({}),
        options=bag_of_words.Train.model_validate({}),
        needs=(),
        work=tmp_path,
    )
    assert (
        right(bag_of_words.decode(model=bags, source=source, target=None, options=Decode.model_validate({})), data)
        < 0.65
    )

    classifier.save(model, tmp_path)
    again = classifier.load(tmp_path)
    texts = side([[4, NOT, GOOD, BAD], [4, GOOD, NOT, BAD]], WORDS)
    for loaded in (model, again):
        no, yes = classifier.decode(
            model=loaded, source=texts, target=None, options=Decode.model_validate({"n_best": 2})
        )
        assert (no[0].tokens, yes[0].tokens) == ([FIRST], [FIRST + 1])
        assert no[0].score > no[1].score and np.exp([one.score for one in no]).sum() == pytest.approx(1, abs=1e-5)


def test_a_text_is_answered_alike_alone_and_among_others() -> None:
    torch.manual_seed(1)
    model = classifier.Network(Config.model_validate({"embedding": 6, "hidden": 7, "layers": 2}), WORDS, 3).eval()
    texts = [[4, 5, 6, 7, 8], [], [4], [UNKNOWN] * 5000]
    together = list(
        classifier.decode(
            model=model, source=side(texts, WORDS), target=None, options=Decode.model_validate({"n_best": 3})
        )
    )
    for text, found in zip(texts, together, strict=True):
        [alone] = classifier.decode(
            model=model, source=side([text], WORDS), target=None, options=Decode.model_validate({"n_best": 3})
        )
        assert [one.tokens for one in found] == [one.tokens for one in alone]
        assert [one.score for one in found] == pytest.approx([one.score for one in alone], abs=1e-5)


def test_hidden_words_change_training_alone() -> None:
    torch.manual_seed(1)
    model = classifier.Network(
        Config.model_validate({"embedding": 6, "hidden": 7, "dropout": 0.0}), WORDS, 2, word_dropout=0.9
    )
    source = torch.tensor([[4, 5, 6, 3, 0, 0]])
    drawn = {round(model.logits(source)[0, 0].item(), 5) for _ in range(20)}
    assert len(drawn) > 1
    model.eval()
    assert torch.equal(model.logits(source), model.logits(source))
