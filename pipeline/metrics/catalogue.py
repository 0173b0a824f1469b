"""A metric's name in params.yaml → the metric."""

from collections.abc import Callable
from functools import partial

from pipeline.metrics.answers import answers, support
from pipeline.metrics.behaviour import behaviour, coverage
from pipeline.metrics.calibration import calibration
from pipeline.metrics.diversity import diversity
from pipeline.metrics.error_rate import cer, wer
from pipeline.metrics.forecasting import forecasting
from pipeline.metrics.labelling import accuracy
from pipeline.metrics.labels import labels
from pipeline.metrics.metric import Metric
from pipeline.metrics.parsing import parsing
from pipeline.metrics.perplexity import output_perplexity, perplexity
from pipeline.metrics.summarising import rouge
from pipeline.metrics.synthesis import failures, mcd
from pipeline.metrics.tagging import tagging
from pipeline.metrics.translation import TOKENIZERS, bleu, bleu_tokenised, chrf
from pipeline.problems import Problem, nearest


def find(name: str, lowercase: bool = False) -> Metric:
    """The metric called `name`. `lowercase`: the system writes lower case alone, and is scored so.

    Raises Problem with the nearest name if there is none.
    """
    metrics: dict[str, Callable[[], Metric]] = {
        "wer": wer,
        "cer": cer,
        "bleu": partial(bleu, lowercase=lowercase),
        "bleu_tokenised": partial(bleu_tokenised, lowercase=lowercase),
        **{f"bleu_{t}": partial(bleu, f"bleu_{t}", tokenizer=t, lowercase=lowercase) for t in TOKENIZERS},
        "chrf": partial(chrf, lowercase=lowercase),
        "tagging": tagging,
        "parsing": parsing,
        "forecasting": forecasting,
        "accuracy": accuracy,
        "labels": labels,
        "calibration": calibration,
        "diversity": diversity,
        "perplexity": perplexity,
        "output_perplexity": output_perplexity,
        "rouge": rouge,
        "answers": answers,
        "support": support,
        "mcd": mcd,
        "failures": failures,
        "behaviour": behaviour,
        "coverage": coverage,
    }
    if name not in metrics:
        raise Problem(f"there is no metric {name!r}: {nearest(name, metrics)}")
    return metrics[name]()
