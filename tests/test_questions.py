"""Question and context as one text."""

from pipeline.questions import joined


def test_a_mark_stands_before_each_sentence_and_nowhere_else() -> None:
    assert joined("Where is it?", ["It is here.", "a|b"]) == "Where is it? | It is here. | a/b"
    assert joined("Where?", []) == "Where?"
