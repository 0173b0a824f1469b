from pathlib import Path

import pytest

from pipeline.problems import Problem
from pipeline.sequences import write_json
from pipeline.tokens.characters import Codec, Config


def fit(*texts: str, **options: object) -> Codec:
    return Codec.fit({"ms": texts}, field="ms", config=Config.model_validate(options))


def test_ids_go_by_frequency_behind_the_special_ones() -> None:
    codec = fit("aab", "a c")
    assert codec.symbols == ["<pad>", "<unk>", "<s>", "</s>", "a", " ", "b", "c"]
    assert codec.encode("cab").tolist() == [7, 4, 6]
    assert len(codec) == 8


def test_text_comes_back_and_special_ids_write_nothing() -> None:
    codec = fit("Apa khabar, 你好?")
    text = "你好, Apa khabar?"
    assert codec.decode(codec.encode(text)) == text
    assert codec.decode([2, *codec.encode("Apa"), 3, 0, 0]) == "Apa"


def test_an_unknown_character_is_id_1_and_is_written_as_the_replacement_sign() -> None:
    codec = fit("abc")
    assert codec.encode("axb").tolist() == [4, 1, 5]
    assert codec.decode([4, 1, 5]) == "a\ufffdb"


def test_no_text_is_an_empty_array() -> None:
    codec = fit("abc")
    for value in ("", None):
        ids = codec.encode(value)
        assert ids.shape == (0,) and ids.dtype == "int32" and codec.decode(ids) == ""


def test_options_lower_case_and_leave_out_what_is_rare() -> None:
    codec = fit("AaB", "b", "c", lowercase=True, min_count=2)
    assert codec.symbols[4:] == ["a", "b"]
    assert codec.decode(codec.encode("BA")) == "ba"


def test_what_was_saved_loads(tmp_path: Path) -> None:
    codec = fit("Hai\n\t", lowercase=True)
    codec.save(tmp_path)
    write_json(tmp_path / "codec.json", {"kind": "characters", "field": "ms", "options": {"lowercase": True}})
    loaded = Codec.load(tmp_path)
    assert loaded.symbols == codec.symbols and loaded.encode("HAI\n").tolist() == codec.encode("hai\n").tolist()


def test_a_field_of_words_is_refused() -> None:
    with pytest.raises(Problem, match="kind words"):
        Codec.fit({"words": [["a", "b"]]}, field="words", config=Config())
