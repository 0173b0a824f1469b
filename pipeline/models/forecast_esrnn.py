"""Series → forecasts by exponential smoothing inside a recurrent network (Smyl 2020, "A hybrid method of exponential
smoothing and recurrent neural networks for time series forecasting"): the winner of the M4 competition.

Each series has a level and seasons of its own, smoothed by coefficients of its own (see `smoothing.py`). What remains
of the latest window when they are taken out is alike in all series, and one network reads it, at every step of the
past: residual blocks of dilated LSTMs (section 3.3), with a linear way around them. It says how the next values differ
from the level in the season that is foreseen. All is learnt together, by the quantiles of every forecast that could
have been made in the past. Beside the paper: an error weighs what it weighs in the OWA that forecasts are ranked by;
seasons begin as they are in the first periods, and what is learnt is how they differ from that, so that a series that
training has not seen can be forecast as well.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline import training
from pipeline.data import Data, Side
from pipeline.models import forecasts
from pipeline.models.forecasts import (
    CLAMP,
    UNITS,
    Series,
    change,
    forecast,
    horizon,
    magnitude,
    ordered,
    past,
    quantile_loss,
    weights,
    whole,
)
from pipeline.models.layers import Dropout, load_module, save_module
from pipeline.models.smoothing import smooth
from pipeline.outcomes import Forecast
from pipeline.params import Row

READS, WRITES = "features", "features"
PACE = 4.0  # times as fast as the network's weights learn the coefficients of a series: it has few chances to
TOGETHER = 256  # series that are forecast at once
Block = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]


class Config(Row):
    seasons: tuple[Annotated[int, Field(ge=2)], ...] = ()  # periods: 24, 168 of hourly values
    alpha: float = Field(0.7, gt=0, lt=1)  # the share of news in a level, as every series begins with it
    gamma: float = Field(0.15, gt=0, lt=1)  # and in a season
    window: int = Field(28, ge=1)  # values that the network reads at a step
    history: int = Field(1000, ge=1)  # latest values of a series that are looked at
    warmup: int = Field(12, ge=1)  # values before the first forecast
    stride: int = Field(1, ge=1)  # values from one step of the network to the next
    hidden: int = Field(40, ge=1)
    dilations: tuple[Block, ...] = Field(((1, 2), (4, 8)), min_length=1)  # in steps, of the LSTMs of each block
    dropout: float = Field(0.0, ge=0, lt=1)
    members: int = Field(1, ge=1)  # networks with their own coefficients, whose forecasts are averaged


class Train(forecasts.Train):
    batch: int = Field(32768, ge=1)  # values of the series of a batch
    smoothness: float = Field(0.0, ge=0)  # what a level that changes its course costs (section 3.4)


class Decode(Row):
    """There is nothing to choose."""


class DilatedLSTM(nn.Module):
    """An LSTM whose state comes from d steps before (Chang et al. 2017): d LSTMs that take turns."""

    def __init__(self, inputs: int, hidden: int, dilation: int):
        super().__init__()
        self.dilation = dilation
        self.lstm = nn.LSTM(inputs, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[S, B, C] → [S, B, hidden]."""
        steps, batch, width = x.shape
        missing = -steps % self.dilation
        turns = F.pad(x, (0, 0, 0, 0, missing, 0)).view(-1, self.dilation * batch, width)
        return self.lstm(turns)[0].reshape(steps + missing, batch, -1)[missing:]


