"""A field of a corpus → data/tokens/<name>: its vocabulary, built on train alone, and the ids of every split."""

import numpy as np

from pipeline import paths
from pipeline.params import configure, craft, load, row
from pipeline.problems import Problem
from pipeline.records import read_field, read_table
from pipeline.sequences import Sequences, SequenceWriter, write_json


def run(name: str) -> None:
    encoding = row(load().tokens, name, "tokens")
    kind = craft("tokens", encoding.kind, f"tokens.{name}")
    config = configure(kind.Config, encoding.options, f"tokens.{name}")
    fields = sorted({encoding.field, *config.others})
    manifest = paths.manifest(encoding.corpus, "train")
    train = {field: read_field(manifest, field) for field in fields}
    try:
        codec = kind.Codec.fit(train, field=encoding.field, config=config)
    except Problem as problem:
        raise Problem(f"tokens.{name}: {problem}") from None
    with paths.replacing(paths.encoding(f"tokens/{name}")) as folder:
        codec.save(folder / "codec")
        description = {"kind": encoding.kind, "corpus": encoding.corpus, "field": encoding.field}
        write_json(folder / "codec" / "codec.json", {**description, "options": encoding.options})
        for split in paths.SPLITS:
            with SequenceWriter(folder / split, np.int32) as writer:
                for record in read_table(paths.manifest(encoding.corpus, split), ["id", encoding.field]):
                    writer.add(record["id"], codec.encode(record[encoding.field]))
    print(f"tokens/{name}: {len(codec)} symbols for {', '.join(fields)}")
    for split in paths.SPLITS:
        print(f"  {split}: {_sizes(Sequences.open(paths.encoding(f'tokens/{name}') / split), codec.UNKNOWN)}")


def _sizes(sequences: Sequences, unknown: int) -> str:
    total = int(sequences.lengths.sum())
    unknowns = sum(int((sequences[i] == unknown).sum()) for i in range(len(sequences)))
    longest = int(sequences.lengths.max(initial=0))
    return f"{len(sequences)} sequences, {total} tokens, longest {longest}, {unknowns} unknown"
