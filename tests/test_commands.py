import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import soundfile
import torch
import yaml

from pipeline import __main__, commands, paths
from pipeline.data import END
from pipeline.models import attention
from pipeline.outcomes import Forecast, Weighed
from pipeline.params import Row, load
from pipeline.records import TAGGED_SCHEMA, TREE_SCHEMA, Hypothesis, pair_schema, write_table
from pipeline.sequences import write_json
from pipeline.stages import tokenize, train

TREE = "(S (NP (NN dia)) (VP (VB makan)))"
PARAMS: dict[str, Any] = {
    "raw": {"world": {"kind": "soap"}},
    "corpora": {
        **{name: {"raw": "world", "kind": "parallel"} for name in ("pairs", "tags", "trees", "talk", "scenes")},
        "shows": {"raw": "world", "kind": "series", "period": 7},
    },
    "features": {
        "mel": {"corpus": "talk", "raw": "world", "field": "audio", "kind": "mel", "normalise": "none"},
        "past": {"corpus": "shows", "raw": "world", "field": "past", "kind": "series"},
        "future": {"corpus": "shows", "raw": "world", "field": "future", "kind": "series"},
    },
    "tokens": {
        "ms": {"corpus": "pairs", "field": "ms", "kind": "words"},
        "en": {"corpus": "pairs", "field": "en", "kind": "characters"},
        "said": {"corpus": "talk", "field": "en", "kind": "characters"},
        "words": {"corpus": "tags", "field": "words", "kind": "words"},
        "upos": {"corpus": "tags", "field": "upos", "kind": "words"},
        "tree_words": {"corpus": "trees", "field": "words", "kind": "words"},
        "brackets": {"corpus": "trees", "field": "tree", "kind": "brackets"},
        "scene": {"corpus": "scenes", "field": "text", "kind": "words"},
        "scene_labels": {"corpus": "scenes", "field": "labels", "kind": "words"},
    },
}
ROWS = {
    "asr_echo": ("asr", "talk", "features/mel", "tokens/said", {"kind": "echo"}),
    "tts_hum": ("tts", "talk", "tokens/said", "features/mel", {"kind": "hum"}),
    "mt_echo": ("mt", "pairs", "tokens/ms", "tokens/en", {"kind": "echo"}),
    "chat_echo": ("chat", "pairs", "tokens/ms", "tokens/en", {"kind": "echo"}),
    "answer_echo": ("answer", "pairs", "tokens/ms", "tokens/en", {"kind": "echo"}),
    "summary_echo": ("summary", "pairs", "tokens/ms", "tokens/en", {"kind": "echo"}),
    "label_echo": ("topics", "scenes", "tokens/scene", "tokens/scene_labels", {"kind": "weigher"}),
    "pos_weigher": ("weighed", "tags", "tokens/words", "tokens/upos", {"kind": "weigher"}),
    "forecast_last": ("forecast", "shows", "features/past", "features/future", {"kind": "last"}),
    "pos_hmm": ("pos", "tags", "tokens/words", "tokens/upos", {"kind": "hmm"}),
    "parse_attention": ("parse", "trees", "tokens/tree_words", "tokens/brackets", {"kind": "attention", "hidden": 8}),
}

Run = Callable[..., tuple[int, list[str], str]]


class EchoDecode(Row):
    beam_size: int = 2
    n_best: int = 1


def echo() -> ModuleType:
    """A model that answers a source of n tokens, or n seconds, by an `a` for each of them."""

    def decode(*, model: Any, source: Any, target: Any, options: EchoDecode) -> Iterator[list[Hypothesis]]:
        assert options.n_best <= options.beam_size
        per_letter = 100 if hasattr(source.codec, "dim") else 1
        for length in source.sequences.lengths:
            letters = [4] * max(1, round(length / per_letter))
            attention = np.eye(len(letters)).tolist() if length > 1 else None
            yield [Hypothesis(letters + [5] * i, -1.0 - i, attention=attention) for i in range(options.n_best)]

    module = ModuleType("pipeline.models.echo")
    module.Config, module.Decode, module.decode = Row, EchoDecode, decode  # type: ignore[attr-defined]
    module.load = lambda folder: None  # type: ignore[attr-defined]
    return module


class HumDecode(Row):
    speaker: str = "ana"


