"""Series → forecasts by one recurrent network for all of them: what a network does without exponential smoothing.

The latest values of a series, as logarithms without the level of the last period and the mean shape of all periods, in
units of the series' usual change, are read by an LSTM, one after another. What it knows at the end says by how much the
next values differ from that level in that season, all at once, each with the ends of its interval (direct multi-horizon
quantiles: Wen et al. 2017, "A multi-horizon quantile recurrent forecaster"). Each epoch draws other windows of the
past.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

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
from pipeline.outcomes import Forecast
from pipeline.params import Row

READS, WRITES = "features", "features"
TOGETHER = 1024  # series that are forecast at once


class Config(Row):
    window: int = Field(28, ge=2)  # values that are read
    hidden: int = Field(64, ge=1)
    layers: int = Field(1, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)


class Train(forecasts.Train):
    windows: int = Field(4, ge=1)  # of each series, drawn anew in each epoch
    batch: int = Field(8192, ge=1)  # values of the windows of a batch


class Decode(Row):
    """There is nothing to choose."""


class Network(nn.Module):
    def __init__(self, config: Config, horizon: int, tau: float = 0.5):
        super().__init__()
        self.config, self.horizon, self.tau = config, horizon, tau
        self.lstm = nn.LSTM(2, config.hidden, config.layers)
        self.dropout = Dropout(config.dropout)
        self.out = nn.Linear(config.hidden, 3 * horizon)

    def forecast(self, batch: dict[str, Tensor]) -> Tensor:
        """`window` [B, W], `change` [B], `base` [B, H] → logs [B, H, 3]."""
        window, unit = batch["window"], UNITS * batch["change"][:, None]
        inputs = (window / unit).clamp(-CLAMP, CLAMP)
        size = magnitude(batch["change"])[:, None].expand_as(inputs)
        states, _ = self.lstm(torch.stack([inputs, size], dim=-1).transpose(0, 1))  # [W, B, hidden]
        told = self.out(self.dropout(states[-1])).unflatten(-1, (self.horizon, 3))
        return batch["base"][..., None] + ordered(told[..., 0], told[..., 1:]) * unit[..., None]

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`truth` and `weight` [B, H] besides → summed loss, count of values."""
        loss = quantile_loss(batch["truth"], self.forecast(batch), self.tau)
        return (batch["weight"] * loss).sum(), torch.tensor(batch["truth"].numel()).to(loss)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Network, list[dict[str, float]]]:
    steps = horizon(data)
    train, dev = whole(data, "dev" if options.with_dev else "train"), whole(data, "dev")
    training.prepare_device(options.seed)
    model = Network(config, steps, options.tau)
    made = {"train": _batches(model, train, options, drawn=True), "dev": _batches(model, dev, options)}
    return model, training.fit(model, train=made["train"], dev=made["dev"], options=options, work=work)


@torch.inference_mode()
def decode(*, model: Network, source: Side, target: Any, options: Decode) -> Iterator[list[Forecast]]:
    series = past(source)
    logs = series.logs()
    for start in range(0, len(logs), TOGETHER):
        here = range(start, min(start + TOGETHER, len(logs)))
        windows = [_window(logs[i], series.periods[i], model) for i in here]
        for values in model.forecast(_stacked(windows)).double().numpy() if windows else ():
            yield [forecast(np.exp(values))]


def _batches(model: Network, series: Series, options: Train, drawn: bool = False) -> training.Batches:
    """The windows before the last horizon; or, `drawn`, as many of each series as the options say, from anywhere."""
    steps, logs, worth = model.horizon, series.logs(), weights(series, model.horizon)
    count = options.windows if drawn else 1

    def example(row: int, epoch: int) -> dict[str, np.ndarray]:
        i = row // count
        end = len(logs[i]) - steps
        if drawn:
            least = min(model.config.window, end)
            end = int(np.random.default_rng((options.seed, epoch, row)).integers(least, end + 1))
        ahead = slice(end, end + steps)
        return {**_window(logs[i][:end], series.periods[i], model), "truth": logs[i][ahead], "weight": worth[i][ahead]}

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        return _stacked([example(row, epoch) for row in rows.tolist()])

    lengths = np.full(count * len(logs), model.config.window)
    return training.Batches(
        lengths, options.batch, collate, options.seed, [i for i in series.ids for _ in range(count)]
    )


def _window(logs: np.ndarray, period: int, model: Network) -> dict[str, np.ndarray]:
    """What the network reads of a history [T]; one shorter than the window is led up to by its first value."""
    latest = logs[-model.config.window :]
    season, level = _season(latest, period)
    rest = latest - np.resize(season[::-1], len(latest))[::-1] - level  # the last value stands in the season's last
    return {
        "window": np.r_[np.full(model.config.window - len(rest), rest[0]), rest],
        "change": np.array(change(logs, period)),
        "base": level + np.resize(season, model.horizon),
    }


def _season(logs: np.ndarray, period: int) -> tuple[np.ndarray, float]:
    """The mean shape of the latest whole periods [m], nought on average, and the mean of the last one."""
    whole_periods = len(logs) // period
    if not whole_periods:
        return np.zeros(period), float(logs.mean())
    table = logs[len(logs) - whole_periods * period :].reshape(whole_periods, period)
    return table.mean(axis=0) - table.mean(), float(table[-1].mean())


def _stacked(examples: list[dict[str, np.ndarray]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.stack([e[name] for e in examples]).astype(np.float32)) for name in examples[0]}


def save(model: Network, folder: Path) -> None:
    save_module(model, model.config, {"horizon": model.horizon}, folder)


def load(folder: Path) -> Network:
    loaded: Network = load_module(Network, Config, folder)
    return loaded
