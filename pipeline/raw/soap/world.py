"""Sentences for every file of the soap, parted so that train, dev and test share none, in any language, in any file.

A sentence's split follows from a hash of its English, so that two Malay ways to say one thing fall together. Held-out
words stand in dev and test alone.
"""

import hashlib
import re
from random import Random

from pipeline.paths import SPLITS
from pipeline.raw.soap import lexicon
from pipeline.raw.soap.acts import Acts
from pipeline.raw.soap.grammar import Sentence

HELD_OUT = 0.08  # of the draws may use held-out words


class World:
    """Draws distinct sentences into pools; remembers which split a text of any language belongs to."""

    def __init__(self, seed: int):
        self.seed = seed
        self._owner: dict[tuple[str, str], str] = {}
        self._rare = re.compile("|".join(rf"\b{word}\b" for word in lexicon.held_out()), re.IGNORECASE)

    def draw(self, pool: str, wanted: dict[str, int], longest: int) -> dict[str, list[Sentence]]:
        """`wanted[split]` sentences of at most `longest` words for each split, none twice."""
        rng = Random(f"{self.seed} {pool}")
        found: dict[str, list[Sentence]] = {split: [] for split in SPLITS}
        taken: set[str] = set()
        while any(len(found[split]) < wanted[split] for split in SPLITS):
            sentence = Acts(rng, held_out=rng.random() < HELD_OUT).sentence()
            if sentence.ms in taken or len(list(sentence.tree.leaves())) > longest:
                continue
            split = self._split(sentence, wanted)
            if split is not None and len(found[split]) < wanted[split]:
                taken.add(sentence.ms)
                found[split].append(sentence)
        return found

    def owner(self, ms: str) -> str | None:
        """The split that a Malay text belongs to, if it was drawn."""
        return self._owner.get(("ms", normal(ms)))

    def _split(self, sentence: Sentence, wanted: dict[str, int]) -> str | None:
        """The split that owns a sentence; None if its texts are known in two."""
        keys = [("ms", normal(sentence.ms)), ("en", normal(sentence.en)), ("zh", normal(sentence.zh))]
        known = {self._owner[key] for key in keys if key in self._owner}
        if len(known) > 1:
            return None
        split = known.pop() if known else self._drawn(sentence, keys[1][1])
        for key in keys:
            self._owner[key] = split
        return split

    def _drawn(self, sentence: Sentence, english: str) -> str:
        digest = hashlib.sha256(f"{self.seed} {english}".encode()).digest()
        part = digest[0] / 256
        if self._rare.search(sentence.ms):
            return "dev" if part < 0.5 else "test"
        return "dev" if part < 0.09 else "test" if part < 0.19 else "train"


def normal(text: str) -> str:
    """A text without case and punctuation: what makes two lines the same sentence."""
    return " ".join(re.sub(r"[^\w' ]", " ", text.lower()).split())
