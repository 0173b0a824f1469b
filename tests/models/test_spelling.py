import numpy as np
import pytest

from pipeline.models.spelling import LETTERS, NONE, RARE, Spelling, parts_of, shape, shortened


@pytest.mark.parametrize(
    ("word", "expected"),
    [("Hello", "Aa+"), ("USA", "A+"), ("iPhone", "aAa+"), ("1,000", "0,0+"), ("I", "A"), ("...", ".+"), ("", "")],
)
def test_a_shape_tells_runs_from_single_letters(word: str, expected: str) -> None:
    assert shape(word) == expected


def test_parts_are_the_shape_the_beginnings_and_the_endings() -> None:
    assert parts_of("Ran2") == ["= Aa+0", "r-", "ra-", "ran-", "ran0-", "-0", "-n0", "-an0", "-ran0"]
    assert parts_of("a") == ["= a", "a-", "", "", "", "-a", "", "", ""]
    assert parts_of("") == ["= ", *[""] * 8]


def test_of_a_long_word_the_middle_is_left_out() -> None:
    word = "http://" + "x" * 100 + ".com"
    assert len(shortened(word)) == LETTERS
    assert shortened(word).startswith("http://")
    assert shortened(word).endswith(".com")


def test_words_are_known_in_any_case_and_rare_letters_are_not() -> None:
    spelling = Spelling.of([["The", "cat"], ["the", "hats", "cats"]])
    assert spelling.words[0] == "the"
    assert spelling.frequency[0] == 2
    assert spelling.word("THE") == spelling.word("the") > RARE
    assert spelling.word("dog") == RARE
    assert spelling.seen[spelling.word("the")] == 2
    types = spelling.types(["at", "", "qat"])
    assert types.counts.tolist() == [2, 1, 3]
    assert types.letters[0, 2] == NONE
    assert types.letters[1].tolist() == [RARE, NONE, NONE]
    assert types.letters[2, 0] == RARE
    assert types.letters[2, 1:].tolist() == types.letters[0, :2].tolist()
    assert types.parts.shape == (3, 9)
    assert (types.parts[1, 1:] == NONE).all()


def test_it_is_written_and_read() -> None:
    spelling = Spelling.of([["a", "b", "a"], ["ab"]])
    again = Spelling.read(spelling.written())
    assert again == spelling
    for one, other in zip(again.types(["ab"]), spelling.types(["ab"]), strict=True):
        assert np.array_equal(one, other)
