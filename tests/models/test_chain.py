"""The chain's loss, marginals and best path against every path of short sentences, one by one."""

from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from pipeline.models.chain import Chain, both_ways, viterbi

COUNT = 3


def chain(seed: int, count: int = COUNT, spread: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(shape, generator=random, dtype=torch.float64) * spread
        for shape in ((count, count), (count,), (count,))
    )  # type: ignore[return-value]


def sentences(seed: int, lengths: list[int], count: int = COUNT) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed + 100)
    shape = (len(lengths), max(lengths), count)
    return torch.randn(shape, generator=random, dtype=torch.float64), torch.tensor(lengths)


def score(path: tuple[int, ...], emissions: Tensor, weights: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    transitions, start, end = weights
    total = start[path[0]] + end[path[-1]] + sum(emissions[t, tag] for t, tag in enumerate(path))
    return total + sum(transitions[a, b] for a, b in pairwise(path))


@pytest.mark.parametrize("seed", range(8))
def test_it_adds_up_every_path(seed: int) -> None:
    weights, (emissions, lengths) = chain(seed), sentences(seed, [4, 1, 5, 2])
    found = both_ways(emissions, *weights, lengths)
    best, scores = viterbi(emissions, *weights, lengths)
    pairs = torch.zeros(COUNT, COUNT, dtype=torch.float64)
    for row, length in enumerate(lengths.tolist()):
        paths = list(product(range(COUNT), repeat=length))
        every = torch.stack([score(path, emissions[row], weights) for path in paths])
        assert torch.allclose(found.log_z[row], every.logsumexp(dim=0))
        marginals = torch.zeros(emissions.shape[1:], dtype=torch.float64)
        for path, p in zip(paths, every.softmax(dim=0), strict=True):
            for t, tag in enumerate(path):
                marginals[t, tag] += p
            for a, b in pairwise(path):
                pairs[a, b] += p
        assert torch.allclose(found.marginals[row], marginals)
        assert tuple(best[row, :length].tolist()) == paths[int(every.argmax())]
        assert not best[row, length:].any()
        assert torch.allclose(scores[row], every.max())
    assert torch.allclose(found.pairs, pairs)


def test_the_gradient_is_that_of_the_logarithm_of_all_paths() -> None:
    model = Chain(COUNT).double()
    emissions, lengths = sentences(1, [3, 1, 4])
    emissions.requires_grad_()
    tags = torch.tensor([[2, 0, 1, 0], [1, 0, 0, 0], [0, 0, 2, 2]])
    loss = model(emissions, tags, lengths)
    loss.backward()
    given = [emissions.grad, *(parameter.grad for parameter in model.parameters())]
    emissions.grad = None
    model.zero_grad()
    weights = (model.transitions, model.start, model.end)
    expected = torch.zeros((), dtype=torch.float64)
    for row, length in enumerate(lengths.tolist()):
        every = [score(path, emissions[row], weights) for path in product(range(COUNT), repeat=length)]
        expected = expected + torch.stack(every).logsumexp(dim=0)
        expected = expected - score(tuple(tags[row, :length].tolist()), emissions[row], weights)
    expected.backward()
    assert torch.allclose(loss, expected)
    for one, other in zip(given, [emissions.grad, *(parameter.grad for parameter in model.parameters())], strict=True):
        assert one is not None and other is not None
        assert torch.allclose(one, other)


def test_in_bf16_the_chain_computes_in_float32() -> None:
    torch.manual_seed(0)
    model = Chain(COUNT)
    emissions, lengths = sentences(2, [6, 3])
    tags = torch.zeros(2, 6, dtype=torch.int64)
    expected = model(emissions.float(), tags, lengths)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(model(emissions.float(), tags, lengths), expected)


@pytest.mark.parametrize("spread", [1.0, 200.0])
def test_five_thousand_places_and_steep_scores_neither_underflow_nor_overflow(spread: float) -> None:
    weights = tuple(part.float() for part in chain(3, spread=spread))
    emissions, lengths = sentences(3, [5000, 7])
    emissions = emissions.float() * spread
    found = both_ways(emissions, *weights, lengths)
    best, scores = viterbi(emissions, *weights, lengths)
    assert found.log_z.isfinite().all()
    assert (found.log_z >= scores - scores.abs() * 1e-5).all()
    assert torch.allclose(found.marginals.sum(dim=2)[0], torch.ones(5000).to(found.marginals))
    assert best.shape == (2, 5000)


def test_batches_of_any_order_agree_with_sentences_alone() -> None:
    weights, (emissions, lengths) = chain(5), sentences(5, [2, 6, 1, 6, 3])
    together = both_ways(emissions, *weights, lengths)
    best, _ = viterbi(emissions, *weights, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = both_ways(emissions[row : row + 1, :length], *weights, lengths[row : row + 1])
        assert torch.allclose(alone.log_z[0], together.log_z[row])
        assert torch.allclose(alone.marginals[0], together.marginals[row, :length])
        path, _ = viterbi(emissions[row : row + 1, :length], *weights, lengths[row : row + 1])
        assert torch.equal(path[0], best[row, :length])


def test_cats_cannot_fly() -> None:
    """Worked by hand. Tags N and V; e_t in logarithms of 2, 1, 3 (N) and 1, 2, 1 (V); after N stands V with weight 3,
    after V stands N with weight 2, all else has weight 1. The eight paths weigh

        N N N   2·1·1·1·3 =  6    N N V   2·1·1·3·1 =  6    N V N   2·3·2·2·3 = 72    N V V   2·3·2·1·1 = 12
        V N N   1·2·1·1·3 =  6    V N V   1·2·1·3·1 =  6    V V N   1·1·2·2·3 = 12    V V V   1·1·2·1·1 =  2

    and together 122. N V N is the best; `cannot` is V in 72 + 12 + 12 + 2 of the 122.
    """
    emissions = torch.tensor([[[2.0, 1.0], [1.0, 2.0], [3.0, 1.0]]], dtype=torch.float64).log()
    transitions = torch.tensor([[1.0, 3.0], [2.0, 1.0]], dtype=torch.float64).log()
    weights = (transitions, *torch.zeros(2, 2, dtype=torch.float64))
    found = both_ways(emissions, *weights, torch.tensor([3]))
    assert found.log_z.exp().item() == pytest.approx(122)
    assert found.marginals[0, 1].tolist() == pytest.approx([24 / 122, 98 / 122])
    assert found.marginals[0, 0].tolist() == pytest.approx([96 / 122, 26 / 122])
    best, scores = viterbi(emissions, *weights, torch.tensor([3]))
    assert best.tolist() == [[0, 1, 0]]
    assert scores.exp().item() == pytest.approx(72)
