"""What each sentence of a test set adds to a system's scores ↔ a Parquet file: `id`, and a list of numbers a metric."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.paths import replacing_file
from pipeline.problems import Problem


@dataclass(frozen=True)
class Statistics:
    ids: list[str]  # of the sentences
    metrics: dict[str, np.ndarray]  # name, as params.yaml has it → [N, K]


def write_statistics(place: Path, ids: list[str], metrics: Mapping[str, np.ndarray]) -> None:
    """The same statistics are the same bytes."""
    columns = {
        name: pa.array(values.astype(float).tolist(), pa.list_(pa.float64())) for name, values in metrics.items()
    }
    with replacing_file(place) as partial:
        pq.write_table(pa.table({"id": pa.array(ids, pa.string()), **columns}), partial, compression="zstd")


def read_statistics(place: Path) -> Statistics:
    """Raises Problem if the file is missing."""
    if not place.is_file():
        raise Problem(f"{place} is missing: run `dvc repro evaluate@{place.stem}` first, or `dvc pull` it")
    table = pq.read_table(place)
    names = [name for name in table.column_names if name != "id"]
    return Statistics(table["id"].to_pylist(), {name: np.array(table[name].to_pylist(), dtype=float) for name in names})
