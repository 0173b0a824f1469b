"""One reference and one hypothesis → how good it is, 0 to 1: what a training can be rewarded by.

Scores of a test set are functions of sums over its sentences (`pipeline.metrics.metric`); these stand for them where
each sentence must have a figure of its own. BLEU of one sentence counts no n-grams longer than the sentence (effective
order), and smooths the orders of which none is right (Chen and Cherry 2014, smoothing 3), both by sacrebleu.
"""

from collections.abc import Callable

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from pipeline.metrics.answers import word_f1
from pipeline.metrics.translation import TOKENIZERS
from pipeline.problems import Problem, nearest

Reward = Callable[[str, str], float]  # reference, hypothesis → 0 to 1


def reward(name: str) -> Reward:
    """The metric called `name`, of one sentence. Raises Problem with the nearest name if there is none."""
    tokenizers = {"bleu": "13a", "bleu_tokenised": "none", **{f"bleu_{t}": t for t in TOKENIZERS}}
    if name in tokenizers:
        scorer: BLEU | CHRF = BLEU(tokenize=tokenizers[name], effective_order=True, force=True)
    elif name == "chrf":
        scorer = CHRF()
    elif name == "f1":
        return word_f1
    else:
        raise Problem(f"there is no metric {name!r} of one sentence: {nearest(name, [*tokenizers, 'chrf', 'f1'])}")
    return lambda reference, hypothesis: scorer.sentence_score(hypothesis, [reference]).score / 100