def hum() -> ModuleType:
    """A synthesiser that says a tenth of a second for a character; ana speaks lower than ben."""

    def decode(*, model: Any, source: Any, target: Any, options: HumDecode) -> Iterator[list[Hypothesis]]:
        for length in source.sequences.lengths:
            seconds = np.arange(int(length) * 1600) / 16_000
            pitch = {"ana": 200, "ben": 100}[options.speaker]
            yield [Hypothesis([], 0.0, waveform=np.sin(2 * np.pi * pitch * seconds).astype(np.float32), rate=16_000)]

    module = ModuleType("pipeline.models.hum")
    module.Config, module.Decode, module.decode = Row, HumDecode, decode  # type: ignore[attr-defined]
    module.load = lambda folder: None  # type: ignore[attr-defined]
    return module


class WeigherDecode(Row):
    marginals: bool = False


def weigher() -> ModuleType:
    """A model that answers a source of n tokens by n times its likeliest label, 0.9, or 0.5 where it was not asked."""

    def decode(*, model: Any, source: Any, target: Any, options: WeigherDecode) -> Iterator[list[Hypothesis]]:
        for length in source.sequences.lengths:
            marginals = np.full((int(length), len(target)), 0.1)
            marginals[:, END + 1] = 0.9 if options.marginals else 0.5
            yield [Weighed([END + 1] * int(length), -1.0, marginals=marginals)]

    module = ModuleType("pipeline.models.weigher")
    module.Config, module.Decode, module.decode = Row, WeigherDecode, decode  # type: ignore[attr-defined]
    module.load = lambda folder: None  # type: ignore[attr-defined]
    return module


def last() -> ModuleType:
    """A model that says the last value again, twice, and the period as the lower end."""

    def decode(*, model: Any, source: Any, target: Any, options: Row) -> Iterator[list[Hypothesis]]:
        for past in source.values:
            values = np.repeat(past["values"][-1], 2)
            yield [Forecast([], 0.0, values=values, lower=np.repeat(past["period"], 2), upper=values + 1)]

    module = ModuleType("pipeline.models.last")
    module.Config, module.Decode, module.decode = Row, Row, decode  # type: ignore[attr-defined]
    module.load = lambda folder: None  # type: ignore[attr-defined]
    return module


