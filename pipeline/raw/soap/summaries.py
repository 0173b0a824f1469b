"""Recaps of episodes, each with its summary in one sentence: the form of SciTLDR (Cachola et al. 2020).

A recap tells what somebody does, two or three deeds in order, among lines of others that do not matter. The summary
names the person once and lists the deeds, without their times: `Rasidah mencuri gelang itu, memukul Ali dan pergi ke
pejabat.` The person is new in every recap, by a name put together of syllables, and no name is in two splits: who has
only learnt to say names cannot say those of the test. The first sentence never matters.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from random import Random

from pipeline.paths import SPLITS
from pipeline.raw.soap import lexicon
from pipeline.raw.soap.acts import Acts
from pipeline.raw.soap.grammar import EVENT, Clause, Nominal, Predicate, words
from pipeline.raw.soap.trees import Node, surface
from pipeline.raw.soap.world import World

SYLLABLES = (
    ("Ra", "Si", "Mu", "Ha", "Ka", "Za", "Nu", "Fa", "Sa", "Da", "Ju", "Le", "Ta", "Wa", "Ba", "Ya"),
    ("si", "ri", "ma", "la", "ni", "du", "ti", "ya", "zi", "ha", "lu", "mi"),
)
ENDS = {"f": ("nah", "dah", "wati", "rah", "yah", "lina"), "m": ("man", "din", "d", "m", "sir", "ruddin")}
DEEDS = {2: 3, 3: 2}  # in a recap
OTHERS = (2, 3, 4)  # lines that do not matter, the first among them
LINES = 60  # at least, to draw them from
LONGEST = 6  # words of a deed
FRAMES = {"plain": 6, "perfect": 2, "just": 1, "once": 1}  # what has been done, whatever the time
SHARES = {"dev": 0.1, "test": 0.25}  # of the names


@dataclass(frozen=True)
class Recap:
    person: str
    lines: list[str]
    matters: list[int]  # 1 where a line is summed up
    summary: str


class Recaps(Acts):
    def recap(self, others: Sequence[str], split: str) -> Recap:
        """One of a split, with some of the lines of `others` in it."""
        person = self.stranger(split)
        clauses = [self.deed(person) for _ in range(self.weighted(DEEDS))]
        first, *rest = self.rng.sample(others, self.rng.choice(OTHERS))
        marked = [(line, 0) for line in rest]
        for clause in reversed(clauses):  # each in front of what is told later
            latest = next((i for i, (_, matters) in enumerate(marked) if matters), len(marked))
            marked.insert(self.rng.randint(0, latest), (clause.statement().ms, 1))
        *deeds, last = (surface(list(clause.predicate.tree().leaves())) for clause in clauses)
        lines, matters = zip((first, 0), *marked, strict=True)
        return Recap(person.en, [*lines], [*matters], f"{person.en} {', '.join(deeds)} dan {last}.")

    def stranger(self, split: str) -> Nominal:
        """Somebody whose name nobody in the soap has, and which belongs to the split."""
        known = {word.ms for word in lexicon.names()}
        while True:
            gender = self.rng.choice("fm")
            name = "".join(self.rng.choice(part) for part in (*SYLLABLES, ENDS[gender]))
            if name not in known and split_of(name) == split:
                return Nominal(Node("NP", words("NNP", name)), name, name, gender=gender)

    def deed(self, person: Nominal) -> Clause:
        """Something that somebody has done, at a time or not."""
        while True:
            predicate: Predicate = self.rng.choice((self.transitive, self.transitive, self.motion, self.give))(person)
            if predicate.frames == "event" and len(list(predicate.tree().leaves())) <= LONGEST:
                break
        frame = EVENT[self.weighted(FRAMES)][1]
        time = self.time(frame, timed=True)
        return Clause(person, predicate, frame, time, fronted=time is not None and self.chance(0.5))


def split_of(name: str) -> str:
    """The split that alone has a person of this name."""
    part = blake2b(name.encode(), digest_size=1).digest()[0] / 256
    return "dev" if part < SHARES["dev"] else "test" if part < SHARES["test"] else "train"


def write_summaries(world: World, wanted: Mapping[str, int], folder: Path) -> None:
    """`train.jsonl`, ... under the folder: so many recaps of each split, with lines of that split in them."""
    drawn = world.draw("recaps", {split: max(count, LINES) for split, count in wanted.items()}, longest=8)
    folder.mkdir(parents=True)
    for split in SPLITS:
        recaps = Recaps(Random(f"{world.seed} recaps {split}"))
        nameless = [s.ms for s in drawn[split] if all(word.tag != "NNP" for word in s.tree.leaves())]
        rows = []
        for number in range(1, wanted[split] + 1):
            made = recaps.recap(nameless, split)
            row = {
                "source": made.lines,
                "source_labels": made.matters,
                "paper_id": f"{split}-{number:04}",
                "target": [made.summary],
                "title": made.person,
            }
            rows.append(json.dumps(row, ensure_ascii=False) + "\n")
        (folder / f"{split}.jsonl").write_text("".join(rows), encoding="utf-8")
