from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pipeline.models import ctc
from pipeline.search.ctc import steps_needed
from pipeline.search.forced import align, cuts, fine_log_probs


def log_probs(steps: int, symbols: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(steps, symbols))
    return values - np.log(np.exp(values).sum(axis=1, keepdims=True))


def collapsed(path: tuple[int, ...]) -> list[int]:
    return [token for i, token in enumerate(path) if token and (i == 0 or path[i - 1] != token)]


@pytest.mark.parametrize("tokens", [[1], [1, 2], [2, 2], [1, 2, 1]])
@pytest.mark.parametrize("seed", range(3))
def test_the_best_of_all_paths(tokens: list[int], seed: int) -> None:
    values = log_probs(5, 3, seed)
    paths = [path for path in product(range(3), repeat=5) if collapsed(path) == tokens]
    best = max(paths, key=lambda path: values[np.arange(5), path].sum())
    spans = align(values, np.array(tokens))
    assert spans is not None and [span.token for span in spans] == tokens
    found = [0] * 5
    for span in spans:
        found[span.begin : span.end] = [span.token] * (span.end - span.begin)
        assert span.score == pytest.approx(values[span.begin : span.end, span.token].mean(), abs=1e-5)
    assert tuple(found) == best


@pytest.mark.parametrize("seed", range(60))
def test_paths_that_cost_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(-2, 1, size=(6, 3)).astype(float)
    values[rng.random(6) < 0.4] = [0, -9, -9]
    tokens = rng.integers(1, 3, size=int(rng.integers(1, 4)))
    paths = [path for path in product(range(3), repeat=6) if collapsed(path) == tokens.tolist()]
    best = max(values[np.arange(6), path].sum() for path in paths)
    spans = align(values, tokens)
    assert spans is not None and [span.token for span in spans] == tokens.tolist()
    path = np.zeros(6, int)
    for span in spans:
        path[span.begin : span.end] = span.token
    assert values[np.arange(6), path].sum() == best


def test_too_few_steps_and_nothing_said() -> None:
    assert steps_needed(np.array([1, 1, 2])) == 4
    assert align(log_probs(3, 3, 1), np.array([1, 1, 2])) is None
    assert align(log_probs(4, 3, 1), np.array([1, 1, 2])) is not None
    assert align(log_probs(4, 3, 1), np.array([], dtype=np.int32)) == []
    assert align(np.zeros((0, 3)), np.array([], dtype=np.int32)) is None


def test_cuts_are_half_way() -> None:
    values = np.full((8, 3), -9.0)
    values[[0, 2, 3, 6, 7], 0] = 0
    values[1, 1] = values[[4, 5], 2] = 0
    spans = align(values, np.array([1, 2]))
    assert spans is not None
    assert [(span.begin, span.end) for span in spans] == [(1, 2), (4, 6)]
    np.testing.assert_array_equal(cuts(spans, 8), [0, 3, 8])


def test_fine_steps_lie_between_each_other() -> None:
    torch.manual_seed(1)
    model = ctc.Recogniser(ctc.Config(channels=8, hidden=8, layers=1, subsampling=4), 3, 5).eval()
    features = [
        np.random.default_rng(i).normal(size=(length, 3)).astype(np.float32) for i, length in enumerate((9, 1, 14))
    ]
    found = fine_log_probs(model, features)
    assert [values.shape for values in found] == [(9, 5), (1, 5), (14, 5)]
    for shift in range(4):
        later = torch.from_numpy(features[2][shift:])[None]
        alone, steps = model.log_probs(later, torch.tensor([14 - shift]))
        np.testing.assert_allclose(found[2][shift::4], alone[: steps[0], 0].detach(), atol=1e-5)
    assert fine_log_probs(SimpleNamespace(config=model.config), []) == []
