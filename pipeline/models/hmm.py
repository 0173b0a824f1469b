"""Words and their tags → a hidden Markov model, counted and smoothed, and the best tags of new words.

P(words, tags) = ∏ P(tag | the one or two tags before) · P(word | tag), after TnT (Brants 2000, "TnT, a Statistical
Part-of-Speech Tagger"). Transitions are interpolated by deleted interpolation. An emission is turned around by Bayes,
P(word | tag) = P(tag | word) · P(word) / P(tag), since P(tag | word) can back off where a word is rare or unknown:
from the word to the word in lower case, to its suffix, to ever shorter suffixes, to its shape, to nothing but P(tag).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field
from safetensors.numpy import load_file, save_file

from pipeline.data import Data, Side
from pipeline.models.tags import Decode as Decode
from pipeline.outcomes import Weighed
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search.viterbi import Candidates, posteriors, viterbi
from pipeline.sequences import read_json, write_json

MOST_TAGS = 300  # order 2 holds a table of tags³: 200 MB here

READS, WRITES = "tokens", "tokens"


class Config(Row):
    """Priors are in words: a prior of 10 outweighs what was seen until 10 words were seen."""

    order: Literal[1, 2] = 2  # how many tags before count
    suffix: int = Field(default=6, ge=0)  # letters of the longest ending looked at
    suffix_prior: float = Field(default=10.0, gt=0)  # of the shorter suffix
    case_prior: float = Field(default=5.0, gt=0)  # of the suffix, against the word seen in another case
    word_prior: float = Field(default=1.0, gt=0)  # of all these, against a word seen as it is
    certain: int = Field(default=10, ge=1)  # times: a word seen as often has no tags but those it was seen with


class Train(Row):
    """Counting has no options."""


Counts = dict[str, np.ndarray]  # a word, or a shape with a suffix → how often with each tag, float [S]


@dataclass(frozen=True)
class HMM:
    """Counts, and what is computed from them. The state after the last tag is the sentence's boundary."""

    config: Config
    tags: list[str]  # S
    words: Counts
    suffixes: Counts
    transitions: np.ndarray  # log P(tag | tags before) [S + 1, S + 1] or [S + 1, S + 1, S + 1]

    @cached_property
    def prior(self) -> np.ndarray:
        """P(tag), float [S]."""
        counts: np.ndarray = sum(self.words.values(), np.zeros(len(self.tags)))
        return counts / counts.sum()

    @cached_property
    def lower(self) -> Counts:
        """The counts of words whatever their case."""
        counts: Counts = defaultdict(lambda: np.zeros(len(self.tags)))
        for word, found in self.words.items():
            counts[word.lower()] += found
        return dict(counts)

    def tag_given_word(self, word: str, first: bool) -> np.ndarray:
        """P(tag | word), float [S]. `first`: the word opens a sentence, where a capital tells little."""
        seen = self.words.get(word)
        if seen is not None and seen.sum() >= self.config.certain:
            return seen / seen.sum()
        found = self.prior
        for key in endings(word, first, self.config.suffix):
            if key not in self.suffixes:
                break
            found = back_off(self.suffixes[key], found, self.config.suffix_prior)
        other_case = self.lower.get(word.lower(), 0 * found) - (0 if seen is None else seen)
        found = back_off(other_case, found, self.config.case_prior)
        return found if seen is None else back_off(seen, found, self.config.word_prior)

    def emission(self, word: str, first: bool) -> Candidates:
        """The tags that the word may have, and log P(word | tag) of each but for P(word), which all of them share."""
        found = self.tag_given_word(word, first)
        tags = np.flatnonzero(found)
        return tags, np.log(found[tags] / self.prior[tags])


def back_off(counts: np.ndarray, prior: np.ndarray, weight: float) -> np.ndarray:
    """(counts + weight · prior) / (total + weight): what was seen, and as much of the prior as `weight` words."""
    mixed: np.ndarray = (counts + weight * prior) / (counts.sum() + weight)
    return mixed


def shape(word: str, first: bool) -> str:
    """A letter for how a word is written, and a hyphen for a hyphen within it."""
    if any(c.isdigit() for c in word):
        kind = "9"
    elif len(word) > 1 and word.isupper():
        kind = "A"
    elif word[:1].isupper():
        kind = "S" if first else "C"
    else:
        kind = "l" if any(c.isalpha() for c in word) else "."
    return kind + "-" * ("-" in word[1:-1])


def endings(word: str, first: bool, longest: int) -> Iterator[str]:
    """The word's shape, then its shape with its last letter, with its last two, ...; digits are all one."""
    kind = shape(word, first)
    letters = "".join("0" if c.isdigit() else c for c in word.lower())
    for length in range(min(longest, len(letters)) + 1):
        yield f"{kind} {letters[len(letters) - length :]}"


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[HMM, list[dict[str, float]]]:
    """Count the training sentences. There are no epochs, and so no history."""
    source, target = data.source["train"], data.target["train"]
    for identifier, words, tags in zip(source.sequences.ids, source.values, target.values, strict=True):
        if len(words) != len(tags):
            raise Problem(f"{identifier} has {len(words)} words and {len(tags)} tags: mend the corpus, a tag a word")
    model = count(source.values, target.values, config)
    print(f"{len(source.values)} sentences, {len(model.words)} words, {len(model.tags)} tags")
    return model, []


