"""What the network reads, and that it does not matter in which batch a sentence is."""

import numpy as np
import torch

from pipeline.models.spelling import NONE, RARE, Spelling
from pipeline.models.tagger import Config, Network, tensors

SENTENCES = [["the", "dog", "barks"], ["the", "dogs", "bark", "at", "the", "dog"], ["Stop"]]
SMALL = Config(words=8, letters=4, spelt=4, parts=8, shapes=4, hidden=8, layers=2)


def test_a_batch_holds_each_different_word_once() -> None:
    spelling = Spelling.of(SENTENCES)
    batch = tensors(spelling, SENTENCES)
    assert batch["lengths"].tolist() == [3, 6, 1]
    assert batch["words"].shape == (3, 8)
    assert (batch["words"][0, 3:] == NONE).all()
    assert batch["words"][0, 0] == batch["words"][1, 0] == batch["words"][1, 4]
    assert batch["types"][0, 1] == batch["types"][1, 5]
    assert len(batch["letters"]) == len(batch["parts"]) == len(batch["counts"]) == 64


def test_rare_words_are_shown_as_unknown_the_more_often_the_rarer() -> None:
    spelling = Spelling.of([["often"] * 9 + ["once"]])
    draws = np.random.default_rng(0).random(2000)
    shown = tensors(spelling, [["often", "once"] * 1000], draws, rare=1.0)["words"][0, :2000].numpy() == RARE
    assert 0.05 < shown[::2].mean() < 0.15  # 1 / (1 + 9)
    assert 0.45 < shown[1::2].mean() < 0.55  # 1 / (1 + 1)
    again = tensors(spelling, [["often", "once"] * 1000], draws, rare=1.0)["words"][0, :2000].numpy() == RARE
    assert np.array_equal(shown, again)


@torch.inference_mode()
def test_a_sentence_says_the_same_alone_and_among_longer_ones() -> None:
    torch.manual_seed(0)
    spelling = Spelling.of(SENTENCES)
    model = Network(SMALL, 5, spelling.written()).eval()
    together = model.emissions(tensors(spelling, SENTENCES))
    for row, sentence in enumerate(SENTENCES):
        alone = model.emissions(tensors(spelling, [sentence]))
        assert torch.allclose(together[row, : len(sentence)], alone[0, : len(sentence)], atol=1e-5)
