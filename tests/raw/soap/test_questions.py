"""Stories of the embedded world: answers that follow from the sentences that are named, in both forms alike."""

import json
from pathlib import Path

import pytest

from pipeline.raw.soap.questions import GOING, SENTENCES, draw, write_questions
from pipeline.raw.soap.world import normal

WANTED = {"train": 60, "dev": 8, "test": 8}


def free(sentence: str) -> None:
    return None


def test_an_answer_follows_from_its_supporting_sentences() -> None:
    kinds = set()
    for story in draw(1, WANTED, free)["train"]:
        assert SENTENCES[0] <= len(story.sentences) <= SENTENCES[1]
        for question in story.questions:
            asked = question.text.strip("?").removesuffix(" itu").split()
            *_, last = question.support
            assert question.answer in story.sentences[last]
            # Nothing that is told later says otherwise.
            if asked[0] == "Siapa":
                thing = " ".join(asked[3:])
                assert f" {thing} itu" in story.sentences[last]
                assert not any(f" {thing} itu" in later for later in story.sentences[last + 1 :])
            else:
                who = mover(story.sentences[last])
                assert story.sentences[last].endswith(f" ke {question.answer}.")
                assert not any(mover(later) == who for later in story.sentences[last + 1 :])
                if question.support[1:]:
                    first = story.sentences[question.support[0]]
                    assert first.startswith(f"{who} ") or first.endswith(f" kepada {who}.")
                else:
                    assert who == " ".join(asked[2:])
            kinds.add((asked[0], len(question.support)))
    assert kinds == {("Di", 1), ("Siapa", 1), ("Di", 2)}


def mover(sentence: str) -> str | None:
    """Who goes somewhere."""
    return next((sentence.split(f" {verb} ke ")[0] for verb in GOING if f" {verb} ke " in sentence), None)


def test_no_sentence_is_in_two_splits_and_what_is_owned_stays_there() -> None:
    found = draw(2, WANTED, free)
    assert {split: len(stories) for split, stories in found.items()} == WANTED
    told = {split: {normal(line) for story in stories for line in story.sentences} for split, stories in found.items()}
    assert not told["train"] & told["dev"] and not (told["train"] | told["dev"]) & told["test"]
    held = draw(2, WANTED, lambda line: "test" if normal(line) in told["train"] else None)
    assert (
        not {normal(line) for part in ("train", "dev") for story in held[part] for line in story.sentences}
        & told["train"]
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_both_forms_say_the_same_and_a_seed_gives_the_same_bytes(seed: int, tmp_path: Path) -> None:
    write_questions(seed, 20, 4, free, tmp_path / "a")
    write_questions(seed, 20, 4, free, tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["dev.json", "dev.txt", "test.json", "test.txt", "train.json", "train.txt"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    asked = []
    for paragraph in json.loads((tmp_path / "a/train.json").read_text(encoding="utf-8"))["data"][0]["paragraphs"]:
        for question in paragraph["qas"]:
            [answer] = question["answers"]
            start = answer["answer_start"]
            assert paragraph["context"][start : start + len(answer["text"])] == answer["text"]
            asked.append((question["question"], answer["text"]))
    lines = (tmp_path / "a/train.txt").read_text(encoding="utf-8").splitlines()
    cells = [line.split(" ", 1)[1].split("\t") for line in lines if "\t" in line]
    assert asked == [(question, answer) for question, answer, _ in cells]
