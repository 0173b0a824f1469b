"""A generator, addresses with checksums, or a local folder → data/raw/<name>, in the corpus's own upstream format."""

from pipeline import paths
from pipeline.params import configure, craft, load, row


def run(name: str) -> None:
    raw = row(load().raw, name, "raw")
    source = craft("raw", raw.kind, f"raw.{name}")
    config = configure(source.Config, raw.options, f"raw.{name}")
    with paths.replacing(paths.raw(name)) as folder:
        source.write(config, folder)
