"""Perplexity on worked examples."""

import math

import numpy as np
import pytest

from pipeline.metrics.metric import Output, Training
from pipeline.metrics.perplexity import output_perplexity, perplexity, unigrams


def scores(output: Output) -> dict[str, float]:
    metric = perplexity()
    return {name: float(value) for name, value in metric.scores(metric.statistics(output).sum(axis=0)).items()}


def test_a_coin_at_each_token_is_a_perplexity_of_two() -> None:
    texts, tokens = ["ab", "abcd"], [np.array([4, 5]), np.array([4, 5, 6, 7])]
    found = scores(Output(texts, tokens, [3 * math.log(0.5), 5 * math.log(0.5)]))
    assert found == {"perplexity": pytest.approx(2.0), "bits_per_character": pytest.approx(1.0)}


def test_it_is_of_the_whole_corpus_and_no_mean_of_texts() -> None:
    found = scores(Output(["", "abc"], [[], [4, 5, 6]], [math.log(1 / 32), 0.0]))
    assert found["perplexity"] == pytest.approx(2.0)  # 5 bits over 5 tokens, the two ends among them


def test_longer_tokens_change_the_perplexity_but_not_the_bits_per_character() -> None:
    letters = scores(Output(["abcd"], [[4, 5, 6, 7]], [-3.0]))
    words = scores(Output(["abcd"], [[9]], [-3.0]))
    assert words["perplexity"] > letters["perplexity"]
    assert words["bits_per_character"] == letters["bits_per_character"]


def test_unigrams_by_hand() -> None:
    """a twice, b once, the end twice; each with one more, and one for what was never seen: of 3 + 2 + 3 + 1 = 9."""
    training = Training([], [[4, 4], [5]])
    found = unigrams(training, [[4], [5, 6], []])
    expected = [3 / 9 * 3 / 9, 2 / 9 * 1 / 9 * 3 / 9, 3 / 9]
    assert found == pytest.approx([math.log(p) for p in expected])


def test_it_asks_for_systems_that_score_their_own_source() -> None:
    fits = perplexity().fits
    assert fits("ada", "ada") and fits(["a"], ["a"])
    assert not fits("ada", "there is") and not fits(None, "ada")


def test_how_sure_outputs_are_is_weighed_by_their_tokens() -> None:
    metric = output_perplexity()
    outputs = Output([None, None], [[5, 6, 7], []], [math.log(0.5), math.log(0.1)])  # log P a token; END counts
    found = metric.scores(metric.statistics(outputs).sum(axis=0))
    assert float(found["output_perplexity"]) == pytest.approx((2**4 * 10) ** (1 / 5))
