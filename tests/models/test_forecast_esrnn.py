"""Smoothing inside a network: what it may see, a season that it learns in seconds, series of any kind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.features.series import Codec
from pipeline.features.series import Config as Features
from pipeline.models import forecast_esrnn
from pipeline.models.forecast_esrnn import Config, Decode, DilatedLSTM, Histories, Network, Train
from pipeline.models.forecasts import Series
from pipeline.outcomes import Forecast
from pipeline.sequences import Sequences

HORIZON, PERIOD = 4, 4
SEASON = np.array([0.6, 1.4, 1.1, 0.9])
SMALL: dict[str, Any] = {"seasons": (4,), "window": 8, "warmup": 4, "hidden": 8, "dilations": ((1, 2),)}


def side(values: list[Any], ids: list[str]) -> Side:
    codec = Codec(Features())
    return Side(codec, Sequences.of([codec.encode(each) for each in values], ids), typed=tuple(values))


def pasts(series: list[np.ndarray], ids: list[str]) -> Side:
    return side([{"values": each.tolist(), "period": PERIOD} for each in series], ids)


def growing(count: int, seed: int = 1) -> list[np.ndarray]:
    """Series that grow by 1 to 3 % a step, each with a share of one season."""
    random = np.random.default_rng(seed)
    series = []
    for _ in range(count):
        t = np.arange(random.integers(32, 48))
        season = np.resize(SEASON ** random.uniform(0.5, 1), len(t))
        series.append(random.uniform(5, 500) * np.exp(random.uniform(0.01, 0.03) * t) * season)
    return series


def data(series: list[np.ndarray]) -> tuple[Data, Side]:
    ids = [f"s{i}" for i in range(len(series))]
    ends = {"test": 0, "dev": HORIZON, "train": 2 * HORIZON}
    cut = {split: [each[: len(each) - end] for each in series] for split, end in ends.items()}
    source = {split: pasts([each[:-HORIZON] for each in values], ids) for split, values in cut.items()}
    target = {split: side([each[-HORIZON:] for each in values], ids) for split, values in cut.items()}
    test = source.pop("test")
    target.pop("test")
    return Data(source, target), test


def decoded(model: Network, source: Side) -> list[Forecast]:
    found = forecast_esrnn.decode(model=model, source=source, target=None, options=Decode())
    return [forecast for [forecast] in found]


def trained(series: list[np.ndarray], work: Path, config: dict[str, Any], **options: Any) -> Network:
    given: dict[str, Any] = {"epochs": 15, "batch": 400, "lr": 0.01, "schedule": "cosine", "warmup": 10, **options}
    model, history = forecast_esrnn.fit(
        data=data(series)[0],
        config=Config.model_validate(config),
        options=Train.model_validate(given),
        needs=(),
        work=work,
    )
    assert all(np.isfinite(list(epoch.values())).all() for epoch in history)
    return model


def test_a_growing_season_is_learnt_and_kept(tmp_path: Path) -> None:
    series = growing(24)
    model = trained(series, tmp_path / "work", {**SMALL, "members": 2}, smoothness=1e-3)
    forecast_esrnn.save(model, tmp_path)
    test = data(series)[1]
    found = decoded(forecast_esrnn.load(tmp_path), test)
    truth = np.array([each[-HORIZON:] for each in series])
    error = np.abs(np.log([each.values for each in found]) - np.log(truth)).mean()
    naive = np.abs(np.log([each[-HORIZON - PERIOD : -HORIZON] for each in series]) - np.log(truth)).mean()
    assert error < naive / 3
    assert all((each.lower <= each.values).all() and (each.values <= each.upper).all() for each in found)
    # alone, a series is forecast as among others; unknown to training, nearly so
    alone = decoded(model, Side(test.codec, Sequences.of([test.sequences[3]], ["s3"]), typed=(test.values[3],)))
    np.testing.assert_allclose(alone[0].values, found[3].values, rtol=1e-4)
    unknown = decoded(model, Side(test.codec, Sequences.of([test.sequences[3]], ["new"]), typed=(test.values[3],)))
    np.testing.assert_allclose(unknown[0].values, found[3].values, rtol=0.1)


def test_training_again_gives_the_same(tmp_path: Path) -> None:
    series = growing(6)
    models = [trained(series, tmp_path / name, {**SMALL, "stride": 2}, epochs=2) for name in ("a", "b")]
    first, second = (dict(model.state_dict()) for model in models)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_dev_is_learnt_from_where_that_is_asked_for(tmp_path: Path) -> None:
    series = growing(6)
    plain = trained(series, tmp_path / "a", SMALL, epochs=1)
    with_dev = trained(series, tmp_path / "b", SMALL, epochs=1, with_dev=True)
    other = [np.r_[each[: -2 * HORIZON], 2 * each[-2 * HORIZON :]] for each in series]
    weights = [model.state_dict()["members.0.out.weight"] for model in (plain, with_dev)]
    again = trained(other, tmp_path / "c", SMALL, epochs=1).state_dict()["members.0.out.weight"]
    assert torch.equal(weights[0], again)
    assert not torch.equal(weights[0], weights[1])


def test_a_forecast_does_not_see_what_comes() -> None:
    torch.manual_seed(1)
    model = Network(Config.model_validate(SMALL), ["a"], HORIZON).eval()
    values = growing(1)[0]
    changed = np.r_[values[:-HORIZON], 5 * values[-HORIZON:]]
    losses, forecasts = [], []
    for each in (values, changed):
        histories = Histories(model, Series(["a"], [PERIOD], [each]), HORIZON)
        batch = histories.batch(np.array([0]))
        batch["weight"] = torch.ones_like(batch["y"])
        losses.append(float(model(batch)[0].detach()))
        steps = model._steps(batch["y"].shape[1] - HORIZON - 1, batch["y"].device)
        forecasts.append(model.members[0](batch, steps)[0].detach())
    torch.testing.assert_close(forecasts[0], forecasts[1])
    assert losses[0] != losses[1]


def test_dilated_lstms_take_turns() -> None:
    torch.manual_seed(1)
    layer = DilatedLSTM(3, 5, 4)
    x = torch.randn(10, 2, 3)
    found = layer(x)
    for turn in range(4):
        mine = [t for t in range(10) if t % 4 == turn]
        lead = torch.zeros(1, 2, 3) if (mine[0] - 4 + 2) >= 0 else torch.zeros(0, 2, 3)  # of the two missing steps
        expected = layer.lstm(torch.cat([lead, x[mine]]))[0][len(lead) :]
        torch.testing.assert_close(found[mine], expected)


@pytest.mark.parametrize("seasons", [(), (4,), (4, 8)])
@pytest.mark.parametrize("values", [[3.0, 4.0], [5.0] * 30, [0.0] * 9, [1e9, 1.0, 0.0, 2.0, 1e-9, 3.0], [2.0] * 400])
def test_any_series_has_a_forecast(seasons: tuple[int, ...], values: list[float]) -> None:
    torch.manual_seed(1)
    model = Network(Config.model_validate({**SMALL, "seasons": seasons, "history": 100}), [], HORIZON).eval()
    [found] = decoded(model, pasts([np.array(values)], ["x"]))
    assert found.values.shape == (HORIZON,)
    assert np.isfinite([found.values, found.lower, found.upper]).all()


def test_a_season_keeps_its_phase_however_much_is_looked_at() -> None:
    """What is learnt of a season belongs to places of the whole series."""
    model = Network(Config.model_validate({**SMALL, "history": 18}), ["a"], HORIZON).eval()
    series = 10 * np.resize(SEASON, 41)
    with torch.no_grad():
        model.members[0].seasons[0][0] = torch.tensor([1.0, 2.0, 3.0, 4.0])
    for length in (38, 39, 41):
        batch = Histories(model, Series(["a"], [PERIOD], [series[:length]])).batch(np.array([0]))
        _, _, [foreseen] = model.members[0].smooth(batch)
        first = foreseen[0, :PERIOD] - batch["season4"][0]
        np.testing.assert_allclose(first.detach(), np.roll([1.0, 2.0, 3.0, 4.0], -((length - 18) % 4)), atol=1e-6)


def test_padding_changes_no_smoothing() -> None:
    torch.manual_seed(1)
    model = Network(Config.model_validate({**SMALL, "seasons": (4, 6)}), ["a", "b"], HORIZON).eval()
    series = [10 * np.resize(SEASON, 33), 20 * np.resize(SEASON[::-1], 48)]
    histories = Histories(model, Series(["a", "b"], [PERIOD] * 2, series))
    alone, padded = histories.batch(np.array([0])), histories.batch(np.array([0, 1]))
    for found, expected in zip(model.members[0].smooth(padded)[:2], model.members[0].smooth(alone)[:2], strict=True):
        torch.testing.assert_close(found[0, -33:], expected[0])
        torch.testing.assert_close(found[0, :15], expected[0, :1].expand(15))
