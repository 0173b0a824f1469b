"""A model and its batches → trained weights and an epoch's numbers. Killed and started again, the weights are the same.

Every model trains here: its `forward(batch)` gives the summed loss and the number of units (tokens, frames) it is
summed over. Runs on a CPU, on a GPU, and on several through `torchrun`; each process takes every n-th batch of one
seeded plan.
"""

import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from pipeline.problems import Problem
from pipeline.training import checkpoints, schedules
from pipeline.training.batches import Batch, Batches
from pipeline.training.options import Options

SAVE_EVERY = 60.0  # seconds between checkpoints inside an epoch: what a kill may cost


def prepare_device(seed: int) -> None:
    """Seed and set torch up; a craft calls it before it builds its model. One thread: stages run side by side."""
    torch.manual_seed(seed)
    if torch.cuda.is_available():
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats itself with it alone
        torch.use_deterministic_algorithms(True, warn_only=True)
    else:
        torch.set_num_threads(1)
        torch.set_float32_matmul_precision("medium")  # on a CPU: AVX-512 routes with float32's accuracy kept


def fit(model: nn.Module, *, train: Batches, dev: Batches, options: Options, work: Path) -> list[dict[str, float]]:
    """Train `model` in place: afterwards it holds the averaged weights.

    Returns a dict of numbers an epoch (train_loss, dev_loss, lr). `work` holds what a kill must not cost: remove it by
    `checkpoints.discard` when the model is saved. Raises Problem where a loss or a gradient is not finite, naming the
    batch; `work` then keeps the last good state.
    """
    if not len(train.lengths) or not len(dev.lengths):
        raise Problem(
            "training: the train or the dev split is empty: see the corpus's summary and its rejected.parquet"
        )
    AcceleratorState._reset_state()  # a process may train twice, in two precisions
    accelerator = Accelerator(cpu=not torch.cuda.is_available(), mixed_precision=_precision(options))
    run = _Run(model, train, dev, options, accelerator, work)
    run.resume()
    while not run.ended:
        run.epoch_of_training()
    checkpoints.set_weights(model, checkpoints.average(work, run.kept))
    model.eval()
    return run.history


def _precision(options: Options) -> str:
    if options.precision == "auto":
        fast = torch.cuda.is_bf16_supported() if torch.cuda.is_available() else torch.cpu._is_avx512_bf16_supported()
        return "bf16" if fast else "no"
    return "bf16" if options.precision == "bf16" else "no"