class Member(nn.Module):
    """One network and its smoothing coefficients."""

    def __init__(self, config: Config, series: int, horizon: int):
        super().__init__()
        self.config, self.horizon = config, horizon
        self.alpha = nn.Parameter(torch.zeros(series + 1))  # the last is that of unknown series
        self.gammas = nn.ParameterList([nn.Parameter(torch.zeros(series + 1)) for _ in config.seasons])
        self.seasons = nn.ParameterList([nn.Parameter(torch.zeros(series + 1, m)) for m in config.seasons])
        inputs = config.window + 1 + (horizon if config.seasons else 0)
        self.blocks = nn.ModuleList()
        width = inputs
        for dilations in config.dilations:
            sizes = [width, *[config.hidden] * (len(dilations) - 1)]
            lstms = zip(sizes, dilations, strict=True)
            self.blocks.append(nn.Sequential(*(DilatedLSTM(size, config.hidden, d) for size, d in lstms)))
            width = config.hidden
        self.dropout = Dropout(config.dropout)
        self.around = nn.Linear(inputs, horizon)
        self.out = nn.Linear(config.hidden, 3 * horizon)
        with torch.no_grad():  # it begins as exponential smoothing
            self.around.weight.zero_()
            self.around.bias.zero_()
            self.out.weight.mul_(0.3)

    def smooth(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
        """→ values without their seasons [B, T], levels [B, T], seasons as they were foreseen [B, T + m] each."""
        y, rows = batch["y"], batch["row"]
        alpha = torch.sigmoid(PACE * self.alpha[rows] + _logit(self.config.alpha))
        gammas = [torch.sigmoid(PACE * gamma[rows] + _logit(self.config.gamma)) for gamma in self.gammas]
        seasons = []
        for m, own in zip(self.config.seasons, self.seasons, strict=True):
            phases = (batch["begin"][:, None] + torch.arange(m, device=y.device)) % m
            seasons.append(batch[f"season{m}"] + own[rows[:, None], phases])
        # Padding is the first value in season, so that nothing is learnt from it.
        place, gap = torch.arange(y.shape[1], device=y.device), batch["gap"][:, None]
        season = sum((each[:, place % each.shape[1]] for each in seasons), torch.zeros_like(y))
        level = (y - season).gather(1, gap)  # [B, 1]
        y = torch.where(place < gap, level + season, y)
        levels, foreseen = smooth(y, alpha, gammas, seasons, level[:, 0])
        return y - sum(each[:, : y.shape[1]] for each in foreseen), levels, foreseen

    def network(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[S, B, C] → the next values [S, B, H], and how far the ends of their intervals are [S, B, H, 2]."""
        z = self.dropout(self.blocks[0](x))
        for block in self.blocks[1:]:
            z = z + self.dropout(block(z))
        told = self.out(z).unflatten(-1, (self.horizon, 3))
        return told[..., 0] + self.around(x), told[..., 1:]

    def forward(self, batch: dict[str, Tensor], steps: Tensor) -> tuple[Tensor, Tensor]:
        """Logs y [B, T] and what stands beside them, steps [S] (places in T) → forecasts [S, B, H, 3], levels."""
        config, y = self.config, batch["y"]
        rest, levels, foreseen = self.smooth(batch)
        windows = F.pad(rest, (config.window - 1, 0), mode="replicate").unfold(1, config.window, 1)[:, steps]
        unit = UNITS * batch["change"][:, None, None]  # [B, 1, 1]
        level = levels[:, steps, None]
        inputs = [(windows - level) / unit, magnitude(batch["change"])[:, None, None].expand(-1, len(steps), 1)]
        ahead = torch.arange(self.horizon, device=y.device)
        season = torch.zeros_like(level)
        for m, each in zip(config.seasons, foreseen, strict=True):  # beyond a period, as in the period before
            season = season + each[:, steps[:, None] + 1 + ahead % m]
        if foreseen:
            inputs.append(season / unit)
        x = torch.cat([each.clamp(-CLAMP, CLAMP) for each in inputs], dim=2).transpose(0, 1)
        points, spreads = self.network(x)
        unit = unit.transpose(0, 1)  # [1, B, 1]
        found = ordered(points, spreads) * unit[..., None]
        return found + (level + season).transpose(0, 1)[..., None], levels


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


class Network(nn.Module):
    def __init__(self, config: Config, ids: list[str], horizon: int, tau: float = 0.5, smoothness: float = 0.0):
        """`ids`: of the series that have coefficients of their own; `tau` and `smoothness`: see Train."""
        super().__init__()
        self.config, self.ids, self.horizon, self.tau, self.smoothness = config, ids, horizon, tau, smoothness
        self.members = nn.ModuleList([Member(config, len(ids), horizon) for _ in range(config.members)])

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`y` [B, T + H], the last H values to be forecast alone in evaluation → summed loss, count of values.

        In training, every forecast counts that the past allows, from a stride's places chosen at random.
        """
        y = batch["y"]
        end = last = y.shape[1] - self.horizon - 1
        if self.training:
            end -= min(int(torch.randint(self.config.stride, ())), end)
        steps = self._steps(end, y.device)
        places = steps[:, None] + torch.arange(1, self.horizon + 1, device=y.device)  # [S, H]
        first = last - batch["known"] + self.config.warmup  # [B]: before that stands padding
        counted = steps[:, None] >= (first if self.training else torch.full_like(first, last))  # [S, B]
        weight = batch["weight"][:, places].transpose(0, 1) * counted[..., None]
        truth = y[:, places].transpose(0, 1)  # [S, B, H]
        loss = torch.zeros((), device=y.device)
        for member in self.members:
            found, levels = member(batch, steps)
            loss = loss + (weight * quantile_loss(truth, found, self.tau)).sum()
            if self.training and self.smoothness:
                bends = levels.diff(dim=1).diff(dim=1) / batch["change"][:, None]
                loss = loss + self.smoothness * bends.square().mean() * weight.sum()
        return loss, counted.sum() * self.horizon * len(self.members)

    def _steps(self, end: int, device: torch.device) -> Tensor:
        """Places of forecasts, a stride apart, the last at `end`."""
        first = min(self.config.warmup - 1, end)
        return torch.arange(end, first - 1, -self.config.stride, device=device).flip(0)

    def forecast(self, batch: dict[str, Tensor]) -> Tensor:
        """`y` [B, T] → what follows it, [B, H, 3]: the mean of the members."""
        steps = self._steps(batch["y"].shape[1] - 1, batch["y"].device)
        return torch.stack([member(batch, steps)[0][-1] for member in self.members]).mean(0)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    steps = horizon(data)
    train, dev = whole(data, "dev" if options.with_dev else "train"), whole(data, "dev")
    training.prepare_device(options.seed)
    model = Network(config, train.ids, steps, options.tau, options.smoothness)
    made = {name: _batches(model, series, options) for name, series in (("train", train), ("dev", dev))}
    return model, training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)


@torch.inference_mode()
def decode(*, model: Network, source: Side, target: Any, options: Decode) -> Iterator[list[Forecast]]:
    series = past(source)
    histories = Histories(model, series)
    found: list[Forecast | None] = [None] * len(series.ids)
    for length in np.unique(histories.known):  # without padding: a forecast does not depend on what it is made with
        alike = np.flatnonzero(histories.known == length)
        for rows in np.split(alike, range(TOGETHER, len(alike), TOGETHER)):
            for row, values in zip(rows, model.forecast(histories.batch(rows)).double().numpy(), strict=True):
                found[row] = forecast(np.exp(values + histories.middles[row]))
    yield from ([each] for each in found if each is not None)


class Histories:
    """Series as a network takes them: logarithms about the last known one, changes, first seasons."""

    def __init__(self, model: Network, series: Series, ahead: int = 0):
        """`ahead`: values at the end of each series that are to be forecast, and so are not known."""
        self.config, self.ahead = model.config, ahead
        places = {name: place for place, name in enumerate(model.ids)}
        self.rows = np.array([places.get(name, len(places)) for name in series.ids])
        logs = series.logs()
        self.starts = [max(len(y) - ahead - self.config.history, 0) for y in logs]
        self.known = np.array([len(y) - ahead - start for y, start in zip(logs, self.starts, strict=True)])
        self.middles = [float(y[-ahead - 1]) for y in logs]
        self.logs = [y[start:] - m for y, start, m in zip(logs, self.starts, self.middles, strict=True)]
        self.changes = np.array(
            [change(y[:n], p) for y, n, p in zip(self.logs, self.known, series.periods, strict=True)]
        )
        self.seasons = [_first_seasons(y[:n], self.config.seasons) for y, n in zip(self.logs, self.known, strict=True)]

    def batch(self, rows: np.ndarray) -> dict[str, Tensor]:
        """`y` [B, T + ahead], shorter series padded in front by their first value; a season begins where y does."""
        longest = int(self.known[rows].max())
        gaps = (longest - self.known[rows]).tolist()
        y = np.stack([np.r_[np.full(gap, self.logs[i][0]), self.logs[i]] for i, gap in zip(rows, gaps, strict=True)])
        made = {
            "y": torch.from_numpy(y.astype(np.float32)),
            "row": torch.from_numpy(self.rows[rows]),
            "known": torch.from_numpy(self.known[rows]),
            "gap": torch.tensor(gaps),
            "begin": torch.tensor([self.starts[i] - gap for i, gap in zip(rows, gaps, strict=True)]),
            "change": torch.from_numpy(self.changes[rows].astype(np.float32)),
        }
        for j, m in enumerate(self.config.seasons):
            first = [np.roll(self.seasons[i][j], gap) for i, gap in zip(rows, gaps, strict=True)]
            made[f"season{m}"] = torch.from_numpy(np.stack(first).astype(np.float32))
        return made


def _batches(model: Network, series: Series, options: Train) -> training.Batches:
    histories = Histories(model, series, model.horizon)
    worth = [each[start:] for each, start in zip(weights(series, model.horizon), histories.starts, strict=True)]

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        batch = histories.batch(rows)
        weight = np.zeros(batch["y"].shape, dtype=np.float32)
        for line, row in zip(weight, rows, strict=True):
            line[len(line) - len(worth[row]) :] = worth[row]
        return {**batch, "weight": torch.from_numpy(weight)}

    # As if all were as long as the longest: a batch is to hold series of all kinds, which differ by their lengths.
    lengths = np.full(len(series.ids), histories.known.max())
    return training.Batches(lengths, options.batch, collate, options.seed, series.ids)


def _first_seasons(y: np.ndarray, periods: Sequence[int]) -> list[np.ndarray]:
    """The seasons [m] that logarithms [T] begin with, the shorter taken out of the longer: additive decomposition of
    the first four periods. Nought of a period that is not seen twice."""
    found = []
    rest = y
    for m in periods:
        if len(rest) < 2 * m:
            found.append(np.zeros(m))
            continue
        first = rest[: 4 * m]
        weights = np.ones(m) if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5]
        trend = np.convolve(first, weights / m, mode="valid")
        half = len(weights) // 2
        phases = (half + np.arange(len(trend))) % m
        sums = np.bincount(phases, weights=first[half : half + len(trend)] - trend, minlength=m)
        season = sums / np.bincount(phases, minlength=m)
        found.append(season - season.mean())
        rest = rest - np.resize(found[-1], len(rest))
    return found


def save(model: Network, folder: Path) -> None:
    save_module(model, model.config, {"ids": model.ids, "horizon": model.horizon}, folder)


def load(folder: Path) -> Network:
    loaded: Network = load_module(Network, Config, folder)
    return loaded
