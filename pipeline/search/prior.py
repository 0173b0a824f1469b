"""What search may ask besides the model: what each token adds to the score, whatever the source is.

A language model with its weight, λ · log P_LM(y_t | y_<t), is one (shallow fusion, Gulcehre et al. 2015, section 4.1).
It keeps what it knows of each prefix in a State, as a model does, and is asked about many prefixes at once.
"""

from typing import Protocol

from torch import Tensor

from pipeline.state import State


class Prior(Protocol):
    def start(self, rows: int) -> State:
        """The state of so many empty prefixes; its tensors are all in `prefix`."""

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """The last token of each prefix [N], BEGIN first → what each token adds as the next one [N, V]; the state."""
