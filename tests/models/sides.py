"""Sides of a corpus for tests of models that see nothing of a vocabulary but its size."""

from typing import Any

import numpy as np

from pipeline.data import Side
from pipeline.sequences import Sequences


class Vocabulary:
    def __init__(self, size: int):
        self.size = size

    def __len__(self) -> int:
        return self.size


def side(rows: Any, size: int) -> Side:
    """Ids, a row a record, over `size` tokens."""
    return Side(Vocabulary(size), Sequences.of([np.array(row, dtype=np.int32) for row in rows]))
