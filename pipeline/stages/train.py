"""A source and a target, train and dev → data/models/<system> and its curves."""

import os
import shutil
from pathlib import Path

from pipeline import paths
from pipeline.code import digest
from pipeline.curves import write_curves
from pipeline.data import Data, load_side
from pipeline.params import System, configure, craft, load, row
from pipeline.sequences import write_json
from pipeline.training.checkpoints import discard


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    architecture = craft("models", system.model.kind, f"systems.{name}.model")
    config = configure(architecture.Config, system.model.options, f"systems.{name}.model")
    options = configure(architecture.Train, system.train, f"systems.{name}.train")
    inputs = digest(system)
    work = paths.work(f"train@{name}", inputs)
    data = Data(
        source={split: load_side(system.source, system.corpus, split) for split in ("train", "dev")},
        target={split: load_side(system.target, system.corpus, split) for split in ("train", "dev")},
    )
    model, history = architecture.fit(
        data=data,
        config=config,
        options=options,
        needs=tuple(paths.model(other) for other in system.others),
        work=work,
    )
    if int(os.environ.get("RANK", "0")):  # under torchrun the first process alone writes
        return
    with paths.replacing(paths.model(name)) as folder:
        architecture.save(model, folder)
        complete(folder, system, inputs)
    with paths.replacing(paths.curves(name)) as folder:
        write_curves(history, folder)
    discard(work)


def complete(folder: Path, system: System, inputs: str) -> None:
    """What makes the folder a system that is usable by itself: see `pipeline.trained`.

    system.json holds the hash of all that decided the training: where it changes, what uses the system is made anew.
    """
    about = {"kind": system.model.kind, "inputs": inputs, "source": system.source, "target": system.target}
    write_json(folder / "system.json", about)
    for side, place in (("source", system.source), ("target", system.target)):
        shutil.copytree(paths.encoding(place) / "codec", folder / side)
