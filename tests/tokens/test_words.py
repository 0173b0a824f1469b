from pathlib import Path

from pipeline.sequences import write_json
from pipeline.tokens.words import Codec, Config


def fit(values: list, field: str = "words", **options: object) -> Codec:
    return Codec.fit({field: values}, field=field, config=Config.model_validate(options))


def test_words_come_back_as_a_list() -> None:
    codec = fit([["The", "dog"], ["The", "cat"]])
    assert codec.symbols[4:] == ["The", "cat", "dog"]
    assert codec.encode(["The", "dog", "sat"]).tolist() == [4, 6, 1]
    assert codec.decode([2, 4, 6, 3]) == ["The", "dog"]
    assert codec.decode([4, 1]) == ["The", "<unk>"]


def test_text_is_cut_at_white_space_and_comes_back_as_text() -> None:
    codec = fit(["a dog  runs"], field="en")
    assert codec.decode(codec.encode("dog runs a")) == "dog runs a"


def test_a_word_that_reads_like_a_special_symbol_is_a_word() -> None:
    codec = fit([["<s>", "x"]])
    assert codec.encode(["<s>"]).tolist() == [4] and fit([["x"]]).encode(["<s>"]).tolist() == [1]


def test_rare_words_are_unknown_and_case_may_fold() -> None:
    codec = fit([["A", "a", "b"]], min_count=2, lowercase=True)
    assert codec.symbols[4:] == ["a"] and codec.encode(["A", "b"]).tolist() == [4, 1]


def test_an_empty_sentence_is_an_empty_array() -> None:
    codec = fit([["a"], []])
    assert codec.encode([]).shape == (0,) and codec.decode([]) == [] and codec.encode(None).shape == (0,)


def test_what_was_saved_loads(tmp_path: Path) -> None:
    for values in ([["NOUN", "VERB"]], ["two words"]):
        codec = fit(values)
        codec.save(tmp_path)
        write_json(tmp_path / "codec.json", {"kind": "words", "field": "words", "options": {}})
        loaded = Codec.load(tmp_path)
        assert loaded.symbols == codec.symbols and loaded.decode([4, 5]) == codec.decode([4, 5])


def test_fields_that_share_a_vocabulary_get_the_same_one() -> None:
    train = {"en": ["a b"], "de": ["c a"]}
    config = Config()
    one, other = (Codec.fit(train, field=field, config=config) for field in ("en", "de"))
    assert one.symbols == other.symbols == ["<pad>", "<unk>", "<s>", "</s>", "a", "b", "c"]
