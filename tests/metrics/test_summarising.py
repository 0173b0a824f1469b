"""ROUGE by hand, and the sentence that a text begins with."""

import numpy as np
import pytest

from pipeline.metrics.baselines import lead
from pipeline.metrics.metric import Output, Training
from pipeline.metrics.summarising import rouge


def scores(pairs: list[tuple[str, str]]) -> dict[str, float]:
    """(reference, hypothesis) → rounded scores."""
    metric = rouge()
    references, hypotheses = zip(*pairs, strict=True)
    sums = metric.statistics(Output([""] * len(pairs), list(references), list(hypotheses))).sum(axis=0)
    return {name: round(float(value), 2) for name, value in metric.scores(sums).items()}


def test_scores_by_hand() -> None:
    # Words: 3 of 3 right, 3 of 4 found. Pairs of words: `cat sat` alone. In order: the cat sat; or sat.
    assert scores([("the black cat sat", "The cat sat.")]) == {
        "rouge_1": pytest.approx(100 * 6 / 7, abs=0.01),
        "rouge_2": pytest.approx(100 * 2 / 5, abs=0.01),
        "rouge_l": pytest.approx(100 * 6 / 7, abs=0.01),
    }
    assert scores([("a b c", "c b a")])["rouge_l"] == 33.33
    assert scores([("the cats are running", "the cat is run")])["rouge_1"] == 75.0  # stems


def test_the_best_of_several_references_counts_and_the_mean_is_over_texts() -> None:
    assert scores([("dogs bark\nthe cat sat\nx", "the cat sat")])["rouge_1"] == 100.0
    assert scores([("the cat sat", "the cat sat"), ("dogs bark", "the cat sat")])["rouge_1"] == 50.0


@pytest.mark.parametrize(("reference", "hypothesis"), [("", ""), ("", "a"), ("a", ""), ("。", "。"), ("a", "\n")])
def test_nothing_in_common_is_0_not_undefined(reference: str, hypothesis: str) -> None:
    assert scores([(reference, hypothesis)]) == {"rouge_1": 0.0, "rouge_2": 0.0, "rouge_l": 0.0}


def test_a_signature_tells_how_it_was_counted() -> None:
    metric = rouge()
    assert metric.signature is not None
    assert metric.signature().startswith("rouge-score:")
    assert np.isnan(metric.scores(np.zeros(4))["rouge_1"])


def test_the_trivial_summary_is_the_first_sentence() -> None:
    texts = ["Dia pergi. Dia pulang.", "  Siapa itu? Ali!", "tiada noktah", "", "v1.2 is out. Yes."]
    assert lead(Training([], []), texts) == ["Dia pergi.", "Siapa itu?", "tiada noktah", "", "v1.2 is out."]
