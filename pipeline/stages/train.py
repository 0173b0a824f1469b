"""A source and a target, train and dev → data/models/<system> and its curves."""

import os

from pipeline import paths
from pipeline.code import digest
from pipeline.curves import write_curves
from pipeline.data import Data, load_side
from pipeline.params import configure, craft, load, row


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    architecture = craft("models", system.model.kind, f"systems.{name}.model")
    config = configure(architecture.Config, system.model.options, f"systems.{name}.model")
    options = configure(architecture.Train, system.train, f"systems.{name}.train")
    data = Data(
        source={split: load_side(system.source, system.corpus, split) for split in ("train", "dev")},
        target={split: load_side(system.target, system.corpus, split) for split in ("train", "dev")},
    )
    model, history = architecture.fit(
        data=data,
        config=config,
        options=options,
        needs=paths.model(system.needs),
        work=paths.work(f"train@{name}", digest(system)),
    )
    if int(os.environ.get("RANK", "0")):  # under torchrun the first process alone writes
        return
    with paths.replacing(paths.model(name)) as folder:
        architecture.save(model, folder)
    with paths.replacing(paths.curves(name)) as folder:
        write_curves(history, folder)
