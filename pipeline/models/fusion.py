"""A recogniser (or translator) and a language model → what both together find best; nothing else is trained.

    score(Y | X) = 1 / |Y|^c · log P(Y | X) + λ · log P_LM(Y)      (Chan et al. 2016, section 3.3; |Y| counts the end)

`beam` asks the language model at every token of the search (shallow fusion, Gulcehre et al. 2015, section 4.1): it must
cut texts as the recogniser does. `rescore` asks it about the recogniser's whole n-best list, as text, whatever its
vocabulary is. λ and c are those of a grid that make the fewest errors on dev.

`needs` is the recogniser, `also` the language model. Both are copied into the system's folder.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from pipeline.data import BEGIN, END, UNKNOWN, Data, Side, Vocabulary
from pipeline.metrics.error_rate import align_characters, align_words, count_edits, error_rate
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search import steps
from pipeline.search.ctc import prefix_beam
from pipeline.sequences import Sequences, read_json, write_json
from pipeline.state import State
from pipeline.trained import Trained
from pipeline.training import prepare_device

WRITES = "tokens"
PARTS = ("recogniser", "language_model")  # folders in the system's own
TOGETHER = 256  # utterances whose n-best lists are rescored at once
SCORED = 8192  # padded tokens that the language model scores at once
ALIGN = {"wer": align_words, "cer": align_characters}


Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Config(Row):
    method: Literal["beam", "rescore"] = "beam"


class Search(Row):
    beam_size: int = Field(8, ge=1)  # to rescore: the length of the n-best list
    search: dict[str, Any] = Field(default_factory=dict)  # what else the recogniser's own `decode` may say


class Train(Search):
    # A weight is what log P_LM counts beside log P(Y | X) where a text is as long as those of dev are on average, so
    # that one grid serves every c: λ = weight / length^c.
    weights: tuple[Finite, ...] = Field((0.0, 0.1, 0.2, 0.3, 0.45, 0.6), min_length=1)
    length_penalties: tuple[Finite, ...] = Field((0.0,), min_length=1)  # the values of c
    criterion: Literal["wer", "cer"] = "wer"
    utterances: int = Field(200, ge=1)  # of dev, evenly spread, that the grid is tried on


class Decode(Search):
    n_best: int = Field(1, ge=1)


@dataclass(frozen=True)
class Fusion:
    config: Config
    recogniser: Trained
    language_model: Trained
    weight: float  # λ
    length_penalty: float  # c
    folders: tuple[Path, ...]  # of the two systems, which are copied when this one is saved


class Way(Protocol):
    """How both are asked. What does not depend on λ and c is done once."""

    def prepare(self, source: Side) -> Iterator[tuple[np.ndarray, Any]]:
        """Rows of the source [B], and what `rank` needs of them."""

    def rank(self, prepared: Any, weight: float, length_penalty: float) -> list[list[Hypothesis]]:
        """The n-best list of each of the rows."""


class Rescoring:
    """The recogniser's n-best lists in another order."""

    def __init__(self, recogniser: Trained, language_model: Trained, options: Any):
        """`options`: the recogniser's own, for its search."""
        self.recogniser, self.language_model, self.options = recogniser, language_model, options

    def prepare(self, source: Side) -> Iterator[tuple[np.ndarray, Any]]:
        """Lists of hypotheses, each with log P(Y | X), |Y| and log P_LM(Y)."""
        lists = self.recogniser.decode(source, self.options)
        first = 0
        while some := list(islice(lists, TOGETHER)):
            given = iter(self._given([found for n_best in some for found in n_best]))
            heard = [[(found, *self._heard(found), next(given)) for found in n_best] for n_best in some]
            yield np.arange(first, first + len(some)), heard
            first += len(some)

    def rank(self, prepared: Any, weight: float, length_penalty: float) -> list[list[Hypothesis]]:
        scored = (
            [
                replace(found, score=heard / length**length_penalty + weight * given)
                for found, heard, length, given in one
            ]
            for one in prepared
        )
        return [sorted(n_best, key=lambda found: -found.score) for n_best in scored]

    def _heard(self, found: Hypothesis) -> tuple[float, int]:
        """log P(Y | X), which the recogniser's search may have divided by a power of |Y|; and |Y|."""
        length = len(found.tokens) + found.finished
        return found.score * length ** getattr(self.options, "length_penalty", 0.0), length

    def _given(self, found: list[Hypothesis]) -> list[float]:
        """log P_LM of each text."""
        codec = self.language_model.target
        texts = Sequences.of([codec.encode(self.recogniser.written(one.tokens)) for one in found])
        scores: list[float] = self.language_model.craft.score(self.language_model.model, texts, SCORED).tolist()
        return scores


