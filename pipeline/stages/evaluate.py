"""Hypotheses and references → data/scores/<system>.json: scores, their intervals, the trivial system's, counts."""

import math
from typing import Any

from pipeline import paths
from pipeline.data import load_codec
from pipeline.metrics.bootstrap import intervals
from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Metric, Output, Training
from pipeline.params import System, load, row
from pipeline.problems import Problem
from pipeline.records import Decoded, read_decoded, read_field
from pipeline.sequences import read_json, write_json

Scores = dict[str, float | int | str]


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    lines = list(read_decoded(paths.hypotheses(name)))
    if not lines:
        raise Problem(
            f"{paths.hypotheses(name)} holds no sentence to score: look into the test split of {system.corpus}"
        )
    scores = evaluate(lines, _training(system), load_codec(system.target), system.metrics)
    with paths.replacing_file(paths.scores(name)) as partial:
        write_json(partial, scores)
    _show(name, scores)


def evaluate(lines: list[Decoded], training: Training, codec: Any, metrics: list[str]) -> Scores:
    """The content of a score file. `codec` is the target's: it knows how its output differs from what people write."""
    words = [words for words in training.sources if not isinstance(words, str)]
    known = frozenset(word for sentence in words for word in sentence)
    sources = [line.source for line in lines]
    scores: Scores = {
        "sentences": len(lines),
        "tokens": sum(_length(line) for line in lines),
        "empty": sum(not line.best for line in lines),
        "never_stopped": sum(not line.finished for line in lines),
    }
    lowercase = getattr(getattr(codec, "config", None), "lowercase", False)
    for name in metrics:
        metric = find(name, lowercase)
        references = [line.reference for line in lines]
        hypotheses = [line.best for line in lines]
        trivial = metric.baseline(training, sources)
        if metric.tokenised:  # the hypothesis is in the codec's form already: bring the others to it
            references = [_as(codec, "prepare", text) for text in references]
            trivial = [_as(codec, "prepare", text) for text in trivial]
        else:  # the reference is as people write: bring the hypothesis to that form
            hypotheses = [_as(codec, "detokenise", text) for text in hypotheses]
            if lowercase:  # but nobody can tell what case a lower-cased system meant
                references = [_lower(value) for value in references]
                trivial = [_lower(value) for value in trivial]
        scores |= _score(metric, Output(sources, references, hypotheses, known), name)
        for key, value in _totals(metric, Output(sources, references, trivial, known)).items():
            scores[f"{key}_baseline"] = value
    return scores


def _score(metric: Metric, output: Output, name: str) -> Scores:
    statistics = metric.statistics(output)
    sums = statistics.sum(axis=0)
    bounds = intervals(statistics, metric.scores)
    scores: Scores = {}
    for key, value in _defined(metric.scores(sums)).items():
        low, high = bounds[key]
        scores |= {key: value, f"{key}_low": round(low, 2), f"{key}_high": round(high, 2)}
    scores |= {key: int(sums[column]) for key, column in metric.counts.items()}
    if metric.signature is not None:
        scores[f"{name}_signature"] = metric.signature()
    return scores


def _totals(metric: Metric, output: Output) -> dict[str, float]:
    return _defined(metric.scores(metric.statistics(output).sum(axis=0)))


def _defined(values: Any) -> dict[str, float]:
    """A score that the test set leaves undefined (accuracy on unknown words where there are none) is left out."""
    return {key: round(float(value), 2) for key, value in values.items() if not math.isnan(value)}


def _training(system: System) -> Training:
    fields = [
        read_json(paths.encoding(place) / "codec" / "codec.json")["field"] for place in (system.source, system.target)
    ]
    manifest = paths.manifest(system.corpus, "train")
    source, target = ([] if field == "audio" else read_field(manifest, field) for field in fields)
    return Training(source, target)


def _as(codec: Any, form: str, value: Any) -> Any:
    """`value` in a form that a codec of texts may know (`prepare`, `detokenise`); others leave it as it is."""
    change = getattr(codec, form, None)
    return change(value) if change is not None else value


def _lower(value: str | list[str]) -> str | list[str]:
    return value.lower() if isinstance(value, str) else [word.lower() for word in value]


def _length(line: Decoded) -> int:
    """Words of the sentence: of the source where that is a list of words (tagging, parsing), of the reference else."""
    words = line.source if isinstance(line.source, list) else line.reference
    return len(words.split() if isinstance(words, str) else words)


def _show(name: str, scores: Scores) -> None:
    print(f"{name}: {scores['sentences']} sentences, {scores['tokens']} words", end="")
    print(f", {scores['never_stopped']} never stopped, {scores['empty']} empty")
    for key in (key for key in scores if f"{key}_low" in scores):
        low, high, baseline = (scores.get(f"{key}_{part}", "undefined") for part in ("low", "high", "baseline"))
        print(f"  {key:<18} {scores[key]:>6}  (95 % between {low} and {high}; baseline {baseline})")