FAKES = {"echo": echo, "hum": hum, "weigher": weigher, "last": last}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a trained system of every task."""
    folder = tmp_path_factory.mktemp("world")
    systems = {
        name: dict(
            zip(("task", "corpus", "source", "target", "model"), values, strict=True),
            needs="none",
            also="none",
            metrics=["labels"] if name == "label_echo" else [],
        )
        for name, values in ROWS.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("OMP_NUM_THREADS", "1")
        Path("params.yaml").write_text(yaml.safe_dump({**PARAMS, "systems": systems}), encoding="utf-8")
        for split in paths.SPLITS:
            words, tags = ["dia", "makan"], ["PRON", "VERB"]
            write_table(
                paths.manifest("pairs", split), [{"id": "1", "ms": "a b", "en": "ab"}], pair_schema(["ms", "en"])
            )
            write_table(paths.manifest("talk", split), [{"id": "1", "en": "ab"}], pair_schema(["en"]))
            tagged = {"id": "1", "words": words, "upos": tags, "xpos": tags}
            write_table(paths.manifest("tags", split), [tagged], TAGGED_SCHEMA)
            write_table(
                paths.manifest("trees", split), [{"id": "1", "words": words, "tags": tags, "tree": TREE}], TREE_SCHEMA
            )
            scenes = [{"id": "1", "text": "a b", "labels": ["love", "money"]}]
            write_table(
                paths.manifest("scenes", split),
                scenes,
                pa.schema([("id", pa.string()), ("text", pa.string()), ("labels", pa.list_(pa.string()))]),
            )
        for name in PARAMS["tokens"]:
            tokenize.run(name)
        for name in ("past", "future"):
            write_json(
                paths.encoding(f"features/{name}") / "codec" / "codec.json",
                {"kind": "series", "corpus": "shows", "field": name, "options": {}},
            )
        write_json(
            paths.encoding("features/mel") / "codec" / "codec.json",
            {"kind": "mel", "corpus": "talk", "field": "audio", "options": {"normalise": "none"}},
        )
        train.run("pos_hmm")
        torch.manual_seed(1)
        network = attention.Network(attention.Config(hidden=8), source_size=6, target_size=11)  # untrained will do
        with paths.replacing(paths.model("parse_attention")) as place:
            attention.save(network.eval(), place)
            train.complete(place, load().systems["parse_attention"], "untrained")
        for name in (name for name, row in ROWS.items() if row[-1]["kind"] in FAKES):
            paths.model(name).mkdir()
            train.complete(paths.model(name), load().systems[name], "none")
    return folder


@pytest.fixture
def run(world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(world)
    for name, fake in FAKES.items():
        monkeypatch.setitem(sys.modules, f"pipeline.models.{name}", fake())

    def call(*arguments: str, given: str | bytes = "") -> tuple[int, list[str], str]:
        """Exit status, lines of standard output, standard error."""
        content = given if isinstance(given, bytes) else given.encode()
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
        monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out.split("\n")[:-1], err

    return call


def test_one_line_in_is_one_line_out_and_an_empty_one_stays_empty(run: Run) -> None:
    status, lines, _ = run("translate", given="a b\n\nb b a\n   \na")
    assert (status, lines) == (0, ["aa", "", "aaa", "", "a"])


def test_nothing_in_is_nothing_out(run: Run) -> None:
    assert run("translate") == (0, [], "")


def test_files_are_read_one_after_another(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"\xef\xbb\xbfa\r\n")
    (tmp_path / "two").write_text("a\vb a b", encoding="utf-8")
    assert run("translate", str(tmp_path / "one"), "-", str(tmp_path / "two"), given="a a\n")[1] == ["a", "aa", "aaaa"]


def test_more_lines_than_a_portion_stay_in_order(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PORTION", 3)
    counts = [n % 5 for n in range(20)]
    _, lines, _ = run("translate", given="".join("a " * n + "\n" for n in counts))
    assert [len(line) for line in lines] == counts


def test_n_best_outputs_bear_their_lines_number_and_scores_on_request(run: Run) -> None:
    _, lines, _ = run("translate", "--n-best", "3", "--scores", given="a\n\n")
    assert lines == ["1\t-1.0000\ta", "1\t-2.0000\tab", "1\t-3.0000\tabb", "2\t0.0000\t"]
    assert run("translate", "--scores", given="a\n")[1] == ["-1.0000\ta"]


@pytest.mark.parametrize(
    ("command", "given", "lines"),
    [
        ("reply", "a b\n\na\tb\t\n", ["aa", "", "aaa"]),  # a mark between two turns
        ("summarize", "a b a b\n", ["aaaa"]),
        (
            "answer",
            "a b?\tb a .\n\nb\ta\t a b \n",
            ["a" * 7, "", "a" * 6],
        ),  # a mark before each text that is asked about; signs apart from words
    ],
)
def test_every_text_task_has_its_command(run: Run, command: str, given: str, lines: list[str]) -> None:
    assert run(command, given=given) == (0, lines, "")
    _, numbered, _ = run(command, "--n-best", "2", "--scores", given=given)
    assert numbered[:2] == [f"1\t-1.0000\t{lines[0]}", f"1\t-2.0000\t{lines[0]}b"]


@pytest.mark.parametrize("command", ["translate", "reply", "summarize"])
def test_bad_lines_are_answered(run: Run, command: str) -> None:
    status, lines, err = run(command, given="a " * 5000 + "\n\u3042\u200b\x00 \U0001f600\n \t \n")
    assert (status, [len(line) for line in lines], err) == (0, [5000, 2, 0], "")


def test_words_of_no_letters_and_very_long_sentences_are_tagged_and_labelled(run: Run) -> None:
    given = "dia " * 5000 + "\n\u200b \x00 \U0001f600\n \t \n"
    for command in ("tag", "label"):
        status, lines, err = run(command, given=given)
        assert (status, [len(line.split()) for line in lines], err) == (0, [5000, 3, 0], "")
    status, lines, _ = run("tag", "--format", "conllu", given=given)
    assert status == 0 and sum(line[:1].isdigit() for line in lines) == 5003


@pytest.mark.parametrize("suffix", ["svg", "html"])
def test_a_picture_of_where_one_line_was_looked_at(run: Run, tmp_path: Path, suffix: str) -> None:
    place = tmp_path / f"picture.{suffix}"
    assert run("translate", "--attention", str(place), given="\na <b>\n")[:2] == (0, ["", "aa"])
    drawn = place.read_text(encoding="utf-8")
    assert "2 output tokens over 2 source tokens" in drawn and "&lt;unk&gt;" in drawn and "<b>b" not in drawn
    assert run("translate", "--attention", str(place), given="\na <b>\n")[0] == 0
    assert place.read_text(encoding="utf-8") == drawn


def test_tags(run: Run) -> None:
    assert run("tag", given="dia makan\n\nmakan\n")[1] == ["dia_PRON makan_VERB", "", "makan_VERB"]


def test_tags_as_conllu(run: Run) -> None:
    _, lines, _ = run("tag", "--format", "conllu", given="dia makan\n")
    blank = "\t".join("_" * 5)
    assert lines == ["# text = dia makan", f"1\tdia\t_\tPRON\t_\t{blank}", f"2\tmakan\t_\tVERB\t_\t{blank}", ""]


def test_a_parse_is_a_tree_over_the_words_whatever_the_model_writes(run: Run) -> None:
    from pipeline.tokens.brackets import leaves

    sentences = ["dia makan", "", "entah ( apa ) dia makan makan"]
    _, lines, _ = run("parse", given="\n".join(sentences))
    assert [leaves(line)[0] for line in lines] == [
        ["dia", "makan"],
        [],
        ["entah", "-LRB-", "apa", "-RRB-", "dia", "makan", "makan"],
    ]
    _, lines, _ = run("parse", "--n-best", "7", given="dia makan")
    assert 1 <= len(lines) <= 7 and all(line.startswith("1\t(S") for line in lines)


CONLLU = """\
# sent_id = 1
1-2\tdiamakan\t_\t_\t_\t_\t_\t_\t_\t_
1\tdia\tdia\t_\t_\t_\t2\tnsubj\t_\t_
2\tmakan\t_\t_\tV\t_\t0\troot\t_\tSpaceAfter=No

