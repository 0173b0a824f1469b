"""The loop: it resumes bit for bit, averages, stops early, and names a batch whose loss is not finite."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipeline import training
from pipeline.problems import Problem
from pipeline.training import checkpoints, schedules
from pipeline.training.options import Options


class Line(nn.Module):
    """y = w x with dropout, so that the state of the random numbers matters."""

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Linear(4, 1)
        self.delay = delay

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        time.sleep(self.delay)
        x = nn.functional.dropout(batch["x"], 0.5, self.training)
        return ((self.weight(x)[:, 0] - batch["y"]) ** 2).sum(), torch.tensor(len(x))


def batches(seed: int, poison: int | None = None) -> training.Batches:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(64, 4)).astype(np.float32)
    y = x.sum(axis=1)
    if poison is not None:
        y[poison] = np.nan

    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        return {"x": torch.from_numpy(x[rows]), "y": torch.from_numpy(y[rows])}

    return training.Batches(np.ones(64, dtype=np.int64), 8, collate, seed=1, ids=[f"row-{i}" for i in range(64)])


def fitted(work: Path, delay: float = 0.0, **options: object) -> tuple[dict[str, Tensor], list[dict[str, float]]]:
    chosen = Options(**({"epochs": 4, "warmup": 4, "lr": 0.01, "precision": "float32", "average": 2} | options))
    training.prepare_device(chosen.seed)
    model = Line(delay)
    history = training.fit(model, train=batches(1), dev=batches(2), options=chosen, work=work)
    return model.state_dict(), history


def test_a_killed_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    expected, history = fitted(tmp_path / "whole")
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "import test_loop\n"
        "from pipeline.training import loop\n"
        "loop.SAVE_EVERY = 0.0\n"
        f"test_loop.fitted(Path({str(tmp_path / 'killed')!r}), delay=0.05)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(Path.cwd())})
    resume = tmp_path / "killed" / "resume.pt"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:  # inside the second epoch
        state = checkpoints.load_resume(resume.parent)
        if state and state["epoch"] == 1 and state["position"] >= 2:
            break
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    state = checkpoints.load_resume(resume.parent)
    assert state is not None and 0 < state["step"] < 32, "the kill came too late to mean anything"
    weights, resumed_history = fitted(tmp_path / "killed")
    assert resumed_history == history
    for name, tensor in expected.items():
        assert torch.equal(weights[name], tensor)
    checkpoints.discard(tmp_path / "killed")
    assert not (tmp_path / "killed").exists()


def test_the_model_is_the_mean_of_the_last_epochs(tmp_path: Path) -> None:
    checkpoints.save_weights(tmp_path, 1, {"w": torch.tensor([1.0]), "n": torch.tensor(1)})
    checkpoints.save_weights(tmp_path, 2, {"w": torch.tensor([4.0]), "n": torch.tensor(2)})
    assert checkpoints.average(tmp_path, [1, 2]) == {"w": torch.tensor([2.5]), "n": torch.tensor(2)}
    checkpoints.prune_weights(tmp_path, [2])
    assert [file.name for file in tmp_path.iterdir()] == ["epoch-0002.safetensors"]


def test_it_stops_when_dev_no_longer_falls(tmp_path: Path) -> None:
    _, history = fitted(tmp_path / "work", epochs=50, patience=2, lr=1e-12, keep="best")
    assert len(history) < 50


def test_a_loss_that_is_not_finite_names_the_batch(tmp_path: Path) -> None:
    training.prepare_device(1)
    with pytest.raises(Problem, match=r"the loss is nan in epoch 1, step \d \(rows .*row-7"):
        training.fit(
            Line(), train=batches(1, poison=7), dev=batches(2), options=Options(precision="float32"), work=tmp_path
        )


def test_a_gradient_or_dev_loss_that_is_not_finite_is_said_too(tmp_path: Path) -> None:
    model = Line()
    model.weight.weight.register_hook(lambda gradient: gradient / 0)
    with pytest.raises(Problem, match=r"the gradient's norm is (nan|inf) in epoch 1, step 1 \(rows row-"):
        training.fit(model, train=batches(1), dev=batches(2), options=Options(precision="float32"), work=tmp_path)
    options = Options(epochs=1, precision="float32")
    with pytest.raises(Problem, match=r"the dev loss is nan in epoch 1, .*row-7"):
        training.fit(Line(), train=batches(1), dev=batches(2, poison=7), options=options, work=tmp_path)


def test_batches_that_count_nothing_end_an_epoch_all_the_same(tmp_path: Path) -> None:
    class Nothing(Line):
        def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
            return super().forward(batch)[0] * 0, torch.tensor(0)

    history = training.fit(
        Nothing(), train=batches(1), dev=batches(2), options=Options(epochs=1, precision="float32"), work=tmp_path
    )
    assert history[0]["train_loss"] == 0


def test_an_empty_split_is_said(tmp_path: Path) -> None:
    empty = training.Batches(np.zeros(0, dtype=np.int64), 8, lambda rows, epoch: {}, seed=1)
    with pytest.raises(Problem, match="split is empty"):
        training.fit(Line(), train=empty, dev=batches(2), options=Options(), work=tmp_path)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("inverse_sqrt", [0.5, 1.0, (4 / 16) ** 0.5]), ("linear", [0.5, 1.0, 0.25]), ("constant", [0.5, 1.0, 1.0])],
)
def test_schedules(schedule: str, expected: list[float]) -> None:
    options = Options(schedule=schedule, warmup=4)
    assert [schedules.share(step, options, steps=20) for step in (2, 4, 16)] == pytest.approx(expected)


def test_a_plan_is_a_function_of_seed_and_epoch_and_takes_every_row_once() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, size=(200, 2))
    made = training.Batches(lengths, 100, lambda rows, epoch: {}, seed=3)
    plan, again, other = made.plan(5), made.plan(5), made.plan(6)
    assert sorted(np.concatenate(plan)) == list(range(200))
    assert all(np.array_equal(a, b) for a, b in zip(plan, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(plan, other, strict=False))
    for rows in plan:
        assert len(rows) == 1 or lengths[rows].max() * len(rows) <= 100


@pytest.mark.slow
def test_two_processes_share_an_epoch_and_agree(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"import os, sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "import test_loop\n"
        f"weights, history = test_loop.fitted(Path({str(tmp_path / 'work')!r}), batch=8)\n"
        f"Path({str(tmp_path)!r}, os.environ['RANK']).write_text(repr((weights, history)))\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(program)]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(Path.cwd())}, check=True, timeout=120)
    assert (tmp_path / "0").read_text() == (tmp_path / "1").read_text()
    with pytest.raises(Problem, match="begun by 2 processes and there are 1: go on with as many"):
        fitted(tmp_path / "work", batch=8)
