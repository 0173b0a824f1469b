"""A timeline of spoken texts and a list of cues → what is wrong with each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.alignment import Config
from pipeline.alignment.hearing import Heard, Letters
from pipeline.alignment.language import Languages
from pipeline.alignment.ledger import Row
from pipeline.alignment.verdicts import Recording, Shown, judge, sound, threshold
from pipeline.tokens.characters import Codec
from pipeline.tokens.characters import Config as Characters

STEP = 0.04
LETTERS = Letters(Codec(list("abcdefghijklmnopqrstuvwxyz "), Characters()))
LANGUAGES = Languages({"ms": ["dia pergi ke sana", "apa yang berlaku"], "en": ["the thing went there", "what is this"]})
ONE, TWO, THREE = "dia pergi ke pasar", "apa yang berlaku", "kami mahu tidur"
SPOKEN = [(2.0, ONE), (8.0, TWO), (14.0, THREE)]
LEAST = -4.0


def heard(spoken: Sequence[tuple[float, str]], seconds: float = 22.0) -> Heard:
    """A recogniser that is sure of every letter: one each 0.08 s."""
    log_probs = np.full((round(seconds / STEP), len(LETTERS)), -12.0, np.float32)
    log_probs[:, 0] = 0
    for start, text in spoken:
        for i, letter in enumerate(LETTERS.of(text)[0]):
            step = round(start / STEP) + 2 * i
            log_probs[step, 0], log_probs[step, letter] = -12, 0
    return Heard(log_probs, STEP)


def cue(number: int, start: float, text: str, unspoken: str = "", length: float = 1.6) -> Shown:
    return Shown(number, start, start + length, text, unspoken)


def verdicts(cues: list[Shown], spoken: Sequence[tuple[float, str]] = SPOKEN, **options: Any) -> list[Row]:
    config = Config(**options)
    recording = sound("ep01", cues, heard(spoken), LETTERS, config)
    return judge(recording, LETTERS, LANGUAGES, "ms", LEAST, config)


def called(rows: list[Row]) -> list[str]:
    return [row.verdict for row in rows]


def test_cues_that_are_right() -> None:
    rows = verdicts([cue(1, 1.9, ONE), cue(2, 7.9, "Apa yang berlaku?"), cue(3, 13.9, THREE)])
    assert called(rows) == ["good"] * 3
    assert [(row.cue, row.score, row.reason) for row in rows] == [(1, 0.0, ""), (2, 0.0, ""), (3, 0.0, "")]
    first = rows[0]
    assert first.start == pytest.approx(2.0 - 0.15) and first.end == pytest.approx(2.0 + 0.08 * 14 + 0.04 + 0.15)
    assert first.heard == "diapergikepasar" and (first.old_start, first.old_end) == (1.9, 3.5)


def test_a_shifted_cue_gets_its_speech_back() -> None:
    rows = verdicts([cue(1, 4.5, ONE), cue(2, 7.9, TWO), cue(3, 13.9, THREE)])
    assert called(rows) == ["shifted", "good", "good"]
    assert rows[0].start == pytest.approx(1.85) and rows[0].reason == "heard 2.5 s earlier"


def test_cues_shifted_onto_one_another() -> None:
    rows = verdicts([cue(1, 4.5, ONE), cue(2, 10.2, TWO), cue(3, 9.2, THREE)])
    assert called(rows) == ["shifted"] * 3


def test_two_texts_that_were_swapped() -> None:
    rows = verdicts([cue(1, 1.9, TWO), cue(2, 7.9, ONE), cue(3, 13.9, THREE)], reach=7)
    assert called(rows) == ["other_text", "other_text", "good"]
    assert rows[0].start is None and rows[0].reason == "heard where another cue stands"


def test_a_copy_of_another_cue() -> None:
    rows = verdicts([cue(1, 1.9, ONE), cue(2, 7.9, ONE), cue(3, 13.9, THREE)], reach=7)
    assert called(rows) == ["good", "other_text", "good"]


def test_speech_within_another_cues_time_is_that_cues() -> None:
    """Nobody knows what is said in a cue of music; it is not where a text three seconds away belongs."""
    music = cue(1, 1.5, "[muzik]", "sound cue", length=3.0)
    assert called(verdicts([music, cue(2, 5.0, ONE), cue(3, 7.9, TWO), cue(4, 13.9, THREE)])) == [
        "not_speech",
        "other_text",
        "good",
        "good",
    ]


def test_few_letters_that_another_cue_says_too() -> None:
    spoken = [(2.0, "saya mahu ke pasar"), (5.0, "ua")]  # the second is misheard
    rows = verdicts([cue(1, 1.9, "saya mahu ke pasar"), cue(2, 4.9, "ya")], spoken, proof=9.0)
    assert called(rows) == ["good", "good"] and rows[1].start == pytest.approx(5.08 - 0.15)


def test_a_text_that_nobody_says() -> None:
    rows = verdicts([cue(1, 1.9, "sana berlaku yang"), cue(2, 7.9, "what is the thing")])
    assert called(rows)[:2] == ["other_text", "wrong_language"]
    assert rows[1].reason == "reads like en" and called(rows)[2:] == ["missing"]


def test_another_script() -> None:
    rows = verdicts([cue(1, 1.9, "他去市场")])
    assert (rows[0].verdict, rows[0].reason) == ("wrong_language", "100% of its letters are unknown to the recogniser")
    assert rows[0].score is None


def test_what_is_no_speech() -> None:
    rows = verdicts([cue(1, 1.9, "[muzik]", "sound cue"), cue(2, 7.9, TWO), cue(3, 18.5, "tiada apa")])
    assert [(row.verdict, row.reason) for row in rows[:3:2]] == [
        ("not_speech", "sound cue"),
        ("not_speech", "nothing is heard"),
    ]


def test_a_truncated_text() -> None:
    rows = verdicts([cue(1, 1.9, "dia pergi"), cue(2, 7.9, TWO), cue(3, 13.9, THREE)])
    assert called(rows) == ["truncated", "good", "good"] and rows[0].reason == "7 letters are heard beside the text"


def test_letters_misheard_at_the_end_are_the_texts_own() -> None:
    rows = verdicts([cue(1, 1.9, ONE)], [(2.0, "dia pergi ke pakul")])
    assert called(rows) == ["good"] and rows[0].score is not None and rows[0].score < 0


def test_speech_that_no_cue_covers() -> None:
    rows = verdicts([cue(1, 1.9, ONE), cue(3, 13.9, THREE)])
    assert called(rows) == ["good", "good", "missing"]
    gap = rows[2]
    assert gap.cue is None and gap.text is None and gap.heard == "apayangberlaku" and gap.start == pytest.approx(7.85)
    assert called(verdicts([cue(1, 1.9, ONE), cue(3, 13.9, THREE)], missing=15)) == ["good", "good"]


def test_a_cue_beyond_the_recording() -> None:
    rows = verdicts([cue(1, 1.9, ONE), cue(2, 90.0, TWO)], SPOKEN[:1])
    assert called(rows) == ["good", "not_speech"]
    assert all(row.score is None or np.isfinite(row.score) for row in rows)


def test_a_recording_without_cues_or_without_sound() -> None:
    assert called(verdicts([])) == ["missing"] * 3
    assert called(verdicts([cue(1, 1.9, ONE)], [])) == ["not_speech"]


def placed(own: list[float], strange: list[float]) -> list[Recording]:
    """A recording whose cues' texts have these scores."""
    from pipeline.alignment.forced import Place
    from pipeline.alignment.verdicts import Sounded

    cues = [
        Sounded(cue(i, 0, "a"), 0, 1, 0.0, Place(0, 1, mine, 1), None, Place(0, 1, other, 1))
        for i, (mine, other) in enumerate(zip(own, strange, strict=True))
    ]
    return [Recording("ep01", STEP, 10, cues, np.zeros(0, int), np.zeros(0, int))]


def test_the_threshold_parts_own_texts_from_strangers() -> None:
    assert threshold(placed([-1, -1, -1, -1], [-5, -6, -7, -8])) == -3.0
    # two of the own texts are wrong themselves: that moves nothing
    assert threshold(placed([-1, -1, -6.5, -9], [-5, -6, -7, -8])) == -3.0


def test_a_recogniser_that_tells_no_text_from_another() -> None:
    assert threshold([]) is None
    assert threshold(placed([-5, -6, -7, -8], [-5, -6, -7, -8])) is None
    assert threshold(placed([-9] * 4, [-1] * 4)) is None
