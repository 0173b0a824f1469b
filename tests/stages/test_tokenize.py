from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import paths
from pipeline.data import load_codec, load_side
from pipeline.problems import Problem
from pipeline.records import TAGGED_SCHEMA, pair_schema, write_table
from pipeline.stages import tokenize

PAIRS = {"train": ["Satu dua.", "Dua tiga."], "dev": ["Tiga?"], "test": []}


def workspace(folder: Path, monkeypatch: pytest.MonkeyPatch, **rows: dict[str, Any]) -> None:
    monkeypatch.chdir(folder)
    corpora = {"pairs": {"raw": "world", "kind": "parallel"}, "tags": {"raw": "world", "kind": "conllu"}}
    content = {"raw": {"world": {"kind": "soap"}}, "corpora": corpora, "tokens": rows}
    Path("params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    for split, texts in PAIRS.items():
        records: Iterable[dict] = ({"id": f"{split}-{i}", "ms": t, "en": t.upper()} for i, t in enumerate(texts))
        write_table(paths.manifest("pairs", split), records, pair_schema(["ms", "en"]))
        words = ({"id": f"{split}-{i}", "words": t.split(), "upos": ["X"] * 2} for i, t in enumerate(texts))
        write_table(paths.manifest("tags", split), words, TAGGED_SCHEMA)


def test_every_split_gets_ids_from_trains_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    workspace(tmp_path, monkeypatch, ms={"corpus": "pairs", "field": "ms", "kind": "characters"})
    tokenize.run("ms")
    train, dev, test = (load_side("tokens/ms", "pairs", split) for split in paths.SPLITS)
    assert train.sequences.ids == ["train-0", "train-1"]
    assert [train.codec.decode(ids) for ids in train.sequences] == PAIRS["train"]
    assert "?" not in train.codec.symbols and 1 in dev.sequences[0]
    assert len(test.sequences) == 0
    assert "dev: 1 sequences, 5 tokens, longest 5, 2 unknown" in capsys.readouterr().out


def test_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(tmp_path, monkeypatch, w={"corpus": "tags", "field": "words", "kind": "words", "lowercase": True})
    tokenize.run("w")
    codec = load_codec("tokens/w")
    assert codec.decode(codec.encode(["Satu", "DUA."])) == ["satu", "dua."]


def test_two_runs_write_the_same_bytes_and_two_fields_share_one_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"corpus": "pairs", "kind": "sentencepiece", "vocab_size": 26}
    workspace(
        tmp_path, monkeypatch, ms={**row, "field": "ms", "with": ["en"]}, en={**row, "field": "en", "with": ["ms"]}
    )
    tokenize.run("ms")
    folder = paths.encoding("tokens/ms")
    first = {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    tokenize.run("ms")
    assert first == {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    tokenize.run("en")
    model = Path("codec/sentencepiece.model")
    assert (folder / model).read_bytes() == (paths.encoding("tokens/en") / model).read_bytes()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"field": "ms", "kind": "characters", "lowercas": True}, r"tokens.x.lowercas: no such name.*lowercase"),
        ({"field": "mz", "kind": "characters"}, "no field 'mz'"),
        ({"field": "ms", "kind": "characters", "wiht": ["en"]}, "did you mean with"),
        ({"field": "ms", "kind": "character"}, "did you mean characters"),
        ({"field": "ms", "kind": "moses"}, "tokens.x"),
        ({"field": "ms", "kind": "characters", "with": ["fr"]}, "no field 'fr'"),
        ({"field": "ms", "kind": "sentencepiece", "vocab_size": -1}, "tokens.x.vocab_size"),
        (
            {"field": "ms", "kind": "sentencepiece", "vocab_size": 4000},
            r"tokens.x: vocab_size 4000 .* take \d+ or less",
        ),
    ],
)
def test_faults_name_the_row_and_leave_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: dict, message: str
) -> None:
    workspace(tmp_path, monkeypatch, x={"corpus": "pairs", **row})
    before = paths.encoding("tokens/x") / "codec" / "codec.json"
    before.parent.mkdir(parents=True)
    before.write_text("{}", encoding="utf-8")
    with pytest.raises(Problem, match=message):
        tokenize.run("x")
    assert before.read_text(encoding="utf-8") == "{}"
