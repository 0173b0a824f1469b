"""Hypotheses in, samples out: the same sentences for every system of a task, aligned with their reference."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from markupsafe import Markup

from pipeline import paths
from pipeline.audio import Stretch
from pipeline.metrics.units import units
from pipeline.params import Params
from pipeline.records import Decoded, read_decoded, read_table
from pipeline.report import alignment, heat, reliability, spoken, trees
from pipeline.report.alignment import Pair
from pipeline.report.clips import Clip, Clips
from pipeline.report.forecasts import is_series
from pipeline.report.scores import rivals

BLOCK = 1000  # sentences aligned at once
CONFUSIONS = 12  # rows of the table of confused tags
LABELLED = 400  # characters shown of a text that is labelled
MATRIX = 60  # labels of the picture of confusions: the most frequent ones


@dataclass(frozen=True)
class Attempt:
    """What one system made of a sample."""

    system: str
    text: str
    pairs: list[Pair]  # empty where a drawing says it better
    errors: int
    finished: bool
    others: list[tuple[str, float]]  # the rest of the n-best list, with scores
    attention: Markup | None
    tree: Markup | None
    score: float
    clip: Clip | None = None  # of what is synthesised
    faults: dict[str, int] | None = None  # of it; None where the output is text


@dataclass(frozen=True)
class Sample:
    id: str
    source: str
    reference: str
    clip: Clip | None
    tree: Markup | None  # of the reference, marked against the first system's
    attempts: list[Attempt]

    @property
    def drawn(self) -> bool:
        return self.tree is not None


@dataclass(frozen=True)
class Confusion:
    reference: str
    hypothesis: str
    count: int
    share: float  # of this reference's tags, in percent
    word: str  # the one most often confused so


@dataclass(frozen=True)
class Group:
    """The samples of one task on one corpus: the first of the test set (of sound: some), those with most errors."""

    task: str
    corpus: str
    systems: list[str]
    first: list[Sample]
    worst: list[Sample]
    lowercase: bool  # compared without regard to case, since the systems write none
    tags: bool
    sound: bool  # the output is
    confusions: dict[str, list[Confusion]] = field(default_factory=dict)
    matrices: dict[str, Markup] = field(default_factory=dict)  # of all confusions, where each place has one label
    reliability: dict[str, Markup] = field(default_factory=dict)

    @property
    def trees(self) -> bool:
        return any(sample.drawn for sample in self.first)


def groups(params: Params, count: int, clips: int) -> list[Group]:
    """Groups in the order of params.yaml, of those systems that have hypotheses: `count` samples, `clips` to listen to.

    A language model, whose target is its source, says nothing of its own; of series, see `report.forecasts`.
    """
    found = []
    for (task, corpus), names in rivals(params).items():
        decoded = [
            n for n in names if paths.hypotheses(n).is_dir() and params.systems[n].source != params.systems[n].target
        ]
        if decoded and not _forecast(decoded[0]):
            found.append(_group(task, corpus, decoded, count, Clips(clips)))
    return [group for group in found if group.first]


def _forecast(name: str) -> bool:
    return any(is_series(line) for line in _first(name, 1))


def _group(task: str, corpus: str, names: list[str], count: int, clips: Clips) -> Group:
    sound = any(line.reference is None for line in _first(names[0], 1))
    if sound:
        count = min(count, clips.count)  # there is little to read in them
        lowercase = False
        worst = _worst(names[0], count // 2, set(), lowercase)
        first = _spread(names[0], count - len(worst), {line.id for line in worst})
    else:
        first = _first(names[0], -(-count // 2))
        lowercase = all(isinstance(line.best, str) and line.best == line.best.lower() for line in first)
        worst = _worst(names[0], count - len(first), {line.id for line in first}, lowercase)
    wanted = [line.id for line in [*first, *worst]]
    lines = {name: _lines(name, set(wanted)) for name in names}
    audio = _audio(corpus, set(wanted)) if sound or any(line.source is None for line in first) else {}
    samples = [
        _sample(
            {name: lines[name][identifier] for name in names if identifier in lines[name]},
            lowercase,
            audio.get(identifier),
            clips,
        )
        for identifier in wanted
    ]
    tags = bool(first) and _tagged(first[0])
    return Group(
        task=task,
        corpus=corpus,
        systems=names,
        first=samples[: len(first)],
        worst=samples[len(first) :],
        lowercase=lowercase,
        tags=tags,
        sound=sound,
        confusions={name: _confusions(name) for name in names} if tags else {},
        matrices={name: drawn for name in names if (drawn := _matrix(name))},
        reliability=reliability.pictures(names),
    )


def _tagged(line: Decoded) -> bool:
    """A label a word: a list on both sides."""
    return isinstance(line.reference, list) and isinstance(line.source, list)


def _first(name: str, count: int) -> list[Decoded]:
    return list(islice(read_decoded(paths.hypotheses(name)), count))


def _spread(name: str, count: int, taken: set[str]) -> list[Decoded]:
    """Sentences from all over the test set: of those whose attention was kept, if there are enough."""
    lines = [line for line in read_decoded(paths.hypotheses(name)) if line.id not in taken]
    kept = [line for line in lines if line.attention]
    lines = kept if len(kept) >= count else lines
    count = min(count, len(lines))
    return [lines[i * len(lines) // count] for i in range(count)]


def _worst(name: str, count: int, taken: set[str], lowercase: bool) -> list[Decoded]:
    """The sentences with most errors; of equals, those that come first. Sentences without errors are left out."""
    worst: list[tuple[int, int, Decoded]] = []  # errors, minus the place in the test set, the line
    place = 0
    for block in _blocks(read_decoded(paths.hypotheses(name)), BLOCK):
        for line, wrong in zip(block, _errors(block, lowercase), strict=True):
            place += 1
            if wrong and line.id not in taken:
                worst.append((wrong, -place, line))
        worst = sorted(worst, key=lambda entry: entry[:2], reverse=True)[:count]
    return [line for _, _, line in worst]


def _blocks(lines: Iterable[Decoded], size: int) -> Iterator[list[Decoded]]:
    lines = iter(lines)
    while block := list(islice(lines, size)):
        yield block


def _lines(name: str, wanted: set[str]) -> dict[str, Decoded]:
    return {line.id: line for line in read_decoded(paths.hypotheses(name)) if line.id in wanted}


def _audio(corpus: str, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The records of the test manifest that hold the samples' audio."""
    place = paths.manifest(corpus, "test")
    if not place.is_file():
        return {}
    return {record["id"]: record for record in read_table(place) if record["id"] in wanted and "audio" in record}