# nothing to tag
"""


def test_conllu_comes_back_with_its_tags(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(CONLLU, encoding="utf-8")
    (tmp_path / "b.conllu").write_text("1\tmakan" + "\t_" * 8, encoding="utf-8")
    _, lines, _ = run("tag", f"{tmp_path}/a.conllu", f"{tmp_path}/b.conllu")
    first, _, rest = CONLLU.partition("dia\tdia\t_")
    filled = f"{first}dia\tdia\tPRON{rest}".replace("makan\t_\t_\tV", "makan\t_\tVERB\tV")
    assert lines == [*filled.splitlines(), "", "1\tmakan\t_\tVERB" + "\t_" * 6, ""]
    _, lines, _ = run("tag", "--input", "conllu", "--format", "line", given=CONLLU)
    assert lines == ["dia_PRON makan_VERB", ""]


def test_trees_come_back_with_their_tags(run: Run) -> None:
    given = "(S (NP-SBJ (X dia))\n (VP (X makan)))\n(S (-NONE- *))\n"
    assert run("tag", "--input", "brackets", given=given)[1] == ["(S (NP (PRON dia)) (VP (VERB makan)))", ""]


def test_how_likely_each_tag_is(run: Run) -> None:
    _, lines, _ = run("tag", "--system", "pos_weigher", "--marginals", given="dia makan\n\n")
    assert lines == ["dia_PRON:0.9000,VERB:0.1000 makan_PRON:0.9000,VERB:0.1000", ""]
    _, lines, _ = run("tag", "--system", "pos_weigher", "--marginals", "--format", "conllu", given="dia\n")
    assert lines[1].split("\t")[3:] == ["PRON", *"_" * 5, "Marginals=PRON:0.9000,VERB:0.1000"]
    assert run("tag", "--system", "pos_weigher", given="dia\n")[1] == ["dia_PRON"]


def test_parses_of_conllu_and_of_trees_keep_their_tags(run: Run) -> None:
    from pipeline.tokens.brackets import leaves

    _, lines, _ = run("parse", "--input", "brackets", given="(S (NP (PRP dia))\n(VP (VB makan)))\n")
    assert [leaves(line) for line in lines] == [(["dia", "makan"], ["PRP", "VB"])]
    _, lines, _ = run("parse", "--input", "conllu", "--format", "conllu", given=CONLLU)
    place = next(i for i, line in enumerate(lines) if line.startswith("# constituency = "))
    assert leaves(lines.pop(place).removeprefix("# constituency = ")) == (["dia", "makan"], ["XX", "XX"])
    assert place == 1 and lines == [*CONLLU.splitlines(), ""]


def test_labels(run: Run) -> None:
    assert run("label", given="a b\n\nb\n")[:2] == (0, ["love, love", "", "love"])
    assert run("label", "--scores", "--marginals", given="b\n")[1] == ["-1.0000\tlove\tlove:0.9000,money:0.1000"]


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ("A,1,2.5\n-4,-4\n", ["A,1,2.5,7,3.5", "A,2,2.5,7,3.5", "2,1,-4,7,-3", "2,2,-4,7,-3"]),
        ('"V1","V2"\n"A",0,\n', ["A,1,0,7,1", "A,2,0,7,1"]),
        ("id,day,x\nA,2026-02-27,1\nA,2026-02-28,3\n", ["A,2026-03-01,3,7,4", "A,2026-03-02,3,7,4"]),
    ],
)
def test_forecasts_of_series(run: Run, given: str, lines: list[str]) -> None:
    names = "id,day" if given.startswith("id") else "id,step"
    assert run("forecast", given=given) == (0, [f"{names},forecast,lower_95,upper_95", *lines], "")
    assert run("forecast", "--period", "3", given=given)[1][1:] == [line.replace(",7,", ",3,") for line in lines]
    assert run("forecast")[:2] == (0, [])


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(16_000 * seconds))


def test_files_are_transcribed_a_line_each(run: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", noise(2), 16_000)
    soundfile.write(tmp_path / "other.flac", noise(3)[:, None].repeat(2, axis=1), 16_000)
    _, lines, _ = run("transcribe", "--format", "text", str(tmp_path / "short.wav"), str(tmp_path / "other.flac"))
    assert lines == ["aa", "aaa"]


def test_the_stretches_of_a_long_file_are_joined_and_their_scores_added(run: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.mp3", noise(50), 16_000)
    transcribe = ("transcribe", "--format", "text", "--scores", str(tmp_path / "long.mp3"))
    _, lines, _ = run(*transcribe)
    (score, text), count = lines[0].split("\t"), len(lines[0].split("\t")[1].split(" "))
    assert float(score) == -count and 4 <= count <= 8
    assert text.count("a") == pytest.approx(50, abs=2)
    _, lines, _ = run(*transcribe, "--n-best", "2")
    assert [line.split("\t")[:2] for line in lines] == [["1", f"{-count:.4f}"], ["1", f"{-count - 1:.4f}"]]


SPOKEN = "1\n00:00:00,850 --> 00:00:03,150\naa\n\n2\n00:00:05,850 --> 00:00:07,150\na\n\n"


def talk(file: Path, rate: int = 16_000) -> str:
    sound = np.random.default_rng(1).normal(0, 0.1, round(10 * rate))
    for start, end in ((0, 1), (3, 6), (7, 10)):
        sound[start * rate : end * rate] *= 1e-3
    soundfile.write(file, sound, rate)
    return str(file)


@pytest.mark.parametrize("command", ["transcribe", "translate-speech"])
def test_subtitles_of_a_file(run: Run, tmp_path: Path, command: str) -> None:
    file, system = talk(tmp_path / "a.flac"), ("--system", "asr_echo")
    status, lines, err = run(command, file, *system)
    assert (status, "\n".join([*lines, ""])) == (0, SPOKEN)
    assert err == f"{file}: 2 subtitles\n"
    assert run(command, file, *system, "-o", str(tmp_path / "b.srt"))[:2] == (0, [])
    assert (tmp_path / "b.srt").read_text(encoding="utf-8") == SPOKEN


def test_subtitles_of_many_files_of_any_rate(run: Run, tmp_path: Path) -> None:
    files = [talk(tmp_path / "a.wav", 8000), talk(tmp_path / "b.wav", 48_000)]
    assert run("transcribe", *files, "-o", str(tmp_path / "subtitles"))[0] == 0
    for name in "ab":  # a filter's edge may be loud for a hundredth of a second
        written = (tmp_path / "subtitles" / f"{name}.srt").read_text(encoding="utf-8")
        assert re.sub(r",\d{3}", "", written) == re.sub(r",\d{3}", "", SPOKEN)


def test_silence_and_a_single_sample_have_no_subtitles(run: Run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    soundfile.write(tmp_path / "sample.wav", np.ones(1), 16_000)
    for name in ("silence", "sample"):
        file = str(tmp_path / f"{name}.wav")
        assert run("transcribe", file) == (0, [], f"{file}: silence\n")
        assert run("transcribe", "--format", "text", file)[:2] == (0, [""])


def test_a_broken_file_leaves_the_subtitles_as_they_were(run: Run, tmp_path: Path) -> None:
    file = Path(talk(tmp_path / "a.flac"))
    file.write_bytes(file.read_bytes()[:-9999])
    (tmp_path / "a.srt").write_text("mine", encoding="utf-8")
    status, lines, err = run("transcribe", str(file), "-o", str(tmp_path / "a.srt"))
    assert (status, lines) == (1, []) and "truncated" in err and err.count("\n") == 1
    assert (tmp_path / "a.srt").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.flac", "a.srt"]


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (["translate", "--system", "mt_ecko"], "", "no systems.mt_ecko: did you mean mt_echo?"),
        (["translate", "--system", "asr_echo"], "", "reads features/mel, not tokens"),
        (["transcribe", "--system", "pos_hmm", "x.wav"], "", "reads tokens/words, not sound"),
        (["tag", "--n-best", "2"], "", "pos_hmm gives one output"),
        (["answer"], "a\tb\nwho?\n", "line 2: a question without its text"),
        (["translate", "--attention", "a.png"], "a\n", "a.png: it is drawn as .svg or .html"),
        (["translate", "--attention", "a.svg"], "a a\na a\n", "a.svg: it is a picture of one line"),
        (["translate", "--attention", "a.svg"], "\n", "a.svg: there is no line to draw"),
        (["translate", "--attention", "a.svg"], "a\n", "mt_echo attends to nothing here"),
        (["translate", "--attention", "params.yaml/a.svg"], "a a\n", "params.yaml/a.svg: "),
        (["tag", "--scores", "--format", "conllu"], "", "no place for scores"),
        (["label", "--n-best", "2"], "", "label_echo gives one output"),
        (["label", "--system", "mt_echo", "--marginals"], "a\n", "mt_echo does not tell how likely a label is"),
        (["label"], b"a\xff\n", "standard input, line 1 is not UTF-8"),
        (["tag", "--system", "mt_echo"], "a b b\n", "mt_echo does not give a tag a word: name a tagger"),
        (["tag", "--input", "conllu"], "dia makan\n", "standard input, line 1: 1 column where CoNLL-U has 10"),
        (["tag", "--input", "brackets"], "(S (NN dia)\n", "standard input, line 1: the tree that begins here lacks"),
        (
            ["parse", "--input", "brackets"],
            "(S " * 300 + "(NN dia)" + ")" * 300,
            "line 1: the tree that begins here is 201",
        ),
        (["parse", "--input", "conllu"], "1\t" + "\t_" * 8 + "\n", "standard input, line 1: a word without a form"),
        (["tag", "--format", "brackets"], "dia\n", "'dia' has no tree to put tags into"),
        (["tag", "--format", "brackets", "--marginals"], "", "no place for --marginals"),
        (["parse", "--format", "conllu", "--scores"], "", "no place for scores"),
        (["parse", "--format", "line"], "", "written as brackets or conllu"),
        (["parse", "--system", "pos_hmm"], "dia\n", "pos_hmm writes no trees: name a parser"),
        (["forecast"], "A,1,nan,2\n", "standard input, line 1: A: value 2 is 'nan', and no number"),
        (["forecast"], "A,1,,2\n", "standard input, line 1: A: value 2 is 'empty'"),
        (["forecast"], "A\n\nB,1\n", "standard input, line 3: 2 cells under 1 name"),
        (["forecast"], "id,day,x\nA,monday,1\nA,tuesday,1\n", "standard input, line 2: A: the date 'tuesday'"),
        (["forecast", "--system", "asr_echo"], "", "reads features/mel, not series"),
        (["transcribe", "--system", "forecast_last", "x.wav"], "", "reads features/past, not sound"),
        (["tag", "nowhere.txt"], "", "nowhere.txt: No such file or directory"),
        (["tag", "."], "", ".: Is a directory"),
        (["tag"], b"dia\nmakan\xff\n", "standard input, line 2 is not UTF-8"),
        (["transcribe", "nowhere.wav"], "", "nowhere.wav"),
        (["transcribe", "a.wav", "b.wav"], "", "2 files: say by --output in which folder"),
        (["transcribe", "a.wav", "b/a.mp3", "-o", "there"], "", "there/a.srt would be written twice"),
        (["transcribe", "a.wav", "b.wav", "-o", "params.yaml"], "", "params.yaml: it is a file"),
        (["transcribe", "a.wav", "-o", "a.wav"], "", "a.wav: it is the media file itself"),
        (["transcribe", "a.wav", "-o", "params.yaml/a.srt"], "", "params.yaml/a.srt: "),
        (["transcribe", "a.wav", "--scores"], "", "--format srt has no place for scores"),
        (["transcribe", "a.wav", "--format", "text", "-o", "a.srt"], "", "--output a.srt: it is for subtitles"),
        (["translate-speech", "a.wav"], "", "no system of the task st"),
        (["transcribe", "params.yaml"], "", "params.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_told_in_one_line(run: Run, arguments: list[str], given: str | bytes, told: str) -> None:
    status, _, err = run(*arguments, given=given)
    assert status == 1
    assert told in err and err.startswith("error: ") and err.count("\n") == 1


def test_a_task_without_a_system_and_a_system_without_a_model(run: Run, tmp_path: Path) -> None:
    folder = paths.model("mt_echo")
    aside = folder.rename(tmp_path / "aside")
    try:
        assert "dvc repro train@mt_echo" in run("translate")[2]
    finally:
        aside.rename(folder)
    rows = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    del rows["systems"]["mt_echo"]
    before = Path("params.yaml").read_bytes()
    try:
        Path("params.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")
        assert "no system of the task mt" in run("translate")[2]
    finally:
        Path("params.yaml").write_bytes(before)


def test_a_model_of_another_kind_than_its_row_is_told(run: Run) -> None:
    before = Path("params.yaml").read_bytes()
    rows = yaml.safe_load(before)
    rows["systems"]["parse_attention"]["model"] = {"kind": "transformer"}
    try:
        Path("params.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")
        status, _, err = run("parse", given="dia makan\n")
    finally:
        Path("params.yaml").write_bytes(before)
    assert status == 1 and err.count("\n") == 1
    assert "its kind is attention, and systems.parse_attention.model.kind is transformer" in err
    assert "dvc repro train@parse_attention" in err


@pytest.mark.parametrize("command", [[], ["transcribe"], ["translate-speech"], ["translate"], ["tag"], ["forecast"]])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys; from pipeline.__main__ import app\n"
        f"try: app({[*command, '--help']!r})\n"
        "except SystemExit: print(sorted({'torch', 'numpy', 'pyarrow', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.stdout.endswith("[]\n"), done.stdout + done.stderr


@pytest.mark.parametrize(("options", "periods"), [((), 80), (("--speaker", "ben"), 40)])
def test_a_text_is_said(run: Run, tmp_path: Path, options: tuple[str, ...], periods: int) -> None:
    for suffix in ("wav", "flac"):
        assert run("say", " abba\n", "-o", f"{tmp_path}/said.{suffix}", *options)[:2] == (0, [])
        sound, rate = soundfile.read(tmp_path / f"said.{suffix}")
        assert (len(sound), rate) == (0.1 * 4 * 16_000, 16_000)
        assert abs(np.count_nonzero(np.diff((sound > 0).astype(int)) > 0) - periods) < 3


@pytest.mark.parametrize(
    ("text", "output", "said"),
    [
        ("abЖa", "a.wav", "'abЖa': Ж occurs in no text it was trained on"),
        ("  ", "a.wav", "there is nothing to say"),
        ("ab", "a.txt", "a.txt cannot be written"),
        ("ab", "nowhere/a.wav", "nowhere/a.wav cannot be written"),
    ],
)
def test_what_cannot_be_said_is_told(run: Run, tmp_path: Path, text: str, output: str, said: str) -> None:
    status, _, err = run("say", text, "-o", str(tmp_path / output))
    assert status != 0
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / output).exists()
