"""A raw corpus → manifests and a summary; a fault leaves what stood before."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import paths
from pipeline.problems import Problem
from pipeline.records import read_table
from pipeline.stages.ingest import run


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes params.yaml and raw files; returns the manifests and the summary of an ingestion."""
    monkeypatch.chdir(tmp_path)

    def ingest(written: dict[str, str], **options: Any) -> tuple[dict[str, list[dict[str, Any]]], dict[str, float]]:
        Path("params.yaml").write_text(
            yaml.safe_dump({"corpora": {"soap": {"raw": "soap", **options}}}), encoding="utf-8"
        )
        for name, text in written.items():
            file = paths.raw("soap") / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        run("soap")
        return tables(), json.loads(paths.summary("soap").read_text(encoding="utf-8"))

    return ingest


def tables() -> dict[str, list[dict[str, Any]]]:
    return {split: list(read_table(paths.manifest("soap", split))) for split in (*paths.SPLITS, "rejected")}


PAIRS = {"kind": "parallel", "languages": ["ms", "en"]}


def tsv(pairs: range | list[int]) -> str:
    return "ms\ten\n" + "".join(f"ayat {n}\tsentence {n}\n" for n in pairs)


def test_sentences_are_split_in_order(corpus: Any, capsys: pytest.CaptureFixture[str]) -> None:
    found, summary = corpus({"a.tsv": tsv(range(10)) + "\tnothing\n"}, **PAIRS, split={"dev": 1, "test": 0.2})
    assert [record["ms"] for split in paths.SPLITS for record in found[split]] == [f"ayat {n}" for n in range(10)]
    assert [len(found[split]) for split in paths.SPLITS] == [7, 1, 2]
    assert summary == {
        "sentences_train": 7,
        "sentences_dev": 1,
        "sentences_test": 2,
        "longest_characters": 10,
        "leaked": 0,
        "rejected": 1,
        "rejected_no_ms": 1,
    }
    printed = capsys.readouterr().out
    assert "soap: 7 sentences to train, 1 sentences to dev, 2 sentences to test; the longest: 10 characters" in printed
    assert "rejected: 1\n  no ms: 1" in printed


FILES = {"train": "train.tsv", "dev": "dev.tsv", "test": "test.tsv"}


def test_copies_of_what_is_tested_leave_train_and_dev(corpus: Any) -> None:
    raw = {"train.tsv": tsv([1, 1, 2, 3, 4]), "dev.tsv": tsv([2, 5, 6]), "test.tsv": tsv([3, 5, 5])}
    found, summary = corpus(raw, **PAIRS, files=FILES)
    assert [[record["ms"][-1] for record in found[split]] for split in paths.SPLITS] == [
        list("114"),
        list("26"),
        list("355"),
    ]
    assert [(r["file"], r["where"], r["reason"], r["text"]) for r in found["rejected"]] == [
        ("data/raw/soap/train.tsv", "line 4", "copy of a dev record", "ayat 2 | sentence 2"),
        ("data/raw/soap/train.tsv", "line 5", "copy of a test record", "ayat 3 | sentence 3"),
        ("data/raw/soap/dev.tsv", "line 3", "copy of a test record", "ayat 5 | sentence 5"),
    ]
    assert summary["leaked"] == 3 == summary["rejected"]


def test_copies_may_be_refused(corpus: Any) -> None:
    raw = {"train.tsv": tsv([1, 3]), "dev.tsv": tsv([2]), "test.tsv": tsv([3])}
    with pytest.raises(
        Problem, match=r"train.tsv, line 3: soap-train-0002 \(train\) is a copy of a test record: take it"
    ):
        corpus(raw, **PAIRS, files=FILES, leakage="refuse")


VARIANTS = {
    "train.tsv": "ms\ten\nYa\tyes !\nbetul\tRight.\napa\tWhat?\n",
    "dev.tsv": "ms\ten\nmari\tcome\n",
    "test.tsv": "ms\ten\nya\tYes.\nbenar\tright\n",
}


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, ["apa"]),
        ({"sides": "all"}, ["betul", "apa"]),
        ({"alike": "exact"}, ["Ya", "betul", "apa"]),
    ],
)
def test_a_copy_may_differ_in_case_and_punctuation_or_on_one_side(
    corpus: Any, options: dict[str, str], kept: list[str]
) -> None:
    found, summary = corpus(VARIANTS, **PAIRS, files=FILES, **options)
    assert [record["ms"] for record in found["train"]] == kept
    assert summary["leaked"] == 3 - len(kept)


