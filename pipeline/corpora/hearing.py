"""Listening to what a corpus calls speech: pieces that are silent or badly clipped, before anything is made of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from pipeline.audio import Span, segments
from pipeline.params import Row

FULL = 0.999  # of the range: what is louder was cut off when it was recorded


class Heard(Row):
    """Options of a corpus whose recordings are listened to."""

    listen: bool = True  # False: read no samples, where it is known that they are sound
    silence: float = -60.0  # dB of full scale; a piece whose loudest sample lies below is silent
    clipped: Annotated[float, Field(gt=0, le=1)] = 0.05  # the share of samples at full scale that makes it unusable


def hearing_faults(config: Heard, file: Path, spans: Sequence[Span]) -> Iterator[str]:
    """For each piece of a file what is wrong with its sound; empty where nothing is.

    Spans ascend by their starts. Raises Problem if the file cannot be read to the end of a span.
    """
    if not config.listen:
        yield from ("" for _ in spans)
        return
    for samples in segments(file, spans):
        loud = np.abs(samples)
        if float(loud.max()) < 10 ** (config.silence / 20):
            yield "silent"
        elif float((loud >= FULL).mean()) > config.clipped:
            yield "clipped"
        else:
            yield ""
