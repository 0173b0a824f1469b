"""data/models/<system>, the folder of a trained system → the system: its model, and the codecs of both its sides.

The folder is all that is needed: what the architecture saves, and from the train stage `system.json` and copies of the
codecs as `source/` and `target/`. So one system can use another (`needs`, `also`), and a folder can be taken elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.data import Side, codec_in
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.search import steps
from pipeline.sequences import read_json
from pipeline.training import prepare_device

SIDES = ("source", "target")


@dataclass(frozen=True)
class Trained:
    name: str  # of the folder, which is the system's
    kind: str
    craft: Any  # the module pipeline.models.<kind>
    model: Any
    source: Any  # codecs
    target: Any

    @classmethod
    def open(cls, folder: Path) -> "Trained":
        """Raises Problem if the folder is missing, incomplete, or another version's."""
        if not (folder / "system.json").is_file():
            raise Problem(f"{folder} holds no trained system: `dvc repro train@{folder.name}`, or `dvc pull` it")
        system = read_json(folder / "system.json")
        craft = import_module(f"pipeline.models.{system['kind']}")
        source, target = (codec_in(folder / side, system[side].split("/")[0]) for side in SIDES)
        try:
            return cls(folder.name, system["kind"], craft, craft.load(folder), source, target)
        except ValidationError:
            raise Problem(
                f"{folder} holds a model of another version: train it anew by `dvc repro train@{folder.name}`"
            ) from None

    def options(self, **given: Any) -> Any:
        """The craft's Decode with some options given. Raises Problem where it has no such option."""
        return configure(searching(self.craft).Decode, given, f"{self.name}.decode")

    def decode(self, source: Side, options: Any) -> Iterator[list[Hypothesis]]:
        """N-best lists in the order of the source."""
        prepare_device(0)
        found: Iterator[list[Hypothesis]] = searching(self.craft).decode(
            model=self.model, source=source, target=self.target, options=options
        )
        return found

    def written(self, tokens: list[int]) -> Any:
        """What tokens of the target say, as people write it."""
        output = self.target.decode(tokens)
        return self.target.detokenise(output) if hasattr(self.target, "detokenise") else output


def searching(craft: Any) -> Any:
    """What has the craft's `Decode` and `decode`: itself, or the search for models that write token by token."""
    return craft if hasattr(craft, "decode") else steps
