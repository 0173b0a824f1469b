import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline import paths
from pipeline.answering import Answer
from pipeline.probed import read_probed
from pipeline.problems import Problem
from pipeline.records import pair_schema, write_table
from pipeline.sequences import write_json
from pipeline.stages import probe as stage

PARAMS = """
raw: {{r: {{kind: none}}}}
corpora: {{c: {{raw: r, kind: parallel, languages: [ms, en]}}}}
tokens:
  ms: {{corpus: c, field: ms, kind: characters}}
  en: {{corpus: c, field: en, kind: characters}}
features: {{mel: {{corpus: c, raw: r, field: audio, kind: mel}}}}
systems:
  mt: {{task: mt, corpus: c, source: {source}, target: tokens/en, needs: none, also: none, model: {{kind: transformer}},
       metrics: [bleu]}}
probes:
  careful: {{kind: edits, system: mt, corpus: c{options}}}
"""
RECORDS = [{"id": "c-1", "ms": "Dia membaca buku.", "en": "He reads."}, {"id": "c-2", "ms": "Pergi!", "en": "Go!"}]


class Rigged:
    """Says how many words it was given."""

    asked: list[str]

    def __init__(self, name: str, system: object, n_best: int):
        assert (name, n_best) == ("mt", 1)

    def answer(self, texts: list[str]) -> list[list[Answer]]:
        assert all(texts)
        assert len(set(texts)) == len(texts)
        return [[Answer([str(len(text.split())), "words"], -1.0)] for text in texts]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stage, "Answering", Rigged)
    write(source="tokens/ms")
    write_table(paths.manifest("c", "test"), RECORDS, pair_schema(["ms", "en"]))
    write_json(paths.model("mt") / "source" / "codec.json", {"field": "ms"})
    return tmp_path


def write(source: str = "tokens/ms", options: str = "") -> None:
    Path("params.yaml").write_text(PARAMS.format(source=source, options=options), encoding="utf-8")


def test_what_was_asked_and_answered_stands_beside_flat_scores(workspace, capsys):
    stage.run("careful")
    first, second = read_probed(paths.hypotheses("careful"))
    assert (first.id, first.asked["case"]) == ("c-1", "dia membaca buku.")
    assert first.answers == dict.fromkeys(("plain", "case", "mark", "typo"), "3 words")
    assert first.finding == {"case": [0, 2], "mark": [0, 2], "typo": [0, 2]}
    assert set(second.answers.values()) == {"1 words"}
    scores = json.loads(paths.scores("careful").read_text())
    assert (scores["consistency"], scores["consistency_low"], scores["sentences"]) == (100.0, 100.0, 2)
    assert "careful: mt on 2 sentences of c" in capsys.readouterr().out


def test_the_same_answers_are_the_same_bytes(workspace):
    places = paths.scores("careful"), paths.hypotheses("careful") / "lines.jsonl"
    stage.run("careful")
    first = [place.read_bytes() for place in places]
    stage.run("careful")
    assert [place.read_bytes() for place in places] == first


def test_faults_are_told_with_their_remedy(workspace):
    with pytest.raises(Problem, match=r"no probes\.carefull: did you mean careful\?"):
        stage.run("carefull")
    write(options=", sentence: 3")
    with pytest.raises(Problem, match=r"probes\.careful\.sentence: no such name: did you mean sentences\?"):
        stage.run("careful")
    write(source="features/mel")
    with pytest.raises(Problem, match=r"probes\.careful\.system: mt reads features, not text"):
        stage.run("careful")
    write()
    write_table(paths.manifest("c", "test"), [], pa.schema([("id", pa.string())]))
    with pytest.raises(Problem, match="the test split of c is empty"):
        stage.run("careful")
