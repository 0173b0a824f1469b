"""A hypothesis → the names of the rows and of the columns of its attention, for pictures."""

import numpy as np

from pipeline.records import Hypothesis
from pipeline.trained import Trained


def axes(trained: Trained, source: np.ndarray, found: Hypothesis) -> tuple[list[str], list[str]]:
    """Tokens of the output and tokens of the source (none of sound), or what the craft's own `axes` says of them.

    `source`: what the system read, [U] or [T, F]. A craft has `axes(model, codec, source)` where the rows are no tokens
    that it wrote, or the columns no tokens that it read: hops over sentences, say.
    """
    if hasattr(trained.craft, "axes"):
        rows, columns = trained.craft.axes(trained.model, trained.source, source)
        return rows, columns
    columns = trained.source.tokens(source) if hasattr(trained.source, "tokens") else []
    return trained.target.tokens(found.tokens) if found.tokens else [], columns
