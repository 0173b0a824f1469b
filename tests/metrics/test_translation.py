import pytest
import sacrebleu

from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Output

REFERENCES = ["The cat sat on the mat, again.", "I do not know what you mean.", "他今天去医院了。"]
HYPOTHESES = ["The cat sat on a mat again.", "I do not know what he means.", "她今天去了医院。"]


def score(name, references, hypotheses, **options):
    metric = find(name, **options)
    statistics = metric.statistics(Output([], references, hypotheses))
    return float(metric.scores(statistics.sum(axis=0))[name]), metric.signature()


def test_bleu_is_sacrebleus_13a():
    value, signature = score("bleu", REFERENCES, HYPOTHESES)
    assert value == pytest.approx(sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score)
    assert "tok:13a" in signature
    assert "case:mixed" in signature
    assert f"version:{sacrebleu.__version__}" in signature


@pytest.mark.parametrize("tokenizer", ["zh", "char", "intl"])
def test_bleu_under_another_tokenizer(tokenizer):
    value, signature = score(f"bleu_{tokenizer}", REFERENCES, HYPOTHESES)
    assert value == pytest.approx(sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES], tokenize=tokenizer).score)
    assert f"tok:{tokenizer}" in signature


def test_chrf_is_sacrebleus():
    value, signature = score("chrf", REFERENCES, HYPOTHESES)
    assert value == pytest.approx(sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score)
    assert "nc:6" in signature


def test_bleu_by_hand():
    # a b c d e / a b c x e: precisions 4/5, 2/4, 1/3 and, smoothed, 1/(2·2): the fourth root of their product
    value, _ = score("bleu_tokenised", ["a b c d e"], ["a b c x e"])
    assert value == pytest.approx(100 * (4 / 5 * 2 / 4 * 1 / 3 * 1 / 4) ** 0.25)


def test_a_short_output_pays_the_brevity_penalty():
    # all n-grams right, 4 tokens for 8: exp(1 - 8/4)
    value, _ = score("bleu_tokenised", ["a b c d e f g h"], ["a b c d"])
    assert value == pytest.approx(100 * 2.718281828 ** (1 - 8 / 4))


def test_a_system_of_lower_case_is_scored_so_and_says_so():
    value, signature = score("bleu", ["The Cat Sat Down Here"], ["the cat sat down here"], lowercase=True)
    assert value == pytest.approx(100)
    assert "case:lc" in signature


def test_tokens_stay_as_they_are():
    assert score("bleu_tokenised", ["don 't do that now"], ["don 't do that now"])[0] == pytest.approx(100)
    assert score("bleu_tokenised", ["don't do that now"], ["don 't do that now"])[0] < 60
    assert find("bleu_tokenised").tokenised


def test_an_empty_hypothesis_scores_nothing():
    assert score("bleu", ["a b c d"], [""])[0] == 0
    assert score("chrf", ["a b c d"], [""])[0] == 0
