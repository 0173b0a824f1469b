from pathlib import Path

import pytest

from pipeline.corpora import winomt
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.records import Reject, read_table
from pipeline.stages import ingest

PRO = "female\t1\tThe nurse slept because she was tired.\tnurse\n"
ANTI = "male\t1\tThe nurse slept because he was tired.\tnurse\n"
NEUTRAL = "neutral\t1\tThe nurse told someone that they could leave.\tnurse\n"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for name, text in (("en", PRO + ANTI + NEUTRAL), ("en_pro", PRO), ("en_anti", ANTI)):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    return tmp_path


def found(raw: Path, **options):
    config = configure(winomt.Config, options, "corpora.w")
    return list(winomt.read(config, raw, "w"))


def test_a_line_is_a_record_with_its_stereotype(raw):
    records = [item.record for item in found(raw)]
    assert [record["stereotype"] for record in records] == ["pro", "anti", ""]
    assert records[0] == {
        "id": "w-en-0001",
        "sentence": "The nurse slept because she was tired.",
        "gender": "female",
        "occupation": "nurse",
        "stereotype": "pro",
        "index": 1,
    }


def test_all_of_it_is_test(raw):
    assert {item.split for item in found(raw)} == {"test"}
    with pytest.raises(Problem, match="files: all of it is test"):
        found(raw, files="*.txt")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("plural\t1\tThe nurses sleep.\tnurse", "unknown gender"),
        ("male\t9\tThe nurse sleeps.\tnurse", "no word at this place"),
        ("male\tx\tThe nurse sleeps.\tnurse", "no word at this place"),
    ],
)
def test_what_cannot_be_told_is_rejected(raw, line, reason):
    (raw / "en.txt").write_text(PRO + line + "\n", encoding="utf-8")
    (_, reject) = found(raw)
    assert isinstance(reject, Reject)
    assert (reject.reason, reject.where) == (reason, "line 2")


def test_columns_and_files_that_are_missing(raw):
    (raw / "en.txt").write_text("male The nurse sleeps.\n", encoding="utf-8")
    with pytest.raises(Problem, match=r"en\.txt, line 1: 1 column where 4 are due"):
        found(raw)
    with pytest.raises(Problem, match=r"ms_pro\.txt is missing"):
        found(raw, name="ms")


def test_ingest_takes_a_corpus_without_training_data(raw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("raw: {w: {kind: none}}\ncorpora: {w: {raw: w, kind: winomt}}\n", encoding="utf-8")
    Path("data/raw/w").mkdir(parents=True)
    for file in raw.glob("*.txt"):
        file.rename(f"data/raw/w/{file.name}")
    ingest.run("w")
    assert len(list(read_table(Path("data/manifests/w/test.parquet")))) == 3
    assert list(read_table(Path("data/manifests/w/train.parquet"))) == []
    Path("data/raw/w/en.txt").write_text(PRO.replace("female", "plural"), encoding="utf-8")
    with pytest.raises(Problem, match=r"corpora\.w: no record is left to test with"):
        ingest.run("w")
