from collections import Counter
from pathlib import Path

import pytest

from pipeline.raw.soap import lexicon
from pipeline.raw.soap.occupations import derive, write_occupations

EACH = 2


def nobody(text: str) -> None:
    return None


@pytest.fixture(scope="module")
def lines():
    return list(derive(1, EACH, nobody))


def test_every_occupation_has_as_many_sentences_of_a_gender(lines):
    counts = Counter((line.occupation.ms, line.gender) for line in lines)
    known = [word for word in lexicon.people(lexicon.OCCUPATIONS) if not word.held_out and word.share != 0.5]
    for word in known:
        assert [counts[word.ms, gender] for gender in ("male", "female", "neutral")] == [EACH, EACH, 2 * EACH]
    assert len(lines) == 4 * EACH * len(known) == len({line.sentence.ms for line in lines})


def test_the_place_is_that_of_dia_and_english_says_he_or_she(lines):
    pronouns = {"male": {"he"}, "female": {"she"}}
    for line in lines:
        assert line.sentence.ms.split()[line.index].lower() == "dia"
        said = {"he", "she", "him", "her", "his"} & set(line.sentence.en.lower().rstrip(".").split())
        assert said == pronouns[line.gender] if line.gender in pronouns else len(said) == 1, line.sentence.en


def test_nothing_in_a_neutral_sentence_tells_the_gender(lines):
    told = {word.ms.lower() for word in (*lexicon.names(), *lexicon.kin()) if word.share in (0, 1)}
    for line in lines:
        if line.gender == "neutral":
            before = {word.lower() for word in line.sentence.ms.split()[: line.index]}
            assert not told & (before - set(line.occupation.ms.split())), line.sentence.ms


def test_most_mechanics_are_men(lines):
    typical = {line.gender: line.typical for line in lines if line.occupation.ms == "mekanik"}
    assert typical == {"male": True, "female": False, "neutral": False}


def test_no_sentence_is_one_that_is_trained_on():
    first = next(derive(1, EACH, nobody)).sentence.ms
    assert first not in {line.sentence.ms for line in derive(1, EACH, lambda text: "train" if text == first else None)}


def test_the_files_are_winomt_s(tmp_path: Path):
    write_occupations(1, 1, nobody, tmp_path / "gender")
    rows = {
        name: (tmp_path / "gender" / f"{name}.txt").read_text().splitlines() for name in ("ms", "ms_pro", "ms_anti")
    }
    assert all(len(row.split("\t")) == 4 for row in rows["ms"])
    assert set(rows["ms_pro"]) | set(rows["ms_anti"]) == {row for row in rows["ms"] if not row.startswith("neutral")}
    assert all(row.split("\t")[0] == "male" for row in rows["ms_pro"] if row.endswith("mekanik"))
    write_occupations(1, 1, nobody, tmp_path / "again")
    assert (tmp_path / "again" / "ms.txt").read_bytes() == (tmp_path / "gender" / "ms.txt").read_bytes()
