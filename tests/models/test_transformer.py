"""The Transformer learns to reverse; a step of the search sees what training saw."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.models import transformer
from pipeline.problems import Problem
from pipeline.search import steps
from pipeline.sequences import Sequences
from pipeline.tokens import sentencepiece


class Letters:
    """A vocabulary of 12 ids."""

    def __len__(self) -> int:
        return 12


def side(rows: list[np.ndarray]) -> Side:
    return Side(codec=Letters(), sequences=Sequences.of(rows))


def reversal(count: int, seed: int) -> tuple[Side, Side]:
    rng = np.random.default_rng(seed)
    rows = [rng.integers(4, 12, size=rng.integers(1, 6)).astype(np.int32) for _ in range(count)]
    return side(rows), side([row[::-1].copy() for row in rows])


def small_model(**options: Any) -> transformer.Transformer:
    torch.manual_seed(0)
    config = transformer.Config(**({"d_model": 16, "heads": 2, "layers": 2, "ffn": 32, "dropout": 0.0} | options))
    return transformer.Transformer(config, 12, 12).eval()


SORTS: list[dict[str, Any]] = [
    {"norm": "pre"},
    {"norm": "post"},
    {"norm": "pre", "normaliser": "power"},
    {"norm": "post", "positions": "relative"},
]


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: "-".join(sort.values()))
def test_learns_to_reverse(sort: dict[str, Any], tmp_path: Path) -> None:
    source, target = reversal(2000, seed=0)
    dev_source, dev_target = reversal(50, seed=1)
    model, history = transformer.fit(
        data=Data({"train": source, "dev": dev_source}, {"train": target, "dev": dev_target}),
        config=transformer.Config(d_model=32, heads=2, layers=1, ffn=64, dropout=0.0, **sort),
        options=transformer.Train(
            epochs=14, batch=128, lr=2e-3, warmup=100, precision="float32", label_smoothing=0.0, average=3
        ),
        needs=(),
        work=tmp_path / "work",
    )
    assert history[-1]["dev_loss"] < 0.2
    found = steps.decode(model=model, source=dev_source, target=Letters(), options=steps.Decode(beam_size=2))
    right = [n[0].tokens == list(dev_target.sequences[i]) for i, n in enumerate(found)]
    assert np.mean(right) > 0.85
    transformer.save(model, tmp_path)
    again = transformer.load(tmp_path)
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: "-".join(sort.values()))
def test_incremental_steps_equal_the_whole_prefix(sort: dict[str, Any]) -> None:
    model = small_model(**sort)
    source = torch.tensor([[4, 5, 6, 3], [7, 3, 0, 0]])
    before = torch.tensor([[2, 8, 9, 4], [2, 5, 5, 6]])
    whole = model.output(model.hidden(*model.encode(source), before))
    state = model.start(*model.encode(source), beam_size=1)
    for t in range(before.shape[1]):
        logits, state, attention = model.step(before[:, t], state)
        torch.testing.assert_close(logits, whole[:, t], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(attention.sum(dim=1), torch.ones(2))
        assert attention[1, 2:].max() == 0  # padding is not seen


def test_padding_changes_nothing() -> None:
    model = small_model()
    alone = model.hidden(*model.encode(torch.tensor([[7, 3]])), torch.tensor([[2, 5]]))
    beside = model.hidden(*model.encode(torch.tensor([[7, 3, 0], [4, 5, 3]])), torch.tensor([[2, 5], [2, 4]]))
    torch.testing.assert_close(alone[0], beside[0])


def test_longer_than_any_sentence_before() -> None:
    model = small_model()
    long = side([np.full(2000, 5, dtype=np.int32), np.zeros(0, dtype=np.int32)])
    options = steps.Decode(beam_size=2, max_ratio=0.01)
    found = list(steps.decode(model=model, source=long, target=Letters(), options=options))
    assert [len(n_best) for n_best in found] == [1, 1]
    assert all(len(n[0].tokens) <= 30 for n in found)


def test_tied_tables_need_one_vocabulary() -> None:
    with pytest.raises(Problem, match="the source has 10 tokens, the target 12"):
        transformer.Transformer(transformer.Config(), 10, 12)


def test_scheduled_sampling_shows_the_decoder_its_own_tokens() -> None:
    model = small_model().train()
    batch = {
        "source": torch.tensor([[4, 5, 3]]),
        "before": torch.tensor([[2, 8, 9]]),
        "after": torch.tensor([[8, 9, 3]]),
    }
    own = {"sampled": torch.tensor([[False, True, True]]), "draws": torch.full((1, 3), 0.5)}
    right, _ = model(batch)
    sampled, count = model(batch | own)
    none, _ = model(batch | own | {"sampled": torch.zeros(1, 3, dtype=torch.bool)})
    assert sampled != right and none == right and count == 3


def test_bpe_dropout_splits_training_texts_anew_in_each_epoch_and_dev_never() -> None:
    texts = ["ab ab", "abab"] * 3
    codec = sentencepiece.Codec.fit(
        {"x": ["ab abab"] * 20}, field="x", config=sentencepiece.Config(vocab_size=9, model_type="bpe")
    )
    read = Side(codec, Sequences.of([codec.encode(text) for text in texts]), typed=tuple(texts))
    options = transformer.Train(bpe_dropout=0.5, batch=1000)
    rows = np.arange(len(texts))
    learnt, plain = (transformer.batches(read, read, options, learnt=learnt) for learnt in (True, False))
    assert not torch.equal(learnt.collate(rows, 0)["source"], learnt.collate(rows, 1)["source"])
    assert torch.equal(learnt.collate(rows, 1)["after"], learnt.collate(rows, 1)["after"])
    assert torch.equal(plain.collate(rows, 0)["source"], plain.collate(rows, 1)["source"])
