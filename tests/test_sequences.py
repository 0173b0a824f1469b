import io
from pathlib import Path

import numpy as np
import pytest

from pipeline.problems import Problem
from pipeline.sequences import Sequences, SequenceWriter, batches_of

ARRAYS = [np.random.default_rng(1).standard_normal((n, 5)).astype(np.float32) for n in (3, 0, 30, 2, 0)]


def write(folder: Path, shard_values: int) -> Sequences:
    with SequenceWriter(folder, np.float16, shard_values) as writer:
        for i, array in enumerate(ARRAYS):
            writer.add(f"x-{i}", array)
    return Sequences.open(folder)


@pytest.mark.parametrize("shard_values", [1, 100, 10_000])
def test_what_is_written_is_read(tmp_path: Path, shard_values: int) -> None:
    sequences = write(tmp_path, shard_values)
    assert sequences.ids == [f"x-{i}" for i in range(5)] and sequences.lengths.tolist() == [3, 0, 30, 2, 0]
    for array, found in zip(ARRAYS, sequences, strict=True):
        np.testing.assert_array_equal(found, array.astype(np.float16))


def test_a_shard_is_the_file_that_numpy_would_save(tmp_path: Path) -> None:
    write(tmp_path, 10_000)
    whole = io.BytesIO()
    np.save(whole, np.concatenate(ARRAYS).astype(np.float16))
    assert (tmp_path / "values-00000.npy").read_bytes() == whole.getvalue()


def test_shards_end_once_they_are_full(tmp_path: Path) -> None:
    write(tmp_path, 100)
    assert sorted(file.name for file in tmp_path.glob("*.npy")) == ["values-00000.npy", "values-00001.npy"]


@pytest.mark.parametrize("shard_values", [1, 10_000])
def test_rows_are_gathered_flat_and_padded(tmp_path: Path, shard_values: int) -> None:
    sequences = write(tmp_path, shard_values)
    rows = np.array([3, 1, 0])
    flat, lengths = sequences.flat(rows)
    np.testing.assert_array_equal(flat, np.concatenate([ARRAYS[i] for i in rows]).astype(np.float16))
    padded, _ = sequences.padded(rows, fill=7)
    assert lengths.tolist() == [2, 0, 3] and padded.shape == (3, 3, 5)
    np.testing.assert_array_equal(padded[2], ARRAYS[0].astype(np.float16))
    assert (padded[1] == 7).all() and (padded[0, 2] == 7).all()


def test_an_empty_folder_of_sequences_and_empty_sequences(tmp_path: Path) -> None:
    with SequenceWriter(tmp_path / "none", np.int32):
        pass
    assert len(Sequences.open(tmp_path / "none")) == 0
    with SequenceWriter(tmp_path / "empty", np.int32) as writer:
        writer.add("x", np.zeros(0, np.int32))
    assert Sequences.open(tmp_path / "empty")[0].shape == (0,)


def test_nothing_is_readable_after_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), SequenceWriter(tmp_path, np.int32) as writer:
        writer.add("x", np.arange(3))
        raise ValueError("broken")
    with pytest.raises(Problem, match="holds no sequences"):
        Sequences.open(tmp_path)


def test_batches_stay_within_their_padded_area() -> None:
    lengths = np.array([5, 1, 9, 2, 30])
    batches = batches_of(lengths, [1, 3, 0, 2, 4], budget=18)
    assert [batch.tolist() for batch in batches] == [[1, 3, 0], [2], [4]]
