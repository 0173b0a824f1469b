"""Terms: words however they stand in a text."""

from pathlib import Path

import pytest

from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.sequences import write_json
from pipeline.tokens import terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Oil, OIL; (oil)", "oil oil oil"),
        ("4.5 mln dlrs vs 1,200", "0 mln dlrs vs 0"),
        ("year-end company's", "year end company s"),
        ("Perlahan-lahan dia menangis.", "perlahan lahan dia menangis"),
        ("石油很贵 2026年", "石 油 很 贵 0 年"),
        ("été_naïve", "été naïve"),
        (" \u200b ... ", ""),
    ],
)
def test_by_hand(text: str, found: str) -> None:
    assert " ".join(terms.terms(text)) == found


def test_rare_terms_are_unknown_and_a_saved_codec_is_the_same(tmp_path: Path) -> None:
    config = configure(terms.Config, {"min_count": 2}, "tokens.t")
    codec = terms.Codec.fit({"text": ["a b a", None, "b c"]}, field="text", config=config)
    assert codec.decode(codec.encode("A, c. B!")) == "a <unk> b"
    codec.save(tmp_path)
    write_json(tmp_path / "codec.json", {"options": {"min_count": 2}})
    assert terms.Codec.load(tmp_path).encode("b c a").tolist() == codec.encode("b c a").tolist()
    assert codec.encode(None).tolist() == []


def test_a_field_of_lists_is_refused() -> None:
    with pytest.raises(Problem, match="not text"):
        terms.Codec.fit({"labels": [["a"]]}, field="labels", config=configure(terms.Config, {}, "tokens.t"))
