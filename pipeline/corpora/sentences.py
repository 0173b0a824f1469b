"""Sentences that subtitles show, in several languages and recordings → which split each belongs to.

Where the same sentences are spoken in several languages, a split by recordings lets a test sentence be trained on in
another language. Here two texts stay together if they are shown at the same time anywhere, and so do the texts that
either of them stays together with; texts that differ in case and punctuation alone are one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from pipeline.corpora.copies import folded
from pipeline.corpora.cues import Cue
from pipeline.corpora.splits import Split, amount
from pipeline.problems import Problem

Text = tuple[str, str]  # language, folded

Shown = Mapping[str, Sequence[Cue]]  # language → the cues of one recording


def parted(recordings: Iterable[Shown], split: Split, corpus: str) -> dict[Text, str]:
    """Every text with its split. The order of the files does not matter, nor do files that are added, to most texts.

    Raises Problem for parts that are lists, and if nothing is left to train on.
    """
    if isinstance(split.dev, list) or isinstance(split.test, list):
        raise Problem(f"corpora.{corpus}.split: names are for recordings: give shares or numbers of sentences")
    groups, counts = _Groups(), Counter[Text]()
    for shown in recordings:
        counts.update((language, folded(cue.text)) for language, cues in shown.items() for cue in cues)
        for one, other in _together(shown):
            groups.join(one, other)
    members: dict[Text, list[Text]] = {}
    for text in counts:
        members.setdefault(groups.of(text), []).append(text)
    total = counts.total()
    parts = {"test": amount(split.test, total), "dev": amount(split.dev, total), "train": total}
    splits: dict[Text, str] = {}
    part, taken = "test", 0
    for group in sorted(members.values(), key=_order):
        while taken >= parts[part] and part != "train":
            part, taken = {"test": "dev", "dev": "train"}[part], 0
        splits.update(dict.fromkeys(group, part))
        taken += sum(counts[text] for text in group)
    if "train" not in splits.values():
        raise Problem(f"corpora.{corpus}.split: dev and test take all of {total} cues: make them smaller, or add data")
    return splits


class _Groups:
    """Disjoint sets (Galler and Fischer 1964)."""

    def __init__(self) -> None:
        self.above: dict[Text, Text] = {}

    def of(self, text: Text) -> Text:
        """The text that stands for a group."""
        while (above := self.above.get(text, text)) != text:
            self.above[text] = self.above.get(above, above)
            text = above
        return text

    def join(self, one: Text, other: Text) -> None:
        self.above[self.of(one)] = self.of(other)


def _together(shown: Shown) -> Iterator[tuple[Text, Text]]:
    """Cues of different languages that share more than half the time of the shorter."""
    cues = sorted(
        ((cue, language) for language, found in shown.items() for cue in found),
        key=lambda pair: (pair[0].start, pair[0].end, pair[1]),
    )
    open_: list[tuple[Cue, str]] = []
    for cue, language in cues:
        open_ = [(earlier, other) for earlier, other in open_ if earlier.end > cue.start]
        for earlier, other in open_:
            shared = min(earlier.end, cue.end) - cue.start
            if other != language and shared > 0.5 * min(earlier.end - earlier.start, cue.end - cue.start):
                yield (other, folded(earlier.text)), (language, folded(cue.text))
        open_.append((cue, language))


def _order(group: list[Text]) -> bytes:
    """As good as random, and the same on every machine."""
    return min(blake2b(f"{language} {text}".encode(), digest_size=16).digest() for language, text in group)
