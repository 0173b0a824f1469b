"""Dialogues of the embedded world: a yes or a no that follows from what is asked, answers that follow from a story."""

from random import Random

import pytest

from pipeline.raw.soap.dialogue import BAD, GOOD, NO, YES, Dialogues, draw
from pipeline.raw.soap.world import normal


def test_a_request_is_answered_by_what_it_asks() -> None:
    dialogues = Dialogues(Random(1))
    bags: dict[frozenset[str], set[bool]] = {}
    for _ in range(4000):
        asked, answer, promise = dialogues.request()
        words = asked.strip("?").split()
        deeds = {word: ("tidak" in words[max(0, i - 1) : i]) for i, word in enumerate(words) if word in GOOD + BAD}
        rights = {(verb in GOOD) != denied for verb, denied in deeds.items()}
        assert len(rights) == 1  # two deeds ask for the same answer
        begun = answer.split(",")[0]
        assert begun in (YES if rights == {True} else NO)
        todo = [verb for verb in deeds if verb in GOOD] or ["jangan"]
        assert todo[0] in answer and (todo[0] in promise or "tidak akan" in promise)
        bags.setdefault(frozenset(deeds) | {"dan", "tetapi", "tidak"} & set(words), set()).add(rights == {True})
    assert any(len(answers) == 2 for answers in bags.values())  # the same words, in another order


def test_a_story_holds_the_answer() -> None:
    dialogues = Dialogues(Random(2))
    for _ in range(500):
        told, asked, answer = dialogues.story()
        known = set(normal(f"{told} {asked}").split())
        assert all(word in known or word.removesuffix("lah") in known for word in normal(answer).split())


def test_no_turn_is_in_two_splits_and_what_is_owned_stays_there() -> None:
    wanted = {"train": 60, "dev": 10, "test": 10}
    free = draw(3, wanted, lambda turn: None)
    assert {split: len(found) for split, found in free.items()} == wanted
    turns = {split: {normal(turn) for dialogue in found for turn in dialogue} for split, found in free.items()}
    assert not turns["train"] & turns["dev"] and not (turns["train"] | turns["dev"]) & turns["test"]
    taken = turns["train"]
    held = draw(3, wanted, lambda turn: "test" if normal(turn) in taken else None)
    assert not {normal(turn) for split in ("train", "dev") for dialogue in held[split] for turn in dialogue} & taken


@pytest.mark.parametrize("seed", [1, 2])
def test_a_seed_gives_the_same_dialogues(seed: int) -> None:
    wanted = {"train": 5, "dev": 1, "test": 1}
    assert draw(seed, wanted, lambda turn: None) == draw(seed, wanted, lambda turn: None)
