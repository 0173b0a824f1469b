"""A generator, or addresses with checksums, or a local folder → data/raw/<name>, in the corpus's own upstream format."""

from importlib import import_module

from pipeline import paths
from pipeline.params import configure, load, row


def run(name: str) -> None:
    raw = row(load().raw, name, "raw")
    craft = import_module(f"pipeline.raw.{raw.kind}")
    config = configure(craft.Config, raw.options, f"raw.{name}")
    with paths.replacing(paths.raw(name)) as folder:
        craft.write(config, folder)
