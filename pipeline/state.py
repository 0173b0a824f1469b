"""What a model that writes token by token knows of the past: models make it, search selects rows of it."""

from dataclasses import dataclass

from torch import Tensor


@dataclass
class State:
    """What a step needs of the past. Search selects rows of it by index; it does not look inside.

    With B sentences and a beam of K: `prefix` tensors have N = B * K rows, one a hypothesis, K neighbours a sentence;
    `source` tensors have B rows, one a sentence.
    """

    prefix: dict[str, Tensor]
    source: dict[str, Tensor]

    def select(self, hypotheses: Tensor, sentences: Tensor | None = None) -> "State":
        """Rows `hypotheses` [N'] of the prefix and, where the batch has shrunk, rows `sentences` [B'] of the source."""
        return State(
            prefix={name: tensor.index_select(0, hypotheses) for name, tensor in self.prefix.items()},
            source=self.source
            if sentences is None
            else {name: tensor.index_select(0, sentences) for name, tensor in self.source.items()},
        )
