"""Smoothing in blocks is smoothing value by value."""

import pytest
import torch
from torch import Tensor

from pipeline.models.smoothing import smooth


def plain(
    y: Tensor, alpha: Tensor, gammas: list[Tensor], seasons: list[Tensor], level: Tensor
) -> tuple[Tensor, list[Tensor]]:
    found = [list(season.unbind(1)) for season in seasons]
    levels = []
    for t, value in enumerate(y.unbind(1)):
        season = sum((s[t] for s in found), torch.zeros_like(value))
        level = alpha * (value - season) + (1 - alpha) * level
        for s, gamma in zip(found, gammas, strict=True):
            s.append(gamma * (value - level - (season - s[t])) + (1 - gamma) * s[t])
        levels.append(level)
    return torch.stack(levels, 1), [torch.stack(s, 1) for s in found]


@pytest.mark.parametrize("periods", [(), (7,), (4, 6), (3, 12)])
def test_blocks_are_the_equations(periods: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(1)
    y = torch.randn(5, 71, generator=generator, dtype=torch.float64)
    alpha = torch.rand(5, generator=generator, dtype=torch.float64)
    gammas = [torch.rand(5, generator=generator, dtype=torch.float64) for _ in periods]
    seasons = [torch.randn(5, m, generator=generator, dtype=torch.float64) for m in periods]
    expected = plain(y, alpha, gammas, seasons, y[:, 0])
    found = smooth(y, alpha, gammas, seasons, y[:, 0])
    torch.testing.assert_close(found, expected)


def test_a_level_knows_nothing_of_what_comes() -> None:
    y = torch.arange(20.0)[None].repeat(2, 1)
    y[1, 11:] = 100
    levels, [season] = smooth(y, torch.full((2,), 0.3), [torch.full((2,), 0.2)], [torch.zeros(2, 5)], y[:, 0])
    torch.testing.assert_close(levels[0, :11], levels[1, :11])
    torch.testing.assert_close(season[0, :16], season[1, :16])
    assert (levels[0, 11:] != levels[1, 11:]).all()