def _sample(lines: Mapping[str, Decoded], lowercase: bool, record: Mapping[str, Any] | None, clips: Clips) -> Sample:
    head = next(iter(lines.values()))
    clip = clips.cut(record) if record else None
    drawn = trees.compare(head, head.id)
    return Sample(
        id=head.id,
        source=_source(head),
        reference=_shown(head.reference, head),
        clip=clip,
        tree=drawn.reference if drawn else None,
        attempts=[
            _attempt(name, line, lowercase, clip)
            if line.reference is not None
            else _said(name, line, clips if clip else None)
            for name, line in lines.items()
        ],
    )


def _source(line: Decoded) -> str:
    """A text that is labelled is told by its beginning: it may be an article."""
    text = _text(line.source) if line.source is not None else ""
    long = isinstance(line.reference, list) and len(text) > LABELLED
    return f"{text[:LABELLED]}…" if long else text


def _said(name: str, line: Decoded, clips: Clips | None) -> Attempt:
    """An attempt at speech. It can be listened to where its recording can, with `clips`."""
    clip = None
    if clips and line.audio:
        clip = clips.hear(Stretch(paths.hypotheses(name) / line.audio), f"{line.id} by {name}")
    return Attempt(
        system=name,
        text="",
        pairs=[],
        errors=_failures(line),
        finished=line.finished,
        others=[],
        attention=spoken.picture(line, f"{line.id} by {name}", _seconds(clip)),
        tree=None,
        score=line.scores[0] if line.scores else 0.0,
        clip=clip,
        faults=spoken.faults(line),
    )


def _failures(line: Decoded) -> int:
    return sum(spoken.faults(line).values()) + (not line.finished)