class _Run:
    """The state of one training: what a checkpoint holds, and how it moves on."""

    def __init__(
        self, model: nn.Module, train: Batches, dev: Batches, options: Options, accelerator: Accelerator, work: Path
    ):
        self.train, self.dev, self.options, self.accelerator, self.work = train, dev, options, accelerator, work
        self.bare = model
        fused = accelerator.device.type in ("cpu", "cuda")
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=options.lr, betas=options.betas, weight_decay=options.weight_decay, fused=fused
        )
        self.model, self.optimizer = accelerator.prepare(model, optimizer)
        torch.manual_seed(options.seed + accelerator.process_index)  # each process draws masks of its own
        self.epoch = 0  # epochs done
        self.position = 0  # steps done of the epoch under way
        self.step = 0  # steps done in all
        self.loss_sum = 0.0  # of the epoch under way
        self.units = 0.0
        self.history: list[dict[str, float]] = []
        self.steps = options.epochs * math.ceil(len(train.plan(0)) / self._stride)  # about: plans differ in length

    @property
    def _on_gpu(self) -> bool:
        return bool(self.accelerator.device.type == "cuda")

    @property
    def _stride(self) -> int:
        """Batches that one step takes over all processes."""
        return self.accelerator.num_processes * self.options.accumulate

    @property
    def kept(self) -> list[int]:
        """The epochs whose weights are averaged, of those that are done."""
        epochs = list(range(1, self.epoch + 1))
        if self.options.keep == "best":
            epochs = sorted(
                sorted(epochs, key=lambda epoch: self.history[epoch - 1]["dev_loss"])[: self.options.average]
            )
        return epochs[-self.options.average :]

    @property
    def ended(self) -> bool:
        if self.epoch >= self.options.epochs:
            return True
        losses = [numbers["dev_loss"] for numbers in self.history]
        patience = self.options.patience
        return bool(patience and len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience]))

    def resume(self) -> None:
        state = checkpoints.load_resume(self.work)
        if state is None:
            return
        if state["processes"] != self.accelerator.num_processes:
            raise Problem(
                f"{self.work} was begun by {state['processes']} processes and there are "
                f"{self.accelerator.num_processes}: go on with as many, or remove the folder to begin anew"
            )
        self.bare.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        rng = state["rng"][self.accelerator.process_index]
        torch.cuda.set_rng_state(rng) if self._on_gpu else torch.set_rng_state(rng)
        for name in ("epoch", "position", "step", "loss_sum", "units", "history"):
            setattr(self, name, state[name])
        if self.accelerator.is_main_process:
            print(f"resumed after epoch {self.epoch}, step {self.position} of the next", flush=True)

    def save(self) -> None:
        rng = torch.cuda.get_rng_state() if self._on_gpu else torch.get_rng_state()
        states = self.accelerator.gather(rng[None].to(self.accelerator.device)).cpu()  # [processes, state]
        if self.accelerator.is_main_process:
            state: dict[str, Any] = {
                name: getattr(self, name) for name in ("epoch", "position", "step", "loss_sum", "units", "history")
            }
            state |= {"model": self.bare.state_dict(), "optimizer": self.optimizer.state_dict(), "rng": list(states)}
            state["processes"] = self.accelerator.num_processes
            checkpoints.save_resume(self.work, state)

    def epoch_of_training(self) -> None:
        plan = self.train.plan(self.epoch)
        groups = [plan[i : i + self._stride] for i in range(0, len(plan), self._stride)]
        self.model.train()
        began, saved, units_before = time.monotonic(), time.monotonic(), self.units
        with _progress(f"epoch {self.epoch + 1}/{self.options.epochs}", len(groups), self.accelerator) as advance:
            advance(self.position, "")
            for group in groups[self.position :]:
                self._step(group)
                self.position += 1
                rate = (self.units - units_before) / (time.monotonic() - began)
                advance(1, f"loss {self.loss_sum / max(self.units, 1.0):.3f}  {rate:,.0f} units/s")
                if self._agreed(time.monotonic() - saved > SAVE_EVERY):
                    self.save()
                    saved = time.monotonic()
        seconds = time.monotonic() - began
        self._close_epoch((self.units - units_before) / seconds, seconds)

    def _step(self, group: list[Any]) -> None:
        """One step of the optimizer over `group`: this process takes its share of the batches."""
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        self.step += 1
        rate = self.options.lr * schedules.share(self.step, self.options, self.steps)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = rate
        mine = [(rows, 1.0) for rows in group[rank::world]]
        rounds = math.ceil(len(group) / world)
        mine += [(group[0], 0.0)] * (rounds - len(mine))  # every process takes as many: an extra one counts nothing
        totals = torch.zeros(2, dtype=torch.float64, device=self.accelerator.device)
        for i, (rows, weight) in enumerate(mine):
            with self.accelerator.no_sync(self.model) if i + 1 < rounds else _nothing():
                loss, count = self.model(self._tensors(self.train, rows))
                self._expect_finite("loss", loss.detach().item(), self.train, rows)
                self.accelerator.backward(loss * weight)
                totals += torch.stack([loss.detach().double(), count.double()]) * weight
        if world > 1:
            totals = self.accelerator.reduce(totals, "sum")
        loss_sum, count_sum = totals.tolist()
        # Summed losses were given to backward: the mean a unit comes here, once, over all batches of the step.
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(world / max(count_sum, 1.0))
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), self.options.clip)
        self._expect_finite("gradient's norm", norm.item(), self.train, mine[0][0])
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.loss_sum += loss_sum
        self.units += count_sum

    def _expect_finite(self, what: str, value: float, batches: Batches, rows: Any) -> None:
        if math.isfinite(value):
            return
        names = batches.names(rows)
        kept = f"; the last good state is kept in {self.work}" if (self.work / "resume.pt").is_file() else ""
        raise Problem(
            f"training: the {what} is {value} in epoch {self.epoch + 1}, step {self.position + 1} (rows "
            f"{', '.join(names[:8])}{', ...' if len(names) > 8 else ''}): lower train.lr or train.clip, or look at "
            f"these rows{kept}"
        )

    def _close_epoch(self, rate: float, seconds: float) -> None:
        dev_loss = self._dev_loss()
        numbers = {
            "train_loss": self.loss_sum / max(self.units, 1.0),
            "dev_loss": dev_loss,
            "lr": float(self.optimizer.param_groups[0]["lr"]),
        }
        self.history.append(numbers)
        self.epoch += 1
        self.position, self.loss_sum, self.units = 0, 0.0, 0.0
        if self.accelerator.is_main_process:
            checkpoints.save_weights(self.work, self.epoch, checkpoints.weights_of(self.bare))
            left = seconds * (self.options.epochs - self.epoch)
            print(
                f"epoch {self.epoch}/{self.options.epochs}  train {numbers['train_loss']:.4f}  dev {dev_loss:.4f}  "
                f"lr {numbers['lr']:.2e}  {rate:,.0f} units/s  ends in {left / 60:.1f} min at the latest",
                flush=True,
            )
        self.save()
        if self.accelerator.is_main_process:
            checkpoints.prune_weights(self.work, self.kept)

    def _agreed(self, wish: bool) -> bool:
        """The main process's wish, on every process: clocks differ, and a save is made by all together."""
        if self.accelerator.num_processes == 1:
            return wish
        return bool(broadcast(torch.tensor(int(wish), device=self.accelerator.device)).item())

    @torch.no_grad()
    def _dev_loss(self) -> float:
        """The loss a unit on dev, without dropout; every process computes all of it, so that all agree."""
        self.model.eval()
        totals = torch.zeros(2, dtype=torch.float64, device=self.accelerator.device)
        for rows in self.dev.plan(0):
            loss, count = self.model(self._tensors(self.dev, rows))
            self._expect_finite("dev loss", loss.item(), self.dev, rows)
            totals += torch.stack([loss.double(), count.double()])
        loss_sum, count_sum = totals.tolist()
        return loss_sum / max(count_sum, 1.0)

    def _tensors(self, batches: Batches, rows: Any) -> Batch:
        return {k: v.to(self.accelerator.device) for k, v in batches.collate(rows, self.epoch).items()}


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


class _progress:
    """A bar with the time left on a terminal; nothing elsewhere, where each epoch prints a line."""

    def __init__(self, title: str, total: int, accelerator: Accelerator):
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            transient=True,
            disable=not (sys.stderr.isatty() and accelerator.is_main_process),
        )
        self.task = self.bar.add_task(title, total=total, note="")

    def __enter__(self) -> Callable[[int, str], None]:
        self.bar.start()
        return lambda steps, note: self.bar.update(self.task, advance=steps, note=note)

    def __exit__(self, *_: object) -> None:
        self.bar.stop()
