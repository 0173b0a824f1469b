"""Speech in, the text that a trained recogniser hears in it out: how what a synthesiser says is scored as text."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pipeline.audio import Stretch
from pipeline.data import typed_side
from pipeline.problems import Problem
from pipeline.trained import Trained

TOGETHER = 32  # sounds recognised at once


class Judge:
    """A recogniser, searching as its architecture does by default."""

    def __init__(self, folder: Path):
        """Raises Problem if the folder holds no trained system, or one that does not read sound or not write text."""
        self.trained = Trained.open(folder)
        self.options = self.trained.options()
        if not hasattr(self.trained.source, "config") or not hasattr(self.trained.source.config, "rate"):
            raise Problem(f"{folder} reads no sound: name a recogniser")
        if not hasattr(self.trained.target, "tokens"):
            raise Problem(f"{folder} writes no text: name a recogniser")

    @property
    def lowercase(self) -> bool:
        """Whether it writes lower case alone."""
        return bool(getattr(self.trained.target.config, "lowercase", False))

    def hear(self, sounds: Sequence[Stretch | None]) -> list[str]:
        """A text a sound, as people write it; none for no sound."""
        texts = self._texts(iter([sound for sound in sounds if sound is not None]))
        return [next(texts) if sound is not None else "" for sound in sounds]

    def _texts(self, sounds: Iterator[Stretch]) -> Iterator[str]:
        while waveforms := [sound.read(self.trained.source.config.rate) for sound in islice(sounds, TOGETHER)]:
            for found in self.trained.decode(typed_side(self.trained.source, waveforms), self.options):
                yield str(self.trained.written(found[0].tokens))
