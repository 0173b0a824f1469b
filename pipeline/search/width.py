"""Options of a search → the same, wide enough for a longer n-best list."""

from collections.abc import Mapping
from typing import Any

from pipeline.params import Row

WIDTHS = ("beam_size", "candidates")  # what bounds the length of a list, as one search or another calls it


def widened(search: type[Row], given: Mapping[str, Any], n_best: int) -> dict[str, Any]:
    """`given` options of `search`, with n_best outputs. The search has an option n_best."""
    changed = {**given, "n_best": n_best}
    for width in WIDTHS:
        if width in search.model_fields:
            changed[width] = max(n_best, changed.get(width, search.model_fields[width].default))
    return changed
