"""A system that was trained, ready for use: values as people have them (text, words, series, media files) in, answers
out."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import paths
from pipeline.axes import axes
from pipeline.data import END, UNKNOWN, typed_side
from pipeline.outcomes import Forecast, Weighed
from pipeline.params import System, configure, load, row
from pipeline.pauses import Stretch, stretches
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search.width import widened
from pipeline.sequences import read_json
from pipeline.trained import Trained, searching

SERIES = "series"  # the kind of features that are no sound
READ = {"features": "sound", "tokens": "tokens", SERIES: "series"}
TOGETHER = 16  # stretches of speech that are recognised together


@dataclass(frozen=True)
class Answer:
    output: Any  # text, or a list of tags, as the target's codec writes it; of a forecast, its values
    score: float  # log-probability, as the system's search ranks it
    found: Hypothesis | None = None  # what the search found, where the answer is not put together of several


@dataclass(frozen=True)
class Caption:
    start: float  # s
    end: float
    text: str  # one line


class Answering:
    """A system of params.yaml that answers."""

    def __init__(self, name: str, system: System, n_best: int, marginals: bool = False, **given: Any):
        """`marginals`: let it tell how likely each label is, if it can. `given`: options of its decoding that replace
        those of params.yaml."""
        self.system = system
        self.trained = Trained.open(paths.model(name))
        if self.trained.kind != system.model.kind:
            raise Problem(
                f"{paths.model(name)}: its kind is {self.trained.kind}, and systems.{name}.model.kind is "
                f"{system.model.kind}: train it anew by `dvc repro train@{name}`"
            )
        if marginals and "marginals" in searching(self.trained.craft).Decode.model_fields:
            given["marginals"] = True
        self.options = _options(self.trained.craft, name, system, n_best, given)

    @classmethod
    def open(
        cls, task: str, room: str, name: str | None, n_best: int, marginals: bool = False, **given: Any
    ) -> "Answering":
        """The system called `name`, or the first one of `task` or that a metric called `task` scores.

        Its source stands in a `room`: features (sound), tokens, or series, which are features of a kind of their own.
        Raises Problem if there is none, if it is not trained, or if it does not give `n_best` outputs.
        """
        params = load()
        systems = params.systems
        if name is None:
            name = next((key for key, one in systems.items() if task in (one.task, *one.metrics)), None)
            if name is None:
                known = ", ".join(systems) or "none"
                raise Problem(f"params.yaml has no system of the task {task}: name another by --system ({known})")
        system = row(systems, name, "systems")
        place, source = system.source.split("/", 1)
        if (SERIES if place == "features" and params.features[source].kind == SERIES else place) != room:
            raise Problem(f"systems.{name} reads {system.source}, not {READ[room]}: name another by --system")
        return cls(name, system, n_best, marginals, **given)

    @property
    def target_field(self) -> str:
        """The field of the corpus that the outputs are like: `upos`, say."""
        return str(read_json(paths.model(self.trained.name) / "target" / "codec.json")["field"])

    @property
    def period(self) -> int:
        """Steps of a season in the series of its corpus."""
        corpus = load().corpora.get(self.system.corpus)
        return int(corpus.options.get("period", 1)) if corpus else 1

    def answer(self, values: list[Any], names: list[str] | None = None) -> list[list[Answer]]:
        """Answers to texts, lists of words, series or waveforms [S], as the source's codec takes them: n-best each.

        `names`: how a Problem calls them; by their numbers, otherwise.
        """
        if not values:
            return []
        side = typed_side(self.trained.source, values)
        side.sequences.ids = names or side.sequences.ids
        found = self.trained.decode(side, self.options)
        return [[Answer(self._output(one), one.score, one) for one in n_best] for n_best in found]

    def _output(self, found: Hypothesis) -> Any:
        return found.values.tolist() if isinstance(found, Forecast) else self.trained.written(found.tokens)

    def likely(self, answer: Answer) -> list[dict[str, float]]:
        """How likely each label is at each place. Raises Problem if the system does not tell."""
        if not isinstance(answer.found, Weighed):
            raise Problem(f"{self.trained.name} does not tell how likely a label is: name another by --system")
        names = self.trained.target.tokens(np.arange(len(self.trained.target)))
        return [
            {name: float(p) for name, p in zip(names[END + 1 :], row[END + 1 :], strict=True)}
            for row in answer.found.marginals
        ]

    def attended(self, value: Any, answer: Answer) -> tuple[np.ndarray, list[str], list[str]]:
        """Where the system looked in `value` for each token of the answer: weights [U, S], source tokens, its tokens.

        What a row and a column stand for is the system's to say: hops and sentences, say (see `pipeline.axes`).

        Raises Problem if it looks nowhere, or has nothing to show of it.
        """
        found = answer.found
        weights = np.array(found.attention or [] if found else [], dtype=np.float64)
        if found is None or weights.ndim != 2 or not weights.any():
            raise Problem(f"{self.trained.name} attends to nothing here: name a system with attention by --system")
        rows, columns = axes(self.trained, self.trained.source.encode(value), found)
        return weights, columns, rows

    def say(self, text: str) -> tuple[np.ndarray, int]:
        """Speech: float32 [S], and its rate in Hz. Raises Problem for what it has no sound for."""
        codec = self.trained.source
        strange = [letter for letter in dict.fromkeys(text) if UNKNOWN in codec.encode(letter)]
        if strange or not len(codec.encode(text)):
            told = f"{' '.join(strange)} occurs in no text it was trained on" if strange else "there is nothing to say"
            raise Problem(f"{text!r}: {told}: write words in letters that {self.trained.name} knows")
        [[hypothesis]] = self.trained.decode(typed_side(codec, [text]), self.options)
        if hypothesis.waveform is None or not len(hypothesis.waveform):
            raise Problem(f"{text!r}: {self.trained.name} makes no sound of it: train it longer, or say it otherwise")
        return hypothesis.waveform, hypothesis.rate

    def transcribe(self, file: Path) -> list[Answer]:
        """The text of a media file of any length, n-best. Its stretches' texts are joined, their scores added up."""
        best = [Answer("", 0.0)]
        for _, found in self._heard(file):
            joined = (
                Answer(f"{left.output} {right.output}".strip(), left.score + right.score)
                for left in best
                for right in found
            )
            best = nlargest(getattr(self.options, "n_best", 1), joined, key=lambda answer: answer.score)
        return best

    def captions(self, file: Path) -> Iterator[Caption]:
        """What is said in a media file of any length, with its times; no text where nothing is understood."""
        for stretch, found in self._heard(file):
            yield Caption(stretch.start, stretch.end, " ".join(found[0].output.split()))

    def _heard(self, file: Path) -> Iterator[tuple[Stretch, list[Answer]]]:
        """The stretches of speech in a file, with n-best answers each. A few are held at a time."""
        found = stretches(file, self.trained.source.config.rate)
        while portion := list(islice(found, TOGETHER)):
            yield from zip(portion, self.answer([stretch.waveform for stretch in portion]), strict=True)


def _options(craft: Any, name: str, system: System, n_best: int, given: dict[str, Any]) -> Any:
    """The system's `decode`, with what is given, widened to `n_best` outputs."""
    search = searching(craft)
    changed = system.decode | given
    if "n_best" in search.Decode.model_fields:
        changed = widened(search.Decode, changed, n_best)
    elif n_best > 1:
        raise Problem(f"systems.{name} gives one output: leave --n-best out, or name another by --system")
    return configure(search.Decode, changed, f"systems.{name}.decode")
