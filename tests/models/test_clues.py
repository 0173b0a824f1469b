import numpy as np

from pipeline.models.clues import Clues


def shown(clues: Clues, sentence: list[str], place: int) -> set[str]:
    names = list(clues.columns)
    row = clues.matrix([sentence]).toarray()[place]
    return {names[column] for column in np.flatnonzero(row)}


def test_a_place_shows_its_word_and_those_around_it() -> None:
    clues = Clues.of([["The", "cat", "sat"]])
    assert shown(clues, ["The", "cat", "sat"], 1) == {
        *(
            "0",
            "0 cat",
            "0 as cat",
            "0 in = a+",
            "0 in c-",
            "0 in ca-",
            "0 in cat-",
            "0 in -t",
            "0 in -at",
            "0 in -cat",
        ),
        *("-2 ", "-1 the", "+1 sat", "+2 ", "-1 = Aa+", "+1 = a+", "-1 -the", "+1 -sat"),
        *("-1 0 the cat", "0 +1 cat sat", "-1 0 -he -cat", "0 +1 -cat -at"),
    }


def test_what_training_lacks_has_no_column() -> None:
    clues = Clues.of([["The", "cat", "sat"]])
    before = len(clues)
    found = shown(clues, ["bat"], 0)
    assert {"0", "-1 ", "+1 ", "0 in -at"} <= found
    assert not {"0 bat", "0 in b-"} & found
    assert len(clues) == before
    assert clues.matrix([]).shape == (0, before)


def test_columns_are_read_again_in_their_order() -> None:
    clues = Clues.of([["a", "b"], ["b"]])
    again = Clues(list(clues.columns))
    assert (again.matrix([["b", "a"]]) != clues.matrix([["b", "a"]])).nnz == 0
