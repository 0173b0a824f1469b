"""N sequences of numbers on disk: features float [T, F], tokens int [U]. Few large memory-mapped shards.

A folder holds `index.parquet` (id, length, shard, start) and `values-00000.npy`, ... Values of a shard lie end to end,
so that a batch is one gather from a flat array. Memory stays flat in the size of the corpus, writing and reading.
"""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.problems import Problem

INDEX = pa.schema([("id", pa.string()), ("length", pa.int64()), ("shard", pa.int32()), ("start", pa.int64())])
SHARD_VALUES = 64 * 2**20  # numbers in a shard, about


class Sequences:
    """Read access to a folder of shards, or to arrays in memory (`Sequences.of`)."""

    def __init__(self, ids: list[str], lengths: np.ndarray, shard: np.ndarray, start: np.ndarray, shards: list[Any]):
        self.ids = ids
        self.lengths = lengths  # [N]
        self._shard = shard
        self._start = start
        self._shards = shards

    @classmethod
    def open(cls, folder: Path) -> "Sequences":
        if not (folder / "index.parquet").is_file():
            raise Problem(f"{folder} holds no sequences: run `dvc repro` first, or `dvc pull` it")
        index = pq.read_table(folder / "index.parquet")
        files = sorted(folder.glob("values-*.npy"))
        return cls(
            ids=index["id"].to_pylist(),
            lengths=index["length"].to_numpy(),
            shard=index["shard"].to_numpy(),
            start=index["start"].to_numpy(),
            shards=[np.load(file, mmap_mode="r") for file in files],
        )

    @classmethod
    def of(cls, arrays: Sequence[np.ndarray], ids: list[str] | None = None) -> "Sequences":
        """Sequences in memory: what a person typed, or a test's."""
        lengths = np.array([len(a) for a in arrays], dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        values = [np.concatenate(arrays)] if len(arrays) else []
        return cls(ids or [str(i) for i in range(len(arrays))], lengths, np.zeros(len(arrays), np.int32), start, values)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> np.ndarray:
        """Sequence i: [T, F] or [U]."""
        start = self._start[i]
        return self._shards[self._shard[i]][start : start + self.lengths[i]]

    def flat(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows end to end, and their lengths [B]: one gather where they share a shard."""
        lengths = self.lengths[rows]
        shards = np.unique(self._shard[rows])
        if len(shards) == 1:
            ends = np.cumsum(lengths)
            offsets = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
            return self._shards[shards[0]][np.repeat(self._start[rows], lengths) + offsets], lengths
        return np.concatenate([self[i] for i in rows]), lengths

    def padded(self, rows: np.ndarray, fill: float = 0) -> tuple[np.ndarray, np.ndarray]:
        """Rows side by side, [B, T, ...] filled up with `fill`, and their lengths [B]."""
        values, lengths = self.flat(rows)
        batch = np.full((len(rows), int(lengths.max(initial=0)), *values.shape[1:]), fill, dtype=values.dtype)
        batch[np.arange(batch.shape[1]) < lengths[:, None]] = values
        return batch, lengths


class SequenceWriter:
    """Streams sequences into shards: `with SequenceWriter(folder, dtype) as w: w.add(id, array)`."""

    def __init__(self, folder: Path, dtype: Any, shard_values: int = SHARD_VALUES):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.dtype = np.dtype(dtype)
        self.shard_values = shard_values
        self._rows: list[tuple[str, int, int, int]] = []
        self._file: BinaryIO | None = None  # of the shard being written
        self._tail: tuple[int, ...] = ()
        self._length = 0
        self._shard = 0

    def add(self, identifier: str, values: np.ndarray) -> None:
        if self._file is None:
            self._file = (self.folder / f"values-{self._shard:05d}.npy").open("wb")
            self._tail = values.shape[1:]
            self._write_header()
        self._rows.append((identifier, len(values), self._shard, self._length))
        self._file.write(np.ascontiguousarray(values, dtype=self.dtype).data)
        self._length += len(values)
        if self._length * math.prod(self._tail) >= self.shard_values:
            self._close()

    def _write_header(self) -> None:
        """First with length 0, in the end with the true one: numpy leaves room in a header for the length to grow."""
        assert self._file is not None
        shape = (self._length, *self._tail)
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, header)

    def _close(self) -> None:
        if self._file is not None:
            self._write_header()
            self._file.close()
            self._shard += 1
        self._file, self._length = None, 0

    def __enter__(self) -> "SequenceWriter":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is not None:
            if self._file is not None:
                self._file.close()
            return
        self._close()
        columns = list(zip(*self._rows, strict=True)) or [(), (), (), ()]
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, INDEX, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, schema=INDEX), self.folder / "index.parquet", compression="zstd")


def write_json(path: Path, content: Any) -> None:
    """Sorted, indented, with a newline at the end: diffs read well, and the same content is the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    if not path.is_file():
        raise Problem(f"{path} is missing: run `dvc repro` first, or `dvc pull` it")
    return json.loads(path.read_text(encoding="utf-8"))


def batches_of(lengths: np.ndarray, order: Iterable[int], budget: int) -> list[np.ndarray]:
    """Cut `order` into batches whose padded area (longest × rows) stays within `budget`; a longer row stands alone."""
    batches: list[np.ndarray] = []
    rows: list[int] = []
    top = 0
    for i in order:
        top_with = max(top, int(lengths[i]))
        if rows and top_with * (len(rows) + 1) > budget:
            batches.append(np.array(rows))
            rows, top_with = [], int(lengths[i])
        rows.append(i)
        top = top_with
    if rows:
        batches.append(np.array(rows))
    return batches
