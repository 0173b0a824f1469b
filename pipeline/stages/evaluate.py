"""Hypotheses and references → data/scores/<system>.json: scores, their intervals, the trivial system's, counts."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline import paths
from pipeline.data import load_codec
from pipeline.metrics.bootstrap import intervals
from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Metric, Output, Training
from pipeline.params import System, load, row
from pipeline.problems import Problem
from pipeline.records import Decoded, read_decoded, read_field
from pipeline.sequences import read_json

Scores = dict[str, float | int | str]


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    lines = list(read_decoded(paths.hypotheses(name)))
    if not lines:
        raise Problem(f"{paths.hypotheses(name)} holds no sentence: look into the test split of {system.corpus}")
    try:
        scores = evaluate(lines, _training(system), load_codec(system.target), system.metrics)
    except Problem as problem:
        raise Problem(f"systems.{name}.metrics: {problem}") from None
    with paths.replacing_file(paths.scores(name)) as partial:
        partial.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _show(name, scores)


def evaluate(lines: list[Decoded], training: Training, codec: Any, metrics: list[str]) -> Scores:
    """The content of a score file, what is asked for first standing first.

    `codec` is the target's: it knows how its output differs from what people write.
    Raises Problem for an unknown metric, and for one that does not fit the data.
    """
    sources = [line.source for line in lines]
    known = frozenset(word for value in training.sources if isinstance(value, list) for word in value)
    lowercase = getattr(getattr(codec, "config", None), "lowercase", False)
    scores: Scores = {}
    for name in metrics:
        metric = find(name, lowercase)
        references: list[Any] = [line.reference for line in lines]
        hypotheses = [line.best for line in lines]
        if not all(metric.fits(source, reference) for source, reference in zip(sources, references, strict=True)):
            raise Problem(f"{name} does not fit the corpus: choose a metric for this kind of source and target")
        trivial = metric.baseline(training, sources)
        if metric.tokenised:  # the hypothesis is in the codec's form already: bring the others to it
            references, trivial = (_each(codec, "prepare", values) for values in (references, trivial))
        else:  # the reference is as people write: bring the hypothesis to that form
            hypotheses = _each(codec, "detokenise", hypotheses)
            if lowercase:  # but nobody can tell what case a lower-cased system meant
                references, trivial = ([_lower(value) for value in values] for values in (references, trivial))
        scores |= _score(metric, name, *(Output(sources, references, h, known) for h in (hypotheses, trivial)))
    scores["sentences"] = len(lines)
    scores["tokens"] = sum(_length(line) for line in lines)
    scores["empty"] = sum(not line.best for line in lines)
    scores["never_stopped"] = sum(not line.finished for line in lines)
    return scores


def _score(metric: Metric, name: str, output: Output, trivial: Output) -> Scores:
    statistics = metric.statistics(output)
    sums = statistics.sum(axis=0)
    found = _defined(metric.scores(sums))
    bounds = intervals(statistics, metric.scores)
    baseline = _defined(metric.scores(metric.statistics(trivial).sum(axis=0)))
    scores: Scores = {}
    for key, value in found.items():
        low, high = bounds[key]
        scores |= {key: value, f"{key}_low": round(low, 2), f"{key}_high": round(high, 2)}
        if key in baseline:
            scores[f"{key}_baseline"] = baseline[key]
    scores |= {key: int(sums[column]) for key, column in metric.counts.items()}
    if metric.signature is not None:
        scores[f"{name}_signature"] = metric.signature()
    return scores


def _defined(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    """A score that the test set leaves undefined (accuracy on unknown words where there are none) is left out."""
    return {key: round(float(value), 2) for key, value in values.items() if not math.isnan(value)}


def _training(system: System) -> Training:
    fields = [
        read_json(paths.encoding(place) / "codec" / "codec.json")["field"] for place in (system.source, system.target)
    ]
    manifest = paths.manifest(system.corpus, "train")
    source, target = ([] if field == "audio" else read_field(manifest, field) for field in fields)
    return Training(source, target)


def _each(codec: Any, form: str, values: list[Any]) -> list[Any]:
    """Values in a form that a codec of texts may know (`prepare`, `detokenise`); another leaves them as they are."""
    change = getattr(codec, form, None)
    return [change(value) for value in values] if change is not None else values


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
