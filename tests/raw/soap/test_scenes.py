"""Scenes of the embedded world: what they are about follows from what happens in them, and splits share no sentence."""

import json
from pathlib import Path

import pytest

from pipeline.raw.soap.scenes import FAILS, MOODS, TOPICS, draw, write_scenes
from pipeline.raw.soap.world import normal

WANTED = {"train": 80, "dev": 12, "test": 12}


def free(sentence: str) -> None:
    return None


def sentences(text: str) -> set[str]:
    return {normal(sentence) for sentence in text.split(".")} - {""}


@pytest.fixture(scope="module")
def drawn() -> dict[str, list]:
    return draw(1, WANTED, free)


def test_every_scene_is_about_something_in_one_mood(drawn: dict[str, list]) -> None:
    scenes = [scene for split in drawn.values() for scene in split]
    assert all(scene.labels and list(scene.labels) == sorted(set(scene.labels)) for scene in scenes)
    assert {label for scene in scenes for label in scene.labels} == set(TOPICS)
    for scene in scenes:
        last = scene.text.rstrip(".").rsplit(" ", 1)[-1]
        assert last in MOODS[scene.mood], scene.text


def test_what_is_denied_is_no_label(drawn: dict[str, list]) -> None:
    """Deeds that stand for one topic alone: told and not a label only where a word before says that they fail."""
    deeds = {"pengsan": "illness", "ke mahkamah": "law", "mencium": "love", "bekerja di kilang": "work"}
    denied = 0
    for scene in (scene for split in drawn.values() for scene in split):
        for sentence in scene.text.lower().split(".")[:-1]:
            for deed, topic in deeds.items():
                if deed in sentence and topic not in scene.labels:
                    before = sentence[: sentence.index(deed)]
                    assert any(f" {word}" in before for word in FAILS), sentence
                    denied += 1
    assert denied


def test_no_sentence_is_in_two_splits_and_what_is_owned_stays_there(drawn: dict[str, list]) -> None:
    told = {split: set().union(*(sentences(scene.text) for scene in drawn[split])) for split in drawn}
    assert not told["train"] & told["dev"] and not (told["train"] | told["dev"]) & told["test"]
    some = min(told["train"])
    held = draw(1, WANTED, lambda sentence: "test" if normal(sentence) == some else None)
    assert all(some not in sentences(scene.text) for split in ("train", "dev") for scene in held[split])


def test_a_seed_gives_the_same_bytes_and_texts_recur_never(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_scenes(seed, 20, 4, free, tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["dev.jsonl", "test.jsonl", "train.jsonl"]
    for name in names:
        content = [(tmp_path / folder / name).read_bytes() for folder in "abc"]
        assert content[0] == content[1] != content[2]
    rows = [json.loads(line) for line in (tmp_path / "a/train.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({row["text"] for row in rows}) == len(rows) == 20
    assert set(rows[0]) == {"text", "labels", "mood"}
