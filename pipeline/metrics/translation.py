"""References and hypotheses → BLEU (Papineni et al. 2002) and chrF (Popović 2015), by sacrebleu with its signature.

`bleu` compares detokenised text under the tokenizer 13a; `bleu_zh`, `bleu_char`, `bleu_intl` under another one.
`bleu_tokenised` compares texts as the corpus was tokenised, to stand beside papers. The two are never compared.
"""

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from pipeline.metrics import baselines
from pipeline.metrics.metric import Metric, Output, Scores

TOKENIZERS = ("zh", "char", "intl")


def bleu(name: str = "bleu", tokenizer: str = "13a", lowercase: bool = False) -> Metric:
    """`lowercase` where the system writes lower case alone: both sides are lower-cased, and the signature says so."""
    return _metric(name, BLEU(tokenize=tokenizer, lowercase=lowercase))


def bleu_tokenised(lowercase: bool = False) -> Metric:
    """Tokens as they are: `force` because sacrebleu rightly warns whoever scores tokenised text by mistake."""
    return _metric("bleu_tokenised", BLEU(tokenize="none", force=True, lowercase=lowercase), tokenised=True)


def chrf(lowercase: bool = False) -> Metric:
    return _metric("chrf", CHRF(lowercase=lowercase))


def _metric(name: str, scorer: BLEU | CHRF, tokenised: bool = False) -> Metric:
    # sacrebleu's own bootstrap takes the statistics of a sentence and the score of their sums from these two functions.
    # They have no public name; requirements.lock pins the version.
    def statistics(output: Output) -> np.ndarray:
        found = scorer._extract_corpus_statistics(output.hypotheses, [output.references])
        return np.array(found, dtype=np.int64)

    def scores(sums: np.ndarray) -> Scores:
        rows = sums.reshape(-1, sums.shape[-1]).astype(int).tolist()
        values = [scorer._compute_score_from_stats(row).score for row in rows]
        return {name: np.array(values).reshape(sums.shape[:-1])}

    def signature() -> str:
        return str(scorer.get_signature())

    return Metric(statistics, scores, baselines.copy, signature=signature, tokenised=tokenised)