def test_the_same_files_give_the_same_bytes(corpus: Any) -> None:
    def content() -> list[bytes]:
        return [file.read_bytes() for file in sorted(Path("data").rglob("*")) if file.is_file()]

    corpus({"a.tsv": tsv(range(50))}, **PAIRS)
    before = content()
    corpus({}, **PAIRS)
    assert content() == before
    assert sorted(file.name for file in paths.manifests("soap").iterdir()) == [
        "dev.parquet",
        "rejected.parquet",
        "test.parquet",
        "train.parquet",
    ]


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({"a.tsv": ""}, PAIRS, r"data/raw/soap/a.tsv is empty: put"),
        ({"b.ms": "satu\ndua\n", "b.en": "one\n"}, {**PAIRS, "files": "b.*"}, r"b.ms has 2 lines, .*b.en has 1 lines"),
        ({"a.mrg": "((S (NN a))\n"}, {"kind": "brackets"}, r"a.mrg, line 1: the tree that begins here lacks 1 closing"),
        ({"a.conllu": "1\ta\ta\tX\tX\t_\t0\troot\t_\n"}, {"kind": "conllu"}, r"a.conllu, line 1: 9 columns where"),
        (
            {"a.tsv": "a\tb\n"},
            {**PAIRS, "kind": "paralel"},
            r"corpora.soap.kind: there is no 'paralel': did you mean parallel",
        ),
        (
            {"a.tsv": "a\tb\n"},
            {**PAIRS, "langages": []},
            r"corpora.soap.langages: no such name: did you mean languages",
        ),
        ({"a.tsv": "a\tb\n"}, {**PAIRS, "split": {"dev": 1.5}}, r"corpora.soap.split.dev.*: a part is a share"),
        ({"a.tsv": "a\tb\n"}, PAIRS, r"dev and test take all of 1 sentences"),
        (
            {"a.tsv": "\tb\n"},
            {**PAIRS, "split": {"dev": 0, "test": 0}},
            r"no record is left to train on .rejected: no ms 1",
        ),
        ({"a.tsv": "a\tb\n"}, {**PAIRS, "raw": "sop"}, r"corpora.soap.raw: there is neither a row raw.sop"),
    ],
)
def test_a_fault_leaves_what_stood_before(
    corpus: Any, files: dict[str, str], options: dict[str, Any], message: str
) -> None:
    before, _ = corpus({"a.tsv": tsv(range(10))}, **PAIRS)
    summary = paths.summary("soap").read_bytes()
    with pytest.raises(Problem, match=message):
        corpus(files, **options)
    assert tables() == before and paths.summary("soap").read_bytes() == summary
    assert [folder.name for folder in (paths.DATA / "manifests").iterdir()] == ["soap"]


def test_a_missing_folder(corpus: Any) -> None:
    corpus({"a.tsv": tsv(range(10))}, **PAIRS)
    Path("data/raw/soap").rename("data/raw/away")
    with pytest.raises(Problem, match="soap"):
        run("soap")


def test_broken_time_codes_end_without_a_traceback(
    corpus: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.__main__ import main

    options = {"kind": "subtitles", "spoken": "ms", "subtitles": ["ms"], "media": False, "split": {"dev": 0, "test": 0}}
    good = "1\n00:00:01,000 --> 00:00:02,000\nYa\n"
    found, summary = corpus({"ep01.ms.srt": good}, **options)
    assert summary["utterances_train"] == 1 and summary["longest_seconds"] == 1.0
    (paths.raw("soap") / "ep01.ms.srt").write_text(good.replace("02,000", "xx"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["pipeline", "ingest", "soap"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert capsys.readouterr().err == (
        "error: data/raw/soap/ep01.ms.srt, line 2: broken time code '00:00:01,000 --> 00:00:xx': "
        "write it as 00:01:02,500 --> 00:01:04,000\n"
    )
    assert tables() == found


def test_a_share_of_train_is_evenly_drawn_and_the_rest_stays_as_it_is(corpus: Any) -> None:
    found, summary = corpus({"a.tsv": tsv(range(20))}, **PAIRS, split={"dev": 2, "test": 2}, keep=0.25)
    assert [record["ms"] for record in found["train"]] == ["ayat 3", "ayat 7", "ayat 11", "ayat 15"]
    assert [len(found[split]) for split in ("dev", "test", "rejected")] == [2, 2, 0]
    assert (summary["sentences_train"], summary["left_out"]) == (4, 12)
    found, _ = corpus({"a.tsv": tsv(range(20))}, **PAIRS, split={"dev": 2, "test": 2}, keep=0.5)
    assert [record["ms"] for record in found["train"]] == [f"ayat {n}" for n in range(1, 16, 2)]


def test_a_share_so_small_that_nothing_is_left(corpus: Any) -> None:
    with pytest.raises(Problem, match="no record is left to train on"):
        corpus({"a.tsv": tsv(range(20))}, **PAIRS, split={"dev": 2, "test": 2}, keep=0.05)
