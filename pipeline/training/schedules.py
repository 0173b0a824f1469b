"""step → the learning rate's share of its peak."""

import math

from pipeline.training.options import Options


def share(step: int, options: Options, steps: int) -> float:
    """`step` counts from 1 to `steps`. Linear warm-up, then the schedule's decay.

    `inverse_sqrt` is Vaswani et al. 2017, equation 3, scaled to reach 1 at the end of the warm-up.
    """
    warmup = options.warmup
    if step < warmup:
        return step / warmup
    if options.schedule == "inverse_sqrt":
        return math.sqrt(max(warmup, 1) / step)
    if options.schedule == "constant":
        return 1.0
    left = (steps - step) / max(steps - warmup, 1)
    return left if options.schedule == "linear" else 0.5 * (1 - math.cos(math.pi * left))
