"""A source and a target, train and dev → data/models/<system> and its curves."""

from importlib import import_module

from pipeline import paths
from pipeline.code import digest
from pipeline.data import Data, load_side
from pipeline.params import configure, load, row
from pipeline.training.curves import write_curves


def run(name: str) -> None:
    system = row(load().systems, name, "systems")
    craft = import_module(f"pipeline.models.{system.model.kind}")
    data = Data(
        source={split: load_side(system.source, system.corpus, split) for split in ("train", "dev")},
        target={split: load_side(system.target, system.corpus, split) for split in ("train", "dev")},
    )
    model, history = craft.fit(
        data=data,
        config=configure(craft.Config, system.model.options, f"systems.{name}.model"),
        options=configure(craft.Train, system.train, f"systems.{name}.train"),
        needs=paths.model(system.needs),
        work=paths.work(f"train@{name}", digest(system)),
    )
    with paths.replacing(paths.model(name)) as folder:
        craft.save(model, folder)
    with paths.replacing(paths.curves(name)) as folder:
        write_curves(history, folder)
