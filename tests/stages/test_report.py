"""A workspace with hostile text in it → one page that shows everything, runs nothing and needs no network."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile
import yaml

from pipeline import paths
from pipeline.metrics.calibration import BINS
from pipeline.metrics.statistics import write_statistics
from pipeline.outcomes import Forecast, OutcomesWriter
from pipeline.problems import Problem
from pipeline.records import (
    REJECT_SCHEMA,
    TAGGED_SCHEMA,
    TREE_SCHEMA,
    Decoded,
    pair_schema,
    utterance_schema,
    write_decoded,
    write_table,
)
from pipeline.stages import report

EVIL = "<script>alert('x')</script> & \"quoted\""
EVIL_SYSTEM = "<img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "hr", "img", "input", "image"}


class Page(HTMLParser):
    """What a browser would make of the page: its tags, attributes and text."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


def system(task: str, corpus: str, source: str, target: str, metrics: list[str]) -> dict:
    return {
        "task": task,
        "corpus": corpus,
        "source": source,
        "target": target,
        "needs": "none",
        "also": "none",
        "model": {"kind": "none"},
        "metrics": metrics,
    }


@pytest.fixture
def workspace(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    content = {
        "corpora": {name: {"raw": "world", "kind": "any"} for name in ("talk", "pairs", "tags", "trees")},
        "features": {"mel": {"corpus": "talk", "raw": "world", "field": "audio", "kind": "mel"}},
        "tokens": {
            name + side: {"corpus": name, "field": "ms", "kind": "characters"}
            for name in ("talk", "pairs", "tags", "trees")
            for side in ("", "_out")
        },
        "systems": {
            "asr": system("asr", "talk", "features/mel", "tokens/talk", ["wer"]),
            EVIL_SYSTEM: system("mt", "pairs", "tokens/pairs", "tokens/pairs_out", ["bleu"]),
            "hmm": system("pos", "tags", "tokens/tags", "tokens/tags_out", ["tagging"]),
            "parser": system("parse", "trees", "tokens/trees", "tokens/trees_out", ["parsing"]),
            "waiting": system("mt", "pairs", "tokens/pairs", "tokens/pairs_out", ["bleu"]),
        },
        "report": {"samples": 4},
    }
    Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    Path("data/raw/world").mkdir(parents=True)
    speech()
    translation()
    tags()
    trees()
    write_table(
        paths.manifest("talk", "rejected"),
        [{"file": "<script>.srt", "where": "00:00:01.000", "reason": "empty text", "text": EVIL * 20}],
        REJECT_SCHEMA,
    )
    summary("talk", utterances_train=6, hours_train=0.01, longest_seconds=1.5, rejected=1, rejected_empty_text=1)
    return tmp_path


def summary(corpus: str, **figures: float) -> None:
    paths.summary(corpus).parent.mkdir(parents=True, exist_ok=True)
    paths.summary(corpus).write_text(json.dumps(figures), encoding="utf-8")


def scores(name: str, **figures: float | str) -> None:
    paths.scores(name).parent.mkdir(parents=True, exist_ok=True)
    paths.scores(name).write_text(json.dumps(figures), encoding="utf-8")


def curve(name: str, number: str, values: list[float]) -> None:
    paths.curves(name).mkdir(parents=True, exist_ok=True)
    lines = [f"{step}\t{value}" for step, value in enumerate(values, 1)]
    (paths.curves(name) / f"{number}.tsv").write_text("\n".join([f"step\t{number}", *lines]) + "\n", encoding="utf-8")


def speech() -> None:
    rate = 8000
    file = "data/raw/world/<i>ep</i>01.flac".replace("/i", "")
    seconds = np.arange(rate * 10) / rate
    soundfile.write(file, (0.3 * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32), rate)
    rows = [
        {
            "id": f"talk-{i}",
            "recording": "ep01",
            "speaker": EVIL,
            "audio": file,
            "start": float(i),
            "end": i + 1.5,
            "ms": f"kata {i} {EVIL}",
        }
        for i in range(6)
    ]
    for split in paths.SPLITS:
        write_table(paths.manifest("talk", split), rows, utterance_schema(["ms"]))
    lines = [Decoded(r["id"], None, r["ms"], [r["ms"].replace("kata", "kota"), EVIL], [-1, -2], True) for r in rows]
    write_decoded(paths.hypotheses("asr"), lines)
    scores("asr", wer=12.5, wer_low=10.0, wer_high=15.0, wer_baseline=99.0, sentences=6, wer_signature=EVIL)
    curve("asr", "train_loss", [3.0, 2.0, 1.0])
    curve("asr", "dev_loss", [3.5, 2.5, float("nan")])


def translation() -> None:
    rows = [{"id": f"pairs-{i}", "ms": f"dia {i}", "en": f"She {EVIL} {i}."} for i in range(6)]
    for split in paths.SPLITS:
        write_table(paths.manifest("pairs", split), rows, pair_schema(["ms", "en"]))
    lines = [
        Decoded(
            r["id"], r["ms"], r["en"], ["She ."], [-1], i != 1, [[0.9, 0.1], [0.2, 0.8]], ["▁dia", EVIL], ["▁She", "."]
        )
        for i, r in enumerate(rows)
    ]
    write_decoded(paths.hypotheses(EVIL_SYSTEM), lines)
    scores(EVIL_SYSTEM, bleu=70.25, bleu_low=68.0, bleu_high=72.0, bleu_baseline=3.0, sentences=6)
    curve(EVIL_SYSTEM, "lr", [0.001, 0.0005])


def tags() -> None:
    rows = [
        {"id": f"tags-{i}", "words": ["the", EVIL], "upos": ["DET", "NOUN"], "xpos": ["DT", "NN"]} for i in range(6)
    ]
    for split in paths.SPLITS:
        write_table(paths.manifest("tags", split), rows, TAGGED_SCHEMA)
    lines = [Decoded(r["id"], r["words"], r["upos"], [["DET", "VERB"]], [-1], True) for r in rows]
    write_decoded(paths.hypotheses("hmm"), lines)
    scores("hmm", accuracy=50.0, accuracy_low=40.0, accuracy_high=60.0, accuracy_baseline=50.0, sentences=6)
    paths.curves("hmm").mkdir(parents=True)


def trees() -> None:
    tree = "(S (NP (DT the) (NN dog)) (VP (VBZ runs)))"
    rows = [
        {"id": f"trees-{i}", "words": ["the", EVIL, "runs"], "tags": ["DT", "NN", "VBZ"], "tree": tree}
        for i in range(6)
    ]
    for split in paths.SPLITS:
        write_table(paths.manifest("trees", split), rows, TREE_SCHEMA)
    good, bad = "(S (NP XX )NP (VP XX XX )VP )S", f"(S {EVIL}"
    lines = [Decoded(r["id"], r["words"], tree, [bad if i else good], [-1], True) for i, r in enumerate(rows)]
    write_decoded(paths.hypotheses("parser"), lines)
    scores("parser", f1=66.7, f1_low=60.0, f1_high=70.0, f1_baseline=30.0, well_formed=16.7, sentences=6)


def synthesis() -> None:
    """Two synthesisers of the corpus `talk`, with sound; the first skips, and repeats itself."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    for name in (EVIL_SYSTEM + "s", "tacotron"):
        params["systems"][name] = system("tts", "talk", "tokens/talk", "features/mel", ["mcd"])
        scores(name, mcd=5.5, mcd_low=5.0, mcd_high=6.0, mcd_baseline=9.0, cer_recordings=2.0, cer_recordings_low=1.0)
        good = name == "tacotron"
        lines = []
        for i in range(6):
            file = paths.hypotheses(name) / "audio" / f"talk-{i}.flac"
            file.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(file, np.zeros(4000, np.float32), 8000)
            focus = [0, 1, 2, 3, 4, 5, 6, 7] if good else [0, 1, 2, 9, 9, 0, 0, 0, 0]
            attention = np.eye(10)[focus].tolist() if i < 2 else None
            lines.append(
                Decoded(
                    f"talk-{i}",
                    EVIL,
                    None,
                    [],
                    [0.0],
                    good,
                    attention,
                    list("kata " * 2),
                    [],
                    f"audio/{file.name}",
                    focus,
                )
            )
        write_decoded(paths.hypotheses(name), lines)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def alignments() -> None:
    """What an alignment keeps of `talk`, under two thresholds, and recognisers trained on it."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["alignments"] = {}
    for corpus, hours in (("kept", 0.008), ("strict", 0.004)):
        params["alignments"][corpus] = {"corpus": "talk", "raw": "world", "system": "asr", "texts": "talk"}
        params["features"][corpus] = {"corpus": corpus, "raw": "world", "field": "audio", "kind": "mel"}
        params["tokens"][corpus] = {"corpus": corpus, "field": "ms", "kind": "characters"}
        params["systems"][f"asr_{corpus}"] = system("asr", corpus, f"features/{corpus}", f"tokens/{corpus}", ["wer"])
        scores(f"asr_{corpus}", wer=100 * hours, wer_low=0.0, wer_high=1.0)
        figures = {"found_good": 5, "found_shifted": 3, "shifted_planted": 4, "shifted_f1": 85.71, "f1": 85.71}
        summary(corpus, cues=9, hours_kept=hours, **figures, precision=100.0, recall=75.0)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def rivals() -> None:
    """Two translators more, and what the sentences of all three add to BLEU."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    names = [EVIL_SYSTEM, EVIL_SYSTEM + "2", "waiting"]
    params["systems"][names[1]] = system("mt", "pairs", "tokens/pairs", "tokens/pairs_out", ["bleu"])
    params["systems"]["waiting"]["needs"] = EVIL_SYSTEM
    params["report"]["pairs"] = {EVIL: names[:2]}
    for rank, name in enumerate(names):
        ids = [f"pairs-{i}" for i in range(40)]
        texts = [" ".join("w" * (3 + i)) for i in range(40)]
        counts = np.tile(np.array([9 - rank, 9, 8, 8, 7, 7, 6, 6, 5, 5]), (40, 1))
        write_statistics(paths.statistics(name), ids, {"bleu": counts})
        scores(name, bleu=70.25 - rank, bleu_low=60.0, bleu_high=72.0, bleu_baseline=3.0, sentences=40)
        lines = [Decoded(i, text, text, [text], [-1], True) for i, text in zip(ids, texts, strict=True)]
        write_decoded(paths.hypotheses(name), lines)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def structures() -> None:
    """Series with their forecasts, texts with several labels, texts with one; by two systems each."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    kinds = {"shows": ("features", "forecast", "forecasting"), "scenes": ("tokens", "label", "calibration")}
    for corpus, (room, task, metric) in {**kinds, "moods": ("tokens", "label", "calibration")}.items():
        params["corpora"][corpus] = {"raw": "world", "kind": "any"}
        row = {"corpus": corpus, "field": "x", "kind": "series", "raw": "world"}
        params[room][corpus] = row if room == "features" else row | {"kind": "words"}
        for name in (f"{corpus}_{EVIL_SYSTEM}", f"{corpus}_other"):
            params["systems"][name] = system(task, corpus, f"{room}/{corpus}", f"{room}/{corpus}", [metric])
            params["systems"][name]["target"] = f"{room}/{corpus}_out"
        params[room][f"{corpus}_out"] = params[room][corpus]
    past, future = {"values": [float(10 + i % 7) for i in range(60)], "period": 7}, [14.0, 15.0, -3.0]
    shows = pa.schema(
        [
            ("id", pa.string()),
            ("past", pa.struct([("values", pa.list_(pa.float64())), ("period", pa.int64())])),
            ("future", pa.list_(pa.float64())),
        ]
    )
    for split in paths.SPLITS:
        write_table(paths.manifest("shows", split), [{"id": "show", "past": past, "future": future}], shows)
    for name in (f"shows_{EVIL_SYSTEM}", "shows_other"):
        lines = [Decoded(f"{EVIL} {i}", past, future, [[14.0, 15.0 + i, 16.0]], [0], True) for i in range(6)]
        write_decoded(paths.hypotheses(name), lines)
    with OutcomesWriter(paths.hypotheses("shows_other")) as beside:
        for line in lines:
            values = np.array(line.best)
            beside.add(line.id, Forecast([], 0.0, values=values, lower=values - 2, upper=values + 2))
    for name in (f"scenes_{EVIL_SYSTEM}", "scenes_other"):
        lines = [
            Decoded(f"{i}", EVIL * 20, ["love", EVIL], [["love", "money"], [EVIL]], [0, -1], True) for i in range(6)
        ]
        write_decoded(paths.hypotheses(name), lines)
    for name in (f"moods_{EVIL_SYSTEM}", "moods_other"):
        right = [Decoded(f"{i}", "text", [("glad", EVIL)[i % 2]], [["glad"]], [0], True) for i in range(6)]
        write_decoded(paths.hypotheses(name), right)
        bins = np.zeros((6, 2, BINS, 3))
        bins[:, :, 11] = (2, 1.5, 1)  # two held 75 % likely, of which one is right
        write_statistics(paths.statistics(name), [line.id for line in right], {"calibration": bins.reshape(6, -1)})
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def made() -> str:
    report.run()
    return paths.report().read_text(encoding="utf-8")


def test_shows_what_was_run(workspace):
    page = Page(made())
    for shown in (
        "WER",
        "12.50",
        "BLEU",
        "70.25",
        "Accuracy",
        "Not scored yet: waiting",
        "kota",
        "empty text",
        "parser",
    ):
        assert shown in page.text
    assert page.tags.count("audio") == 4
    assert any(tag == "audio" and value.startswith("data:audio/flac;base64,") for tag, _, value in page.attributes)
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    for start in ("12.5, 95 % interval 10 to 15, baseline 99", "loss over step", "Log-mel", "Attention for", "Tree, "):
        assert any(label.startswith(start) for label in labels), start
    assert "Not a tree over these words" in page.text
    assert "cut at the length limit" in page.text


def test_text_is_escaped_everywhere(workspace):
    page = Page(made())
    assert not {"script", "img", "i"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert EVIL in page.text
    assert EVIL_SYSTEM in page.text
    assert "<script>.srt" in page.text
    assert page.open == []


def test_needs_no_network(workspace):
    html = made()
    assert "http:" not in html
    assert "https:" not in html
    assert "@import" not in html
    assert "url(" not in html
    links = [value for _, name, value in Page(html).attributes if name in ("src", "href", "srcset", "data", "action")]
    assert links
    assert all(link.startswith(("data:", "#")) for link in links)


def test_attention_is_labelled_to_the_end_of_the_source_and_no_further(workspace):
    attention = [[0.5, 0.4, 0.1, 0.0], [0.1, 0.1, 0.8, 0.0]]
    line = Decoded("pairs-0", "a b", "c d", ["c d"], [-1], True, attention, ["a", "b"], ["c", "d"])
    write_decoded(paths.hypotheses(EVIL_SYSTEM), [line])
    page = Page(made())
    assert any(value.endswith("2 output tokens over 3 source tokens") for _, name, value in page.attributes)


def test_links_lead_somewhere(workspace):
    page = Page(made())
    places = [value for _, name, value in page.attributes if name == "id"]
    assert len(places) == len(set(places))
    assert {value[1:] for _, name, value in page.attributes if name == "href" and value.startswith("#")} <= set(places)


def test_same_data_same_bytes(workspace):
    assert made() == made()


def test_rivals_are_held_against_each_other(workspace):
    rivals()
    page = Page(made())
    assert not {"script", "img", "i"} & set(page.tags)
    assert page.open == []
    for shown in ("What a step is worth", "mt by length", "every two systems", "none", EVIL, EVIL_SYSTEM + "2"):
        assert shown in page.text, shown
    places = [value for _, name, value in page.attributes if name == "id"]
    assert len(places) == len(set(places)) and "comparisons" in places


def test_fewer_clips_than_samples(workspace):
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["report"] = {"samples": 4, "clips": 1}
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    assert Page(made()).tags.count("audio") == 1


def test_nothing_done_yet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("raw: {}\n", encoding="utf-8")
    page = Page(made())
    assert "params.yaml names no systems" in page.text
    assert "Nothing has been decoded yet" in page.text


def test_audio_that_is_gone_is_left_out(workspace):
    for file in Path("data/raw/world").iterdir():
        file.unlink()
    assert "audio" not in Page(made()).tags


def test_a_misspelt_option_is_named(workspace):
    params = Path("params.yaml").read_text(encoding="utf-8").replace("samples: 4", "sample: 4")
    Path("params.yaml").write_text(params, encoding="utf-8")
    with pytest.raises(Problem, match=r"report\.sample: no such name: did you mean samples\?"):
        report.run()


def test_a_fault_leaves_the_earlier_report(workspace):
    before = made()
    paths.scores("asr").write_text("[]", encoding="utf-8")
    with pytest.raises(Problem, match="holds no scores"):
        report.run()
    assert paths.report().read_text(encoding="utf-8") == before


def test_what_is_synthesised_can_be_heard_beside_its_recording(workspace):
    synthesis()
    page = Page(made())
    assert page.tags.count("audio") == 4 + 4 * 3
    assert "1 skip" in page.text
    assert "1 repeat" in page.text
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert sum(label.startswith("Alignment for talk-") for label in labels) == 8
    assert page.open == []
    assert not {"script", "img"} & set(page.tags)
    assert made() == made()


def test_hours_stand_against_errors_and_faults_against_those_planted(workspace):
    alignments()
    page = Page(made())
    assert "asr: hours and error" in page.text
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    drawn = "WER over minutes of training speech: asr_strict 0.4 at 0.24; asr_kept 0.8 at 0.48; asr 12.5 at 0.6"
    assert drawn in labels
    assert "Faults of the cues, against those that were planted" in page.text
    assert "85.71" in page.text
    assert page.text.count("asr on talk") == 2  # all three on one board, and in one group of samples


def test_shares_of_a_corpus_are_points_of_a_learning_curve(workspace):
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    for percent, sentences, f1 in ((25, 100, 50.0), (50, 200, 61.5), (100, 400, 70.25)):
        corpus = f"bank_{percent}"
        params["corpora"][corpus] = {"raw": "world", "kind": "brackets", "keep": percent / 100}
        params["tokens"][corpus] = {"corpus": corpus, "field": "words", "kind": "words"}
        side = f"tokens/{corpus}"
        params["systems"][f"parser_{percent}"] = system("parse", corpus, side, side, ["parsing"])
        scores(f"parser_{percent}", f1=f1, f1_low=f1 - 1, f1_high=f1 + 1)
        summary(corpus, sentences_train=sentences, sentences_dev=9, sentences_test=9, rejected=0)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    page = Page(made())
    assert "parse: what more sentences give on bank_100" in page.text
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert "F1 over training sentences: parser_100 ends at 70.2" in labels


def test_recordings_and_sounds_that_are_gone_are_left_out(workspace):
    synthesis()
    for name in ("tacotron", EVIL_SYSTEM + "s"):
        for file in (paths.hypotheses(name) / "audio").iterdir():
            file.unlink()
    assert Page(made()).tags.count("audio") == 4 + 4


def test_fans_labels_confusions_and_reliability_are_drawn(workspace):
    structures()
    page = Page(made())
    assert page.open == []
    assert not {"script", "img", "i"} & set(page.tags)
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert sum(label.startswith(f"Forecast, {EVIL} ") for label in labels) == 4 * 2  # samples, by two systems
    assert "Forecast, " + EVIL + " 0 by shows_other: 3 steps, drawn after 28 values" in labels
    assert "2 of 3 inside" in page.text  # -3 lies below it
    assert "An interval is meant to hold 95\u00a0% of what follows" in page.text
    assert "in values, longest 60" in page.text  # of the series
    matrix = f"Confusions of moods_{EVIL_SYSTEM}: 2 labels of the reference, 1 that were given"
    assert matrix in labels and "Confusions of hmm: 2 labels of the reference, 2 that were given" in labels
    assert not any(label.startswith("Confusions of scenes") for label in labels)
    told = "Reliability of moods_other: all labels: 50 % of 75 %; the likeliest: 50 % of 75 %"
    assert told in labels and "12 held 75.0 % likely: 50.0 % are right" in page.text
    assert f"love, {EVIL}" in page.text
    assert made() == made()
