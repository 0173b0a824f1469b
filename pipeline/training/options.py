"""The `train:` part of a system's row."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params import Row

Beta = Annotated[float, Field(ge=0, lt=1)]


class Options(Row):
    epochs: int = Field(30, ge=1)
    batch: int = Field(4096, ge=1)  # padded source frames, or padded tokens of the longer side, a batch
    accumulate: int = Field(1, ge=1)  # batches a step
    lr: float = Field(1e-3, gt=0)  # at the peak of the schedule
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "inverse_sqrt"
    warmup: int = Field(400, ge=0)  # steps
    betas: tuple[Beta, Beta] = (0.9, 0.98)  # Adam; Vaswani et al. 2017, section 5.3
    weight_decay: float = Field(0.0, ge=0)
    clip: float = Field(1.0, gt=0)  # norm of the gradient
    precision: Literal["auto", "float32", "bf16"] = "auto"  # auto: bf16 where the device computes in it
    average: int = Field(1, ge=1)  # checkpoints, one an epoch, whose mean is the model
    keep: Literal["last", "best"] = "last"  # which ones: the last epochs', or those of the lowest dev loss
    patience: int = Field(0, ge=0)  # epochs without a lower dev loss before stopping; 0: all epochs
    seed: int = Field(1, ge=0)
