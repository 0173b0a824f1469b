"""One network for all series: a growing season is learnt in seconds; series of any kind have a forecast."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.features.series import Codec
from pipeline.features.series import Config as Features
from pipeline.models import forecast_rnn
from pipeline.models.forecast_rnn import Config, Decode, Network, Train
from pipeline.outcomes import Forecast
from pipeline.sequences import Sequences

HORIZON, PERIOD = 4, 4
SEASON = np.array([0.6, 1.4, 1.1, 0.9])


def side(values: list[Any], period: int | None = None) -> Side:
    codec = Codec(Features())
    typed = values if period is None else [{"values": list(each), "period": period} for each in values]
    return Side(codec, Sequences.of([codec.encode(each) for each in typed]), typed=tuple(typed))


def growing(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    steps = [np.arange(random.integers(30, 48)) for _ in range(count)]
    return [random.uniform(5, 500) * np.exp(random.uniform(0.01, 0.03) * t) * np.resize(SEASON, len(t)) for t in steps]


def data(series: list[np.ndarray]) -> Data:
    cut = {"dev": [each[:-HORIZON] for each in series], "train": [each[: -2 * HORIZON] for each in series]}
    return Data(
        source={split: side([each[:-HORIZON] for each in values], PERIOD) for split, values in cut.items()},
        target={split: side([each[-HORIZON:] for each in values]) for split, values in cut.items()},
    )


def decoded(model: Network, values: list[Any], period: int = PERIOD) -> list[Forecast]:
    found = forecast_rnn.decode(model=model, source=side(values, period), target=None, options=Decode())
    return [forecast for [forecast] in found]


def trained(series: list[np.ndarray], work: Path, **options: Any) -> Network:
    given = {"epochs": 20, "batch": 400, "lr": 0.01, "schedule": "cosine", "warmup": 10, **options}
    model, _ = forecast_rnn.fit(
        data=data(series),
        config=Config(window=12, hidden=16, layers=2, dropout=0.05),
        options=Train.model_validate(given),
        needs=(),
        work=work,
    )
    return model


def test_a_growing_season_is_learnt_and_kept(tmp_path: Path) -> None:
    series = growing(30)
    forecast_rnn.save(trained(series, tmp_path / "work"), tmp_path)
    found = decoded(forecast_rnn.load(tmp_path), [each[:-HORIZON] for each in series])
    truth = np.array([each[-HORIZON:] for each in series])
    error = np.abs(np.log([each.values for each in found]) - np.log(truth)).mean()
    naive = np.abs(np.log([each[-HORIZON - PERIOD : -HORIZON] for each in series]) - np.log(truth)).mean()
    assert error < naive / 2
    assert all((each.lower <= each.values).all() and (each.values <= each.upper).all() for each in found)


def test_training_again_gives_the_same_and_dev_is_learnt_from_when_asked(tmp_path: Path) -> None:
    series = growing(6)
    runs = {"a": False, "b": False, "c": True}
    weights = [trained(series, tmp_path / name, epochs=2, with_dev=dev).out.weight for name, dev in runs.items()]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("period", [1, 4, 50])
@pytest.mark.parametrize("values", [[3.0, 4.0], [5.0] * 30, [0.0] * 9, [1e9, 1.0, 0.0, 2.0, 1e-9, 3.0]])
def test_any_series_has_a_forecast(period: int, values: list[float]) -> None:
    torch.manual_seed(1)
    [found] = decoded(Network(Config(window=12, hidden=4), HORIZON).eval(), [values], period)
    assert found.values.shape == (HORIZON,)
    assert np.isfinite([found.values, found.lower, found.upper]).all()


def test_a_pure_season_needs_no_network() -> None:
    model = Network(Config(window=10, hidden=4), HORIZON).eval()
    with torch.no_grad():
        model.out.weight.zero_()
        model.out.bias.zero_()
    for length in (20, 21, 23):
        [found] = decoded(model, [100 * np.resize(SEASON, length)])
        np.testing.assert_allclose(found.values, 100 * np.resize(np.roll(SEASON, -(length % 4)), 4), rtol=1e-4)
