"""What a training keeps on disk so that a kill costs at most a minute: work/train@<system>-<hash>/.

`resume.pt` is everything the loop needs to go on bit for bit, written beside and renamed; `epoch-NNNN.safetensors` are
the weights to average.
"""

import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from pipeline.paths import replacing_file
from pipeline.problems import Problem

Weights = dict[str, torch.Tensor]


def weights_of(model: nn.Module) -> Weights:
    """A model's parameters and buffers, each once: tied ones under their first name."""
    state = model.state_dict()
    names = [name for name, _ in [*model.named_parameters(), *model.named_buffers()] if name in state]
    return {name: state[name].detach().cpu().contiguous() for name in names}


def set_weights(model: nn.Module, weights: Weights) -> None:
    """The inverse of `weights_of`."""
    missing = weights_of(model).keys() - weights.keys()
    unexpected = weights.keys() - model.state_dict().keys()
    if missing or unexpected:
        raise Problem(
            f"the weights do not fit the model (missing: {sorted(missing)}, unexpected: {sorted(unexpected)}): "
            "they were trained by another version or with other parameters: run `dvc repro`"
        )
    model.load_state_dict(weights, strict=False)


def save_resume(work: Path, state: dict[str, Any]) -> None:
    with replacing_file(work / "resume.pt") as partial:
        torch.save(state, partial)


def load_resume(work: Path) -> dict[str, Any] | None:
    """The state at the last save, or None. Tensors and plain values alone are loaded: no code is run."""
    file = work / "resume.pt"
    return torch.load(file, weights_only=True, map_location="cpu") if file.is_file() else None


def discard(work: Path) -> None:
    """Remove what a training kept. The state goes first: what is left without it is no checkpoint, but rubbish."""
    (work / "resume.pt").unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)


def save_weights(work: Path, epoch: int, weights: Weights) -> None:
    with replacing_file(_file(work, epoch)) as partial:
        save_file(weights, partial)


def prune_weights(work: Path, keep: list[int]) -> None:
    """Remove the weights of every epoch that is not in `keep`."""
    wanted = {_file(work, epoch) for epoch in keep}
    for file in work.glob("epoch-*.safetensors"):
        if file not in wanted:
            file.unlink()


def average(work: Path, epochs: list[int]) -> Weights:
    """The mean of the weights of several epochs, in float64 on the way; integer buffers are the last epoch's."""
    total = load_file(_file(work, epochs[-1]))
    floating = {name: tensor.double() for name, tensor in total.items() if tensor.is_floating_point()}
    for epoch in epochs[:-1]:
        weights = load_file(_file(work, epoch))
        for name, tensor in floating.items():
            tensor += weights[name]
    return total | {name: (tensor / len(epochs)).to(total[name].dtype) for name, tensor in floating.items()}


def _file(work: Path, epoch: int) -> Path:
    return work / f"epoch-{epoch:04d}.safetensors"
