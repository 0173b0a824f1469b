from pathlib import Path

import pytest
from pydantic import Field

from pipeline.params import Row, configure, craft, load, row
from pipeline.problems import Problem

WHOLE = """
raw: {soap: {kind: soap, seed: 1}}
corpora: {pairs: {raw: soap, kind: parallel, languages: [ms, en]}, speech: {raw: soap, kind: subtitles}}
features: {mel: {corpus: speech, raw: soap, field: audio, kind: mel}}
tokens: {ms: {corpus: pairs, field: ms, kind: characters}, en: {corpus: pairs, field: en, kind: characters}}
systems:
  mt:
    task: mt
    corpus: pairs
    source: tokens/ms
    target: tokens/en
    needs: none
    also: none
    model: {kind: transformer, layers: 2}
    train: {epochs: 3}
    metrics: [bleu]
"""


class Config(Row):
    layers: int = Field(4, ge=1)
    dropout: float = 0.1


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def problem(text: str) -> str:
    Path("params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Problem) as stop:
        load()
    return str(stop.value)


def test_rows_keep_the_options_of_their_craft() -> None:
    Path("params.yaml").write_text(WHOLE, encoding="utf-8")
    params = load()
    assert params.corpora["pairs"].options == {"languages": ["ms", "en"]}
    assert params.systems["mt"].model.kind == "transformer" and params.systems["mt"].model.options == {"layers": 2}
    assert params.systems["mt"].train == {"epochs": 3} and params.systems["mt"].decode == {}


def test_an_empty_file_has_no_rows() -> None:
    Path("params.yaml").write_text("", encoding="utf-8")
    assert load().systems == {}


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("systems:", "sistems:", "params.yaml.sistems: no such name: did you mean systems?"),
        ("    task: mt", "    taks: mt", "params.yaml.systems.mt.taks: no such name: did you mean task?"),
        ("    needs: none\n", "", "params.yaml.systems.mt.needs is missing"),
        ("needs: none", "needs: tm", "systems.mt.needs: there is no 'tm': there are: mt, none"),
        ("needs: none", "needs: mt", "systems.mt.needs: a system cannot need itself"),
        ("    corpus: pairs", "    corpus: pair", "systems.mt.corpus: there is no 'pair': did you mean pairs?"),
        ("source: tokens/ms", "source: token/ms", "systems.mt.source: there is no 'token/ms': did you mean tokens/ms?"),
        ("{corpus: speech, raw: soap", "{corpus: speech, raw: soup", "features.mel.raw: there is no 'soup'"),
        ("corpora: {pairs: {raw: soap", "corpora: {pairs: {raw: my_soap", "neither a row raw.my_soap nor a folder"),
        ("metrics: [bleu]", "metrics: bleu", "params.yaml.systems.mt.metrics: Input should be a valid list"),
        ("systems:", "systems: [", "params.yaml is not valid YAML"),
        (WHOLE, "- soap", "params.yaml holds no sections"),
    ],
)
def test_a_slip_is_named_with_its_remedy(written: str, instead: str, said: str) -> None:
    assert written in WHOLE and said in problem(WHOLE.replace(written, instead, 1))


def test_what_a_user_adds_needs_no_row() -> None:
    Path("data/raw/my_soap").mkdir(parents=True)
    Path("params.yaml").write_text(WHOLE.replace("speech: {raw: soap", "speech: {raw: my_soap"), encoding="utf-8")
    with pytest.raises(Problem, match=r"features\.mel\.raw: there is no 'soap': did you mean my_soap"):
        load()


def test_a_missing_file() -> None:
    with pytest.raises(Problem, match=r"params\.yaml is missing: run from the folder that holds it"):
        load()


def test_options_are_checked_against_a_config() -> None:
    assert configure(Config, {"layers": 2}, "systems.mt.model") == Config(layers=2)
    with pytest.raises(Problem, match=r"^systems\.mt\.model\.layer: no such name: did you mean layers\?$"):
        configure(Config, {"layer": 2}, "systems.mt.model")
    with pytest.raises(Problem, match=r"systems\.mt\.model\.layers: .* greater than or equal to 1 \(it is 0\)"):
        configure(Config, {"layers": 0}, "systems.mt.model")


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().layers = 3  # type: ignore[misc]


def test_a_craft_is_found_by_its_kind() -> None:
    assert craft("tokens", "characters", "tokens.ms").__name__ == "pipeline.tokens.characters"
    with pytest.raises(Problem, match=r"tokens\.ms\.kind: there is no 'character': did you mean characters\?"):
        craft("tokens", "character", "tokens.ms")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(Problem, match=r"params\.yaml has no systems\.mtt: did you mean mt\?"):
        row({"mt": 1}, "mtt", "systems")