def count(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], config: Config) -> HMM:
    """A model from sentences of words and their tags. Raises Problem if there are none, or too many different tags."""
    names = sorted({tag for sentence in tags for tag in sentence})
    if not names:
        raise Problem(
            "there are no tagged words to train on: look at the corpus's train split and its rejected records"
        )
    if config.order == 2 and len(names) > MOST_TAGS:
        raise Problem(f"{len(names)} different tags are too many for pairs of tags before: set model.order to 1")
    ids = {name: i for i, name in enumerate(names)}
    numbers = [[ids[tag] for tag in sentence] for sentence in tags]
    places: dict[tuple[str, bool], np.ndarray] = defaultdict(lambda: np.zeros(len(names)))  # by word and `first`
    for sentence, states in zip(sentences, numbers, strict=True):
        for i, (word, state) in enumerate(zip(sentence, states, strict=True)):
            places[word, i == 0][state] += 1
    words: Counts = defaultdict(lambda: np.zeros(len(names)))
    for (word, _), counts in places.items():
        words[word] += counts
    # An unknown word is a new entry of the dictionary: a word teaches its endings once, however often it occurs.
    suffixes: Counts = defaultdict(lambda: np.zeros(len(names)))
    for (word, first), counts in places.items():
        share = counts / words[word].sum()
        for key in endings(word, first, config.suffix):
            suffixes[key] += share
    ngrams = count_ngrams(numbers, len(names), config.order)
    return HMM(config, names, dict(words), dict(suffixes), interpolate(ngrams))


def count_ngrams(sentences: Iterable[Sequence[int]], states: int, order: int) -> np.ndarray:
    """float [S + 1] * (order + 1): how often a state (last axis) follows `order` others; the boundary is state S."""
    counts = np.zeros((states + 1,) * (order + 1))
    for sentence in sentences:
        padded = np.array([*[states] * order, *sentence, states])
        windows = np.lib.stride_tricks.sliding_window_view(padded, order + 1)  # [U + 1, order + 1]
        np.add.at(counts, tuple(windows.T), 1)
    return counts


def interpolate(counts: np.ndarray) -> np.ndarray:
    """log P(c | a, b) = log(λ1 P(c) + λ2 P(c | b) + λ3 P(c | a, b)), as counted (Brants 2000, section 2.3)."""
    by_order = [counts.sum(axis=tuple(range(leading))) for leading in reversed(range(counts.ndim))]
    weights = deleted_interpolation(by_order)
    logs: np.ndarray = np.log(sum(w * conditional(c) for w, c in zip(weights, by_order, strict=True)))
    return logs


def conditional(counts: np.ndarray) -> np.ndarray:
    """P(last axis | the axes before) as counted; zero where the context never occurred."""
    context = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, context, out=np.zeros_like(counts), where=context > 0)


def deleted_interpolation(by_order: Sequence[np.ndarray]) -> np.ndarray:
    """The weights of the orders [n]: every n-gram votes, as often as it occurs, for the order that predicts it best
    once it is itself taken out of the counts (Brants 2000, figure 1).

    Each order has one vote to begin with, so that no tag that was seen at all is impossible anywhere.
    """
    longest = by_order[-1]
    places = np.nonzero(longest)
    left = []
    for order, counts in enumerate(by_order, start=1):
        tail = places[len(places) - order :]
        context = counts.sum(axis=-1)[tail[:-1]] - 1
        left.append(np.divide(counts[tail] - 1, context, out=np.zeros(len(places[0])), where=context > 0))
    best = np.argmax(left, axis=0)
    votes = 1 + np.bincount(best, weights=longest[places], minlength=len(by_order))
    shares: np.ndarray = votes / votes.sum()
    return shares


def decode(*, model: HMM, source: Side, target: Any, options: Decode) -> Iterator[list[Hypothesis]]:
    """The best tags of each sentence. The score is log P(words, tags), but for P(word) of each word."""
    known: dict[tuple[str, bool], Candidates] = {}
    for words in source.values:
        steps = []
        for place in ((word, i == 0) for i, word in enumerate(words)):
            if place not in known:
                known[place] = model.emission(*place)
            steps.append(known[place])
        states, score = viterbi(steps, model.transitions)
        tokens = target.encode([model.tags[state] for state in states]).tolist()
        if not options.marginals:
            yield [Hypothesis(tokens, score)]
            continue
        marginals = np.zeros((len(words), len(target)), dtype=np.float32)
        columns = target.encode(model.tags)
        likely = posteriors(steps, model.transitions)
        for i, ((candidates, _), probabilities) in enumerate(zip(steps, likely, strict=True)):
            marginals[i, columns[candidates]] = probabilities
        yield [Weighed(tokens, score, marginals=marginals)]


def save(model: HMM, folder: Path) -> None:
    """model.json and model.safetensors; counts as (word, tag, count) where they are not zero."""
    arrays = {"transitions": model.transitions}
    for name, table in (("words", model.words), ("suffixes", model.suffixes)):
        counts = np.array(list(table.values()))
        rows, tags = np.nonzero(counts)
        arrays |= {f"{name}.row": rows.astype(np.int32), f"{name}.tag": tags.astype(np.int32)}
        arrays[f"{name}.count"] = counts[rows, tags]
    save_file(arrays, folder / "model.safetensors")
    names = {"tags": model.tags, "words": list(model.words), "suffixes": list(model.suffixes)}
    write_json(folder / "model.json", {"config": model.config.model_dump(), **names})


def load(folder: Path) -> HMM:
    described = read_json(folder / "model.json")
    arrays = load_file(folder / "model.safetensors")
    tables: dict[str, Counts] = {}
    for name in ("words", "suffixes"):
        counts = np.zeros((len(described[name]), len(described["tags"])))
        counts[arrays[f"{name}.row"], arrays[f"{name}.tag"]] = arrays[f"{name}.count"]
        tables[name] = dict(zip(described[name], counts, strict=True))
    config = Config.model_validate(described["config"])
    return HMM(config, described["tags"], **tables, transitions=arrays["transitions"])