def _attempt(name: str, line: Decoded, lowercase: bool, heard: Clip | None) -> Attempt:
    drawn = trees.compare(line, f"{line.id} by {name}")
    pairs = [] if drawn else _aligned([line], lowercase)[0]
    return Attempt(
        system=name,
        text=_shown(line.best, line),
        pairs=pairs,
        errors=drawn.errors if drawn else alignment.errors(pairs),
        finished=line.finished,
        others=[(_shown(h, line), s) for h, s in zip(line.hypotheses[1:], line.scores[1:], strict=False)],
        attention=_attention(name, line, _seconds(heard)),
        tree=drawn.hypothesis if drawn else None,
        score=line.scores[0] if line.scores else 0.0,
    )


def _seconds(clip: Clip | None) -> float | None:
    """How long the sound is; None where that is not known, or where the clip is not all of it."""
    return clip.seconds if clip and clip.whole else None


def _attention(name: str, line: Decoded, seconds: float | None) -> Markup | None:
    if not line.attention or not line.target_tokens:
        return None
    weights = np.array(line.attention, dtype=np.float64)  # [U, T]
    if weights.ndim != 2 or not weights.any():
        return None
    if not line.source_tokens:  # the source is sound
        tokens = [*line.target_tokens, heat.END][: len(weights)]
        return heat.walk(weights[: len(tokens)], tokens, f"{line.id} by {name}", seconds)
    return heat.between(weights, line.source_tokens, line.target_tokens, f"{line.id} by {name}")


def _aligned(lines: Sequence[Decoded], lowercase: bool) -> list[list[Pair]]:
    if lines and _tagged(lines[0]):
        return [alignment.tagged(list(line.source or ()), line.reference or (), line.best) for line in lines]
    if lines and isinstance(lines[0].reference, list):
        return [alignment.labelled(line.reference or (), line.best) for line in lines]
    references = [units(line.reference or "") for line in lines]
    hypotheses = [units(line.best) for line in lines]
    if lowercase:
        references = [[unit.lower() for unit in units] for units in references]
    return alignment.align(references, hypotheses)


def _errors(lines: Sequence[Decoded], lowercase: bool) -> list[int]:
    """Constituents, words or tags that are wrong, skips and repeats of speech: a number a sentence."""
    if lines and lines[0].reference is None:
        return [_failures(line) for line in lines]
    if lines and trees.is_tree(lines[0]):
        return [trees.errors(line) for line in lines]
    return [alignment.errors(pairs) for pairs in _aligned(lines, lowercase)]


def _confusions(name: str) -> list[Confusion]:
    """The tags most often mistaken for another, over the whole test set."""
    mistaken: dict[tuple[str, str], Counter[str]] = {}
    gold: Counter[str] = Counter()
    for line in read_decoded(paths.hypotheses(name)):
        for word, reference, hypothesis in zip(line.source or (), line.reference or (), line.best, strict=False):
            gold[reference] += 1
            if reference != hypothesis:
                mistaken.setdefault((reference, hypothesis), Counter())[word] += 1
    ranked = sorted(mistaken.items(), key=lambda item: (-item[1].total(), item[0]))[:CONFUSIONS]
    return [
        Confusion(reference, hypothesis, words.total(), 100 * words.total() / gold[reference], _commonest(words))
        for (reference, hypothesis), words in ranked
    ]


def _matrix(name: str) -> Markup | None:
    """How often each label was given where another is right: of tags, and of texts with one label each."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in read_decoded(paths.hypotheses(name)):
        if not (_tagged(line) or _has_one(line.reference)) or not isinstance(line.best, list):
            return None
        counts.update(zip(line.reference or (), line.best, strict=False))
    gold: Counter[str] = Counter()
    for (reference, _), count in counts.items():
        gold[reference] += count
    given = {hypothesis for _, hypothesis in counts}
    rows = sorted(gold, key=lambda label: (-gold[label], label))[:MATRIX]
    columns = [*(label for label in rows if label in given), *sorted(given - gold.keys())][:MATRIX]
    if len(rows) < 2:
        return None
    return heat.confusion(np.array([[counts[row, column] for column in columns] for row in rows]), columns, rows, name)


def _has_one(labels: Any) -> bool:
    return isinstance(labels, list) and len(labels) == 1


def _commonest(words: Counter[str]) -> str:
    return min(words, key=lambda word: (-words[word], word))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(str(item) for item in value or ())


def _shown(value: Any, line: Decoded) -> str:
    """Labels of a text with commas between them; anything else as it is."""
    apart = isinstance(value, list) and not _tagged(line)
    return ", ".join(value) if apart else _text(value)