class OverCtc:
    """In the prefix beam search over the log-probabilities of a CTC model, which are computed once."""

    def __init__(self, recogniser: Trained, language_model: Trained, options: Any):
        self.recogniser, self.options = recogniser, options
        self.prior = Weighted(language_model.model, shared_ids(recogniser, language_model))

    def prepare(self, source: Side) -> Iterator[tuple[np.ndarray, Any]]:
        emissions = self.recogniser.craft.emissions(self.recogniser.model, source.sequences, self.options.batch)
        return ((rows, (log_probs, lengths)) for rows, log_probs, lengths in emissions)

    @torch.inference_mode()
    def rank(self, prepared: Any, weight: float, length_penalty: float) -> list[list[Hypothesis]]:
        log_probs, lengths = prepared
        return prefix_beam(
            log_probs,
            lengths,
            beam_size=self.options.beam_size,
            candidates=self.options.candidates,
            n_best=self.options.n_best,
            length_penalty=length_penalty,
            prior=self.prior.weighing(weight),
            begin=BEGIN,
            end=END,
        )


class OverSteps:
    """In the beam search with a model that writes token by token."""

    def __init__(self, recogniser: Trained, language_model: Trained, options: Any):
        self.recogniser, self.options = recogniser, options
        self.prior = Weighted(language_model.model, shared_ids(recogniser, language_model))

    def prepare(self, source: Side) -> Iterator[tuple[np.ndarray, Any]]:
        return ((rows, (source.sequences, rows)) for rows in steps.batches(source.sequences, self.options))

    @torch.inference_mode()
    def rank(self, prepared: Any, weight: float, length_penalty: float) -> list[list[Hypothesis]]:
        sequences, rows = prepared
        options = self.options.model_copy(update={"length_penalty": length_penalty})
        return steps.search(self.recogniser.model, sequences, rows, options, self.prior.weighing(weight))


@dataclass(frozen=True)
class Weighted:
    """A language model as a search's `Prior`: λ log P_LM of each token of the recogniser."""

    model: Any
    ids: Tensor  # [V]: the language model's token for each of the recogniser's
    weight: float = 0.0

    def weighing(self, weight: float) -> "Weighted | None":
        """With another weight; none needs asking nobody."""
        return replace(self, weight=weight) if weight else None

    def start(self, rows: int) -> State:
        state: State = self.model.start(rows)
        return state

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        logits, state = self.model.step(self.ids[tokens], state)
        return self.weight * logits.float().log_softmax(dim=1)[:, self.ids], state


def shared_ids(recogniser: Trained, language_model: Trained) -> Tensor:
    """The language model's id of each of the recogniser's tokens, [V]: the same symbol's, else that of the unknown."""
    known = {symbol: i for i, symbol in enumerate(language_model.target.tokens(range(len(language_model.target))))}
    symbols = recogniser.target.tokens(range(len(recogniser.target)))
    return torch.tensor([known.get(symbol, UNKNOWN) for symbol in symbols])


