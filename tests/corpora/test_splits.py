"""Names → splits, files → names."""

from pathlib import Path

import pytest

from pipeline.corpora.splits import Multilingual, Shared, Split, assign, joined, natural, sources
from pipeline.problems import Problem

NAMES = [f"ep{n}" for n in (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)]


def parts(splits: dict[str, str]) -> dict[str, list[str]]:
    return {part: sorted((n for n, s in splits.items() if s == part), key=natural) for part in ("train", "dev", "test")}


def test_the_last_ones_in_natural_order_are_held_out() -> None:
    assert parts(assign(NAMES, Split(dev=2, test=1), "soap")) == {
        "train": [f"ep{n}" for n in range(1, 8)],
        "dev": ["ep8", "ep9"],
        "test": ["ep10"],
    }


def test_shares_take_at_least_one_and_zero_takes_none() -> None:
    found = parts(assign(NAMES[-3:], Split(dev=0.1, test=0), "soap"))
    assert found == {"train": ["ep1", "ep2"], "dev": ["ep3"], "test": []}


def test_names_may_be_shuffled_always_alike() -> None:
    names = [f"{group}{n:02d}" for group in "ab" for n in range(50)]
    found = assign(names, Split(dev=10, test=30, shuffle=True), "soap")
    assert found == assign(names[::-1], Split(dev=10, test=30, shuffle=True), "soap")
    test = parts(found)["test"]
    assert len(test) == 30 and 8 <= sum(name.startswith("a") for name in test) <= 22


def test_names_may_be_listed() -> None:
    found = parts(assign(NAMES, Split(dev=["ep2"], test=2), "soap"))
    assert found["dev"] == ["ep2"] and found["test"] == ["ep9", "ep10"] and "ep2" not in found["train"]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (Split(dev=["ep11"]), "there is no 'ep11': did you mean ep1"),
        (Split(dev=["ep1"], test=["ep1"]), "'ep1' is listed twice"),
        (Split(dev=5, test=5), "take all 10 of ep1, ep2, ep3, ep4, ep5, ...: make them smaller"),
    ],
)
def test_impossible_splits(split: Split, message: str) -> None:
    with pytest.raises(Problem, match=message):
        assign(NAMES, split, "soap")


def test_files_are_named_by_what_differs(tmp_path: Path) -> None:
    for name in ("s1/ep1.en.srt", "s1/ep10.en.srt", "s1/ep2.en.srt", "s2/ep1.en.vtt"):
        (tmp_path / "deep" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "deep" / name).touch()
    found = sources(Shared(), tmp_path, "soap", ["**/*.*"], ["en"])
    assert [source.name for source in found] == ["s1-ep1", "s1-ep2", "s1-ep10", "s2-ep1"]


def test_a_folder_and_a_hyphen_make_no_one_name(tmp_path: Path) -> None:
    for name in ("a/b.en.srt", "a/b.flac", "a-b.en.srt", "a-b.flac", "c/d.flac"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = sources(Shared(), tmp_path, "soap", ["**/*.*"], ["en"])
    assert {source.path.relative_to(tmp_path).as_posix(): source.name for source in found} == {
        "a-b.en.srt": "a-b",
        "a-b.flac": "a-b",
        "a/b.en.srt": "a--b",
        "a/b.flac": "a--b",
        "c/d.flac": "c-d",
    }


def test_joined_names_are_as_many_as_the_places() -> None:
    places = [("a", "b-c"), ("a-b", "c"), ("a", "b", "c"), ("a-b-c",), ("a--b-c",), ("a", "b")]
    names = joined(places)
    assert len(set(names.values())) == len(places)
    assert names["a", "b"] == "a-b" and names["a-b-c",] == "a-b-c" and names["a", "b", "c"] == "a--b--c"


def test_language_of_a_name() -> None:
    names = ["train.en.gz", "train.en", "ep01.en.srt", "en.srt", "a.fr.srt", "a.id.srt"]
    config = Multilingual(suffixes={"ind": "id"})
    assert [config.language_of(Path(name), ["en", "ind"]) for name in names] == ["en", "en", "en", None, None, "ind"]


def test_faults_in_files(tmp_path: Path) -> None:
    (tmp_path / "train.mrg").touch()
    with pytest.raises(Problem, match=r"is missing: put the corpus there, or mend corpora.soap"):
        sources(Shared(), tmp_path / "nowhere", "soap", ["*"])
    with pytest.raises(Problem, match=r"files.test: nothing in .* matches 'tset.mrg'; it holds train.mrg"):
        sources(Shared(files={"train": "train.mrg", "test": "tset.mrg"}), tmp_path, "soap", ["*"])
    with pytest.raises(Problem, match=r"train.mrg is in train and in test"):
        sources(Shared(files={"train": "*.mrg", "test": "train.mrg"}), tmp_path, "soap", ["*"])
    with pytest.raises(Problem, match="does not stay in"):
        sources(Shared(files="../*.mrg"), tmp_path, "soap", ["*"])
    with pytest.raises(Problem, match="leave one of `files` and `split` out"):
        sources(Shared(files={"train": "*.mrg"}, split=Split(test=1)), tmp_path, "soap", ["*"])
