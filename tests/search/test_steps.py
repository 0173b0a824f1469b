"""Batches of sources, searched with a model that writes token by token."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.data import END, Side
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.search import steps
from pipeline.sequences import Sequences
from pipeline.state import State

VOCABULARY = 9


class Copier:
    """Writes its source, token by token; less surely, the token above."""

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        tokens, lengths = sequences.padded(rows, fill=END)
        texts = torch.from_numpy(np.pad(tokens, ((0, 0), (0, 1)), constant_values=END)).long()
        place = torch.zeros(len(rows) * beam_size, dtype=torch.long)
        return State({"place": place}, {"texts": texts}), torch.from_numpy(lengths)

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        texts, place = state.source["texts"], state.prefix["place"]
        beam = len(place) // len(texts)
        right = texts.repeat_interleave(beam, dim=0).gather(1, place[:, None].clamp(max=texts.shape[1] - 1))[:, 0]
        logits = torch.full((len(place), VOCABULARY), -20.0)
        logits[torch.arange(len(place)), (right + 1).clamp(max=VOCABULARY - 1)] = -2.0
        logits[torch.arange(len(place)), right] = 0.0
        attention = torch.nn.functional.one_hot(place.clamp(max=texts.shape[1] - 1), texts.shape[1]).float()
        return logits, State({"place": place + 1}, state.source), attention


class Against:
    """A prior to which one token is impossible."""

    def __init__(self, token: int):
        self.token = token

    def start(self, rows: int) -> State:
        return State({"rows": torch.arange(rows)}, {})

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        added = torch.zeros(len(tokens), VOCABULARY)
        added[:, self.token] = -1e4
        return added, state


def texts(*lists: list[int]) -> Side:
    return Side(None, Sequences.of([np.array(tokens, dtype=np.int32) for tokens in lists]))


def options(**given: Any) -> steps.Decode:
    return configure(steps.Decode, given, "decode")


@pytest.mark.parametrize("batch", [1, 40, 4096])
def test_answers_come_in_the_order_of_the_source_whatever_the_batch(batch: int) -> None:
    written = [[4, 5, 6], [], [7], [6, 6, 5, 4, 7]]
    found = list(
        steps.decode(model=Copier(), source=texts(*written), target=None, options=options(batch=batch, n_best=2))  # type: ignore[arg-type]
    )
    assert [n_best[0].tokens for n_best in found] == written
    assert all(len(n_best) == 2 and n_best[0].score >= n_best[1].score for n_best in found)
    # Without the attention to the padding of its batch.
    assert [[len(row) for row in n_best[0].attention or []] for n_best in found] == [[len(t)] * len(t) for t in written]


def test_a_prior_has_its_say() -> None:
    source = texts([4, 5], [5])
    [first], [second] = steps.search(Copier(), source.sequences, np.array([0, 1]), options(), Against(5))
    assert (first.tokens, second.tokens) == ([4, 6], [6])


def test_more_outputs_than_hypotheses_are_refused() -> None:
    with pytest.raises(Problem, match="n_best: 3 needs a beam_size of at least 3"):
        options(beam_size=2, n_best=3)


def test_groups_that_cannot_share_a_beam_are_refused() -> None:
    with pytest.raises(Problem, match="2 groups cannot share a beam_size of 5 evenly"):
        options(groups=2)


@pytest.mark.parametrize("given", [{"search": "sampling", "n_best": 7}, {"groups": 5, "n_best": 5}])
def test_every_search_gives_its_n_best_in_order_whatever_the_batch(given: dict[str, Any]) -> None:
    written = [[4, 5, 6], [], [7], [6, 6, 5, 4, 7]]
    found = [
        list(steps.decode(model=Copier(), source=texts(*written), target=None, options=options(**given, batch=batch)))  # type: ignore[arg-type]
        for batch in (1, 4096)
    ]
    assert [[one.tokens for one in n_best] for n_best in found[0]] == [[one.tokens for one in n] for n in found[1]]
    for n_best, text in zip(found[0], written, strict=True):
        assert [one.score for one in n_best] == sorted((one.score for one in n_best), reverse=True)
        assert n_best[0].tokens == text


def test_a_second_model_is_asked_by_one_beam_alone() -> None:
    for given in ({"search": "sampling"}, {"groups": 5}):
        with pytest.raises(Problem, match="one beam alone"):
            steps.search(Copier(), texts([4]).sequences, np.array([0]), options(**given), Against(5))


def test_sampling_is_seeded() -> None:
    source = texts([4, 5], [4, 5])

    def found(seed: int) -> list[list[int]]:
        chosen = options(search="sampling", temperature=8.0, seed=seed)
        n_best = steps.decode(model=Copier(), source=source, target=None, options=chosen)  # type: ignore[arg-type]
        return [found[0].tokens for found in n_best]

    assert found(1) == found(1) != found(2)
    assert found(1)[0] != found(1)[1]