def way(method: str, recogniser: Trained, language_model: Trained, options: Search) -> Way:
    """How the two are asked together. Raises Problem where the recogniser cannot be searched so."""
    given = options.search | {"beam_size": options.beam_size}
    if method == "rescore":
        return Rescoring(recogniser, language_model, recogniser.options(**given, n_best=options.beam_size))
    searched = recogniser.options(**given, n_best=getattr(options, "n_best", 1))
    if hasattr(recogniser.model, "begin"):
        return OverSteps(recogniser, language_model, searched)
    if hasattr(recogniser.craft, "emissions"):
        return OverCtc(recogniser, language_model, searched)
    raise Problem(
        f"{recogniser.name}: a {recogniser.kind} has no beam that a language model could be asked in: "
        "set model.method to rescore"
    )


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Fusion, list[dict[str, float]]]:
    """Try the grid on dev. The history has a line a point of the grid."""
    prepare_device(0)
    recogniser, language_model = _opened(needs)
    source, target = data.source["dev"], data.target["dev"]
    if not len(source.sequences):
        raise Problem("fusion: the dev split is empty: see the corpus's summary and its rejected.parquet")
    check(recogniser, language_model, config, target)
    rows = np.unique(np.linspace(0, len(source.sequences) - 1, options.utterances).round().astype(int))
    references = [target.values[row] for row in rows]
    side = Side(source.codec, Sequences.of([source.sequences[row] for row in rows]))
    together = way(config.method, recogniser, language_model, options)
    prepared = list(together.prepare(side))
    length = float(target.sequences.lengths[rows].mean()) + 1
    tried = []
    for penalty, weight in product(options.length_penalties, options.weights):
        found = [""] * len(rows)
        for places, ready in prepared:
            ranked = together.rank(ready, weight / length**penalty, penalty)
            for place, n_best in zip(places, ranked, strict=True):
                found[place] = recogniser.written(n_best[0].tokens)
        rate = float(error_rate(count_edits(ALIGN[options.criterion](references, found)).sum(axis=0)))
        tried.append({f"dev_{options.criterion}": rate, "weight": weight, "length_penalty": penalty})
        print(f"weight {weight:g}, length penalty {penalty:g}: dev {options.criterion} {rate:.2f}", flush=True)
    best = min(tried, key=lambda point: point[f"dev_{options.criterion}"])  # of equal ones the first
    found_weight = best["weight"] / length ** best["length_penalty"]
    return Fusion(config, recogniser, language_model, found_weight, best["length_penalty"], needs), tried


def save(model: Fusion, folder: Path) -> None:
    write_json(
        folder / "fusion.json",
        {"config": model.config.model_dump(), "weight": model.weight, "length_penalty": model.length_penalty},
    )
    for part, other in zip(PARTS, model.folders, strict=True):
        shutil.copytree(other, folder / part)


def load(folder: Path) -> Fusion:
    content = read_json(folder / "fusion.json")
    folders = tuple(folder / part for part in PARTS)
    recogniser, language_model = map(Trained.open, folders)
    config = Config.model_validate(content["config"])
    return Fusion(config, recogniser, language_model, content["weight"], content["length_penalty"], folders)


def decode(*, model: Fusion, source: Side, target: Vocabulary, options: Decode) -> Iterator[list[Hypothesis]]:
    """N-best lists in the order of the source."""
    together = way(model.config.method, model.recogniser, model.language_model, options)
    found: list[list[Hypothesis]] = [[] for _ in range(len(source.sequences))]
    for rows, prepared in together.prepare(source):
        for row, n_best in zip(rows, together.rank(prepared, model.weight, model.length_penalty), strict=True):
            found[row] = n_best[: options.n_best]
    yield from found


def _opened(needs: tuple[Path, ...]) -> tuple[Trained, Trained]:
    if len(needs) != len(PARTS):
        raise Problem("fusion takes two systems: name the recogniser as `needs`, the language model as `also`")
    recogniser, language_model = map(Trained.open, needs)
    if not hasattr(language_model.craft, "score"):
        raise Problem(
            f"{language_model.name} is a {language_model.kind} and not a language model: name one as `also`, and the "
            "recogniser as `needs`"
        )
    return recogniser, language_model


def check(recogniser: Trained, language_model: Trained, config: Config, target: Side) -> None:
    """Raises Problem where the tokens of the three do not fit together."""
    symbols = recogniser.target.tokens(range(len(recogniser.target)))
    if target.codec.tokens(range(len(target.codec))) != symbols:
        raise Problem(
            f"the target's tokens are not those of {recogniser.name}: name the tokens that it was trained on as target"
        )
    if config.method == "rescore":
        return
    ids = shared_ids(recogniser, language_model).numpy()
    for row, text in enumerate(target.values):
        tokens = target.sequences[row]
        cut = language_model.target.encode(text)
        known = tokens != UNKNOWN
        if len(cut) != len(tokens) or (ids[tokens[known]] != cut[known]).any():
            raise Problem(
                f"{target.sequences.ids[row]}: {language_model.name} has other tokens for this text than "
                f"{recogniser.name}: train it on the same kind of tokens, or set model.method to rescore"
            )
