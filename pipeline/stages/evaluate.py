"""Hypotheses and references → data/scores/<system>.json: scores, their intervals, the trivial system's, counts;
and data/statistics/<system>.parquet: what each sentence adds to them, by which systems are compared in pairs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import paths
from pipeline.audio import Stretch
from pipeline.data import load_codec
from pipeline.metrics.catalogue import find
from pipeline.metrics.metric import Output, Training
from pipeline.metrics.scoring import Measured, figures, measured, shown
from pipeline.metrics.statistics import write_statistics
from pipeline.metrics.synthesis import Walk
from pipeline.outcomes import Outcomes, read_outcomes
from pipeline.params import NONE, System, load, row
from pipeline.problems import Problem
from pipeline.records import Decoded, read_decoded, read_field, read_table
from pipeline.sequences import read_json

if TYPE_CHECKING:
    from pipeline.judging import Judge

Scores = dict[str, float | int | str]


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    lines = list(read_decoded(paths.hypotheses(name)))
    if not lines:
        raise Problem(f"{paths.hypotheses(name)} holds no sentence: look into the test split of {system.corpus}")
    try:
        _check_scores(system)
        if _field(system.target) == "audio":
            found = measure_sound(lines, _spoken(name, system, lines), system.metrics)
        else:
            test = paths.manifest(system.corpus, "test")
            outcomes = read_outcomes(paths.hypotheses(name), len(lines))
            found = measure(lines, _training(system), load_codec(system.target), system.metrics, test, outcomes)
    except Problem as problem:
        raise Problem(f"systems.{name}.metrics: {problem}") from None
    scores = _scores(lines, found)
    write_statistics(paths.statistics(name), [line.id for line in lines], {one.name: one.statistics for one in found})
    with paths.replacing_file(paths.scores(name)) as partial:
        partial.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _show(name, scores)


def _check_scores(system: System) -> None:
    """Raises Problem where a metric asks for log-probabilities a token, and the search divides them otherwise."""
    if "output_perplexity" in system.metrics and system.decode.get("length_penalty", 1) != 1:
        raise Problem("output_perplexity needs scores a token: leave decode.length_penalty at 1, or the metric out")


def evaluate(lines: list[Decoded], training: Training, codec: Any, metrics: list[str]) -> Scores:
    """The content of a score file of a system that writes, what is asked for first standing first."""
    return _scores(lines, measure(lines, training, codec, metrics))


def measure(
    lines: list[Decoded],
    training: Training,
    codec: Any,
    metrics: list[str],
    manifest: Path | None = None,
    outcomes: Outcomes | None = None,
) -> list[Measured]:
    """What the metrics find in what a system wrote.

    `codec` is the target's: it knows how its output differs from what people write. `manifest`: of the test, for the
    sentences that an answer follows from. `outcomes`: intervals or probabilities, where the system tells them.
    Raises Problem for an unknown metric, and for one that does not fit the data.
    """
    sources = [line.source for line in lines]
    known = frozenset(word for value in training.sources if isinstance(value, list) for word in value)
    lowercase = getattr(getattr(codec, "config", None), "lowercase", False)
    measures = []
    for name in metrics:
        metric = find(name, lowercase)
        references: list[Any] = [line.reference for line in lines]
        hypotheses = [line.best for line in lines]
        fits = all(metric.fits(source, reference) for source, reference in zip(sources, references, strict=True))
        if not fits or metric.of in ("sound", "walk"):
            raise _misfit(name)
        if metric.of == "own likelihood":
            own = Output(sources, [codec.encode(text) for text in hypotheses], [line.scores[0] for line in lines])
            measures.append(measured(metric, name, own, None))
            continue
        assert metric.baseline is not None  # text has something to learn from
        if metric.of == "focus":
            if manifest is None or not all(line.focus for line in lines):
                raise Problem(f"{name} does not fit: the system does not tell which sentences it looks at")
            support = read_field(manifest, "support")
            places = [line.focus for line in lines], metric.baseline(training, sources)
            measures.append(measured(metric, name, *(Output(sources, support, each) for each in places)))
            continue
        if metric.of == "likelihood":
            references = [codec.encode(text) for text in references]
            trivial = metric.baseline(Training([], [codec.encode(text) for text in training.targets]), references)
            likelihoods = [line.scores[0] for line in lines]
            outputs = (Output(sources, references, each) for each in (likelihoods, trivial))
            measures.append(measured(metric, name, *outputs))
            continue
        trivial = metric.baseline(training, sources)
        if metric.tokenised:  # the hypothesis is in the codec's form already: bring the others to it
            references, trivial = (_each(codec, "prepare", values) for values in (references, trivial))
        else:  # the reference is as people write: bring the hypothesis to that form
            hypotheses = _each(codec, "detokenise", hypotheses)
            if lowercase:  # but nobody can tell what case a lower-cased system meant
                references, trivial = ([_lower(value) for value in values] for values in (references, trivial))
        finished = [line.finished for line in lines]
        output = Output(sources, references, hypotheses, known, finished, training, **_told(outcomes, codec))
        beside = Output(sources, references, trivial, known, training=training)
        measures.append(measured(metric, name, output, beside))
    return measures


@dataclass(frozen=True)
class Spoken:
    """A synthesised test set."""

    outputs: list[Stretch | None]
    recordings: list[Stretch]  # of the same sentences by people
    training: Stretch  # the first training recording, which is all that the trivial system plays
    needs: Path | None = None  # the folder of the recogniser that judges
    manifest: Path | None = None  # of the test, for the texts where the source is none

    @cached_property
    def judge(self) -> "Judge":
        if self.needs is None:
            raise Problem("speech is scored as text by a recogniser: name one as `needs`, or take mcd and failures")
        from pipeline.judging import Judge  # heavy, and text needs none

        return Judge(self.needs)

    @cached_property
    def heard(self) -> tuple[list[str], list[str], list[str]]:
        """The texts of the outputs, the recordings and the trivial system."""
        return (
            self.judge.hear(self.outputs),
            self.judge.hear(self.recordings),
            self.judge.hear([self.training]) * len(self.outputs),
        )

    def texts(self, sources: list[Any]) -> list[str]:
        """What was to be said: the sources, or the field that the recogniser was trained to write."""
        if all(isinstance(source, str) for source in sources) or self.needs is None or self.manifest is None:
            return sources
        return read_field(self.manifest, read_json(self.needs / "target" / "codec.json")["field"])


def evaluate_sound(lines: list[Decoded], spoken: Spoken, metrics: list[str]) -> Scores:
    """The content of a score file of a system whose output is sound."""
    return _scores(lines, measure_sound(lines, spoken, metrics))


def measure_sound(lines: list[Decoded], spoken: Spoken, metrics: list[str]) -> list[Measured]:
    """What the metrics find in what a system says.

    A metric of texts is asked of what the recogniser in `needs` hears. `<metric>_recordings` is the same of people's
    recordings: nobody can expect to be heard better than them.
    Raises Problem for an unknown metric, and for one that does not fit the data.
    """
    sources = [line.source for line in lines]
    measures = []
    for name in metrics:
        metric = find(name)
        if metric.of == "walk":
            if any(line.audio and not line.focus for line in lines):
                raise Problem(f"{name} does not fit: the system does not tell which part of its source it is saying")
            walks = [Walk(line.focus, len(line.source_tokens), line.finished) for line in lines]
            measures.append(measured(metric, name, Output(sources, [], walks)))
        elif metric.of == "sound":
            trivial = [spoken.training] * len(lines)
            outputs = (Output(sources, spoken.recordings, sounds) for sounds in (spoken.outputs, trivial))
            measures.append(measured(metric, name, *outputs))
        elif metric.of == "values" and not metric.tokenised:
            metric = find(name, spoken.judge.lowercase)
            references: list[Any] = spoken.texts(sources)
            if not all(metric.fits(source, text) for source, text in zip(sources, references, strict=True)):
                raise _misfit(name)
            if spoken.judge.lowercase:
                references = [_lower(text) for text in references]
            output, recordings, baseline = (Output(sources, references, texts) for texts in spoken.heard)
            measures.append(measured(metric, name, output, baseline, recordings))
        else:
            raise _misfit(name)
    return measures


def _scores(lines: list[Decoded], measures: list[Measured]) -> Scores:
    scores: Scores = {}
    for one in measures:
        scores |= figures(one)
    return scores | _counts(lines)


def _counts(lines: list[Decoded]) -> Scores:
    words = sum(_length(line) for line in lines)
    return {
        "sentences": len(lines),
        **({"tokens": words} if words else {}),  # sound that is made of sound has none
        "empty": sum(not line.best for line in lines),
        "never_stopped": sum(not line.finished for line in lines),
    }


def _misfit(name: str) -> Problem:
    return Problem(f"{name} does not fit the corpus: choose a metric for this kind of source and target")


def _training(system: System) -> Training:
    fields = [_field(place) for place in (system.source, system.target)]
    manifest = paths.manifest(system.corpus, "train")
    source, target = ([] if field == "audio" else read_field(manifest, field) for field in fields)
    return Training(source, target)


def _field(place: str) -> str:
    return str(read_json(paths.encoding(place) / "codec" / "codec.json")["field"])


def _spoken(name: str, system: System, lines: list[Decoded]) -> Spoken:
    folder, test = paths.hypotheses(name), paths.manifest(system.corpus, "test")
    train = next(read_table(paths.manifest(system.corpus, "train"), ["audio", "start", "end"]))
    return Spoken(
        outputs=[Stretch(folder / line.audio) if line.audio else None for line in lines],
        recordings=[_stretch(record) for record in read_table(test, ["audio", "start", "end"])],
        training=_stretch(train),
        needs=paths.model(system.needs) if system.needs != NONE else None,
        manifest=test,
    )


def _stretch(record: Mapping[str, Any]) -> Stretch:
    return Stretch(Path(record["audio"]), record["start"], record["end"])


def _each(codec: Any, form: str, values: list[Any]) -> list[Any]:
    """Values in a form that a codec of texts may know (`prepare`, `detokenise`); another leaves them as they are."""
    change = getattr(codec, form, None)
    return [change(value) for value in values] if change is not None else values


def _told(outcomes: Outcomes | None, codec: Any) -> dict[str, Any]:
    if outcomes is None:
        return {}
    vocabulary = codec.tokens(np.arange(len(codec))) if outcomes.marginals else ()
    return {"intervals": outcomes.intervals, "marginals": outcomes.marginals, "vocabulary": vocabulary}


def _lower(value: str | list[str]) -> str | list[str]:
    return value.lower() if isinstance(value, str) else [word.lower() for word in value]


def _length(line: Decoded) -> int:
    """Words of the sentence: of the source where that is a list of words (tagging, parsing), of the reference else.

    Of the source as well where the reference is sound.
    """
    words = line.source if isinstance(line.source, list) or line.reference is None else line.reference
    return len(words.split() if isinstance(words, str) else words or ())


def _show(name: str, scores: Scores) -> None:
    print(f"{name}: {scores['sentences']} sentences, {scores.get('tokens', 0)} words", end="")
    print(f", {scores['never_stopped']} never stopped, {scores['empty']} empty")
    print(shown(scores))
