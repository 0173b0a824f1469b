"""A synthesised line in; what went wrong in it, and the picture of its alignment, out."""

import numpy as np
from markupsafe import Markup

from pipeline.metrics.synthesis import Walk, repeats, skips
from pipeline.records import Decoded
from pipeline.report import heat


def faults(line: Decoded) -> dict[str, int]:
    """`skips` and `repeats`, where there are any. None are told of a system that does not align."""
    if not line.focus and line.audio:
        return {}
    walk = Walk(line.focus, len(line.source_tokens), line.finished)
    counts = {"skips": skips(walk), "repeats": repeats(walk)}
    return {name: count for name, count in counts.items() if count}


def picture(line: Decoded, name: str, seconds: float | None) -> Markup | None:
    """The attention where it was kept, else the token that each step attends to most; None of what does not align."""
    if not line.focus or not line.source_tokens:
        return None
    weights = np.array(line.attention) if line.attention else np.eye(max(line.focus) + 1)[line.focus]  # [T, U]
    weights = weights[:, : len(line.source_tokens)]
    return heat.walk(weights.T, line.source_tokens[: weights.shape[1]], name, seconds)
