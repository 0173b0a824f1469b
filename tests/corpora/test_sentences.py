"""Texts that are shown together → splits."""

import pytest

from pipeline.corpora.cues import Cue
from pipeline.corpora.sentences import parted
from pipeline.corpora.splits import Split
from pipeline.problems import Problem


def shown(*rows: tuple[str, ...], languages: str = "en es") -> dict[str, list[Cue]]:
    """A recording whose cues follow each other, a text a language; an empty one is not shown."""
    return {
        language: [Cue(n, 2.0 * n, 2.0 * n + 1, row[i]) for n, row in enumerate(rows) if row[i]]
        for i, language in enumerate(languages.split())
    }


def test_what_is_shown_together_stays_together() -> None:
    recordings = [
        shown(("Two.", "dos"), ("one", "uno"), ("pair", "Dos!"), ("ten", "")),
        shown(("un", "one"), languages="fr en"),
        *(shown((f"word {n}", f"palabra {n}")) for n in range(200)),
    ]
    splits = parted(recordings, Split(by="text", dev=0.1, test=0.2), "c")
    assert len({splits["en", "two"], splits["es", "dos"], splits["en", "pair"]}) == 1
    assert len({splits["en", "one"], splits["es", "uno"], splits["fr", "un"]}) == 1
    parts = [splits["en", f"word{n}"] for n in range(200)]
    assert parts == [splits["es", f"palabra{n}"] for n in range(200)]
    assert 35 <= parts.count("test") <= 45 and 15 <= parts.count("dev") <= 25
    assert parted(recordings[::-1], Split(by="text", dev=0.1, test=0.2), "c") == splits


def test_a_sentence_more_moves_few_others() -> None:
    def parts(count: int) -> dict[tuple[str, str], str]:
        return parted([shown((f"word {n}", f"palabra {n}")) for n in range(count)], Split(dev=0.1, test=0.2), "c")

    before, after = parts(200), parts(201)
    assert sum(before[text] != after[text] for text in before) <= 4


def test_cues_that_barely_touch_are_not_the_same() -> None:
    late = {"en": [Cue(1, 0, 2, "a"), Cue(2, 2, 4, "b")], "es": [Cue(1, 1.5, 3.8, "c")]}
    recordings = [late, *(shown((f"word {n}", f"palabra {n}")) for n in range(50))]
    found = [parted(recordings, Split(dev=0, test=count), "c") for count in range(2, 100, 2)]
    assert all(splits["en", "b"] == splits["es", "c"] for splits in found)
    assert any(splits["en", "a"] != splits["es", "c"] for splits in found)


def test_impossible_parts() -> None:
    with pytest.raises(Problem, match="dev and test take all of 2 cues"):
        parted([shown(("a", "b"))], Split(dev=0.5, test=0.5), "c")
    with pytest.raises(Problem, match="names are for recordings"):
        parted([shown(("a", "b"))], Split(dev=["a"]), "c")
