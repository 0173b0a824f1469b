"""Short stories and what is asked about them: in bAbI's form (Weston et al. 2015) and, the same ones, as SQuAD's JSON
(Rajpurkar et al. 2016).

Somebody goes somewhere, takes a thing, gives it away: where is she, who has it, and where is it then? The first answer
follows from one sentence (where she last went), the last from two (who has it, and where he went). No sentence of a
story occurs in two splits.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pipeline.paths import SPLITS
from pipeline.raw.soap import lexicon
from pipeline.raw.soap.world import normal

GOING = ("pergi", "balik", "datang", "berjalan")
TAKING = ("mengambil", "mencuri", "menjumpai", "membeli")
GIVING = ("memberikan", "menyerahkan", "menghantar")
CARRIED = frozenset({"document", "valuable"})  # kinds of things that are taken and given
PEOPLE, THINGS = 3, 2  # in a story
SENTENCES = (4, 6)  # in a story: fewest, most
ASKED = 3  # questions a story
SHARES = {"dev": 0.1, "test": 0.2}  # of all sentences that there can be

Owned = Callable[[str], str | None]  # a text → the split that it belongs to already, if to any


@dataclass(frozen=True)
class Question:
    text: str
    answer: str
    support: tuple[int, ...]  # the sentences that it follows from, counted from 0; the last one holds the answer


@dataclass(frozen=True)
class Story:
    sentences: tuple[str, ...]
    questions: tuple[Question, ...]


class Stories:
    """Tells one story a call, in sentences of one split."""

    def __init__(self, seed: int, owned: Owned):
        self.seed, self.owned = seed, owned
        self.rng = Random(f"{seed} stories")
        # Every other word of what there is: a few, of which much is told.
        self.names = [word.ms for word in lexicon.names() if not word.held_out][::2]
        self.places = [place.ms for place in lexicon.places() if not place.held_out][::2]
        self.things = [word.ms for word in lexicon.things() if not word.held_out and word.kinds & CARRIED][::2]

    def story(self, split: str) -> Story:
        rng = self.rng
        people, things = rng.sample(self.names, PEOPLE), rng.sample(self.things, THINGS)
        told: list[str] = []
        went: dict[str, tuple[str, int]] = {}  # person → where to, and the sentence that says so
        held: dict[str, tuple[str, int]] = {}  # thing → who has it, and the sentence that says so
        length = rng.randint(*SENTENCES)
        while len(told) < length:
            person, thing = rng.choice(people), rng.choice(things)
            if rng.random() < 0.55:
                place = rng.choice(self.places)
                sentence = f"{person} {rng.choice(GOING)} ke {place}."
                change, key, value = went, person, place
            elif thing not in held:
                sentence = f"{person} {rng.choice(TAKING)} {thing} itu."
                change, key, value = held, thing, person
            else:
                giver, taker = held[thing][0], rng.choice(people if rng.random() < 0.8 else self.names)
                sentence = f"{giver} {rng.choice(GIVING)} {thing} itu kepada {taker}."
                change, key, value = held, thing, taker
                if taker == giver:
                    continue
            if sentence not in told and self.split_of(sentence) == split:
                change[key] = value, len(told)
                told.append(sentence)
        asked = list(questions(went, held))
        return Story(tuple(told), tuple(rng.sample(asked, min(ASKED, len(asked)))))

    def split_of(self, sentence: str) -> str:
        owner = self.owned(sentence)
        if owner is not None:
            return owner
        part = hashlib.sha256(f"{self.seed} {normal(sentence)}".encode()).digest()[0] / 256
        return "dev" if part < SHARES["dev"] else "test" if part < SHARES["test"] else "train"


def questions(went: Mapping[str, tuple[str, int]], held: Mapping[str, tuple[str, int]]) -> Iterator[Question]:
    """All that can be asked at the end of a story."""
    for person, (place, told) in went.items():
        yield Question(f"Di mana {person}?", place, (told,))
    for thing, (person, told) in held.items():
        yield Question(f"Siapa yang memegang {thing} itu?", person, (told,))
        if person in went:
            place, moved = went[person]
            yield Question(f"Di mana {thing} itu?", place, (told, moved))


def draw(seed: int, wanted: Mapping[str, int], owned: Owned) -> dict[str, list[Story]]:
    """`wanted[split]` stories for each split, none twice, in sentences that `owned` has in no other."""
    stories = Stories(seed, owned)
    found: dict[str, list[Story]] = {}
    for split in SPLITS:
        drawn: dict[tuple[str, ...], Story] = {}
        while len(drawn) < wanted[split]:
            story = stories.story(split)
            if story.questions:
                drawn.setdefault(story.sentences, story)
        found[split] = list(drawn.values())
    return found


def write_questions(seed: int, train: int, held: int, owned: Owned, folder: Path) -> None:
    """`train.txt`, `train.json`, ...: so many stories for train, and `held` for dev and for test."""
    folder.mkdir(parents=True)
    for split, stories in draw(seed, {"train": train, "dev": held, "test": held}, owned).items():
        (folder / f"{split}.txt").write_text("".join(map(babi, stories)), encoding="utf-8")
        paragraphs = [squad(f"{split}-{number:05}", story) for number, story in enumerate(stories, 1)]
        content = {"version": "1.1", "data": [{"title": "Cerita", "paragraphs": paragraphs}]}
        (folder / f"{split}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


def babi(story: Story) -> str:
    """Numbered lines: the sentences, then the questions with their answers and supporting lines between tabs."""
    asked = (f"{q.text}\t{q.answer}\t{' '.join(str(place + 1) for place in q.support)}" for q in story.questions)
    return "".join(f"{number} {line}\n" for number, line in enumerate((*story.sentences, *asked), 1))


def squad(name: str, story: Story) -> dict[str, Any]:
    """A paragraph; `answer_start` is where the answer stands in the sentence that it follows from."""
    asked = []
    for number, question in enumerate(story.questions, 1):
        place = question.support[-1]
        before = sum(len(sentence) + 1 for sentence in story.sentences[:place])
        start = before + story.sentences[place].rindex(question.answer)
        answers = [{"text": question.answer, "answer_start": start}]
        asked.append({"id": f"{name}-{number}", "question": question.text, "answers": answers})
    return {"context": " ".join(story.sentences), "qas": asked}
