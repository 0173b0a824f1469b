"""A cascade gives what its two systems give one after the other."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline import paths
from pipeline.data import Data, Side
from pipeline.models import cascade
from pipeline.params import Row, configure
from pipeline.problems import Problem
from pipeline.records import Hypothesis
from pipeline.sequences import Sequences
from pipeline.tokens.characters import Codec, Config
from pipeline.trained import Trained

HEARD, SOURCE, TARGET = (Codec(list(symbols), Config()) for symbols in ("abc", "cba", "zyx"))
OWN = Codec(["x", "y", "z"], Config())  # the cascade's target: other ids for the translator's symbols


class Options(Row):
    n_best: int = 1
    turned: bool = False


def hearing(*, model: Any, source: Side, target: Codec, options: Options) -> Any:
    """Writes the letter of each frame's largest number, and something else as the second best."""
    for i in range(len(source.sequences)):
        letters = (4 + source.sequences[i].argmax(axis=1)).tolist()
        yield [Hypothesis(letters, -1.0), Hypothesis([4], -2.0)]


def translating(*, model: Any, source: Side, target: Codec, options: Options) -> Any:
    """a → x, b → y, c → z; the n-th best has so many symbols fewer. Marks what is empty as unfinished."""
    for i in range(len(source.sequences)):
        text = source.codec.decode(source.sequences[i]).translate(str.maketrans("abc", "xyz"))
        text = text[::-1] if options.turned else text
        yield [
            Hypothesis(target.encode(text[n:]).tolist(), -0.5 - n, finished=bool(text)) for n in range(options.n_best)
        ]


def system(name: str, decode: Any, source: Any, target: Any) -> Trained:
    craft = SimpleNamespace(Decode=Options, decode=decode)
    return Trained(name, name, craft, None, source, target)


@pytest.fixture
def model() -> cascade.Cascade:
    recogniser = system("asr", hearing, SimpleNamespace(dim=3), HEARD)
    return cascade.Cascade(recogniser, system("mt", translating, SOURCE, TARGET), ())


def spoken(*texts: str) -> Side:
    frames = [np.eye(3, dtype=np.float32)[["abc".index(letter) for letter in text]] for text in texts]
    return Side(SimpleNamespace(dim=3), Sequences.of(frames))


def answers(model: cascade.Cascade, source: Side, **options: Any) -> list[list[tuple[str, float, bool]]]:
    given = configure(cascade.Decode, options, "decode")
    found = cascade.decode(model=model, source=source, target=OWN, options=given)
    return [[(OWN.decode(one.tokens), one.score, one.finished) for one in n_best] for n_best in found]


def test_speech_becomes_text_becomes_another_text_in_order(
    model: cascade.Cascade, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [[("xyz", -0.5, True)], [("", -0.5, False)], [("zz", -0.5, True)]]
    assert answers(model, spoken("abc", "", "cc")) == expected
    monkeypatch.setattr(cascade, "TOGETHER", 2)
    assert answers(model, spoken("abc", "", "cc")) == expected
    assert answers(model, Side(SimpleNamespace(dim=3), Sequences.of([]))) == []


def test_each_part_has_its_options(model: cascade.Cascade) -> None:
    found = answers(model, spoken("abc"), n_best=2, translator={"turned": True})
    assert found == [[("zyx", -0.5, True), ("yx", -1.5, True)]]
    with pytest.raises(Problem, match=r"asr\.decode\.turn: no such name.*turned"):
        answers(model, spoken("abc"), recogniser={"turn": True})


def fitted(needs: tuple[Path, ...]) -> Any:
    data = Data({}, {})
    return cascade.fit(data=data, config=cascade.Config(), options=cascade.Train(), needs=needs, work=Path("work"))


def test_it_takes_two_systems_that_fit(model: cascade.Cascade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    systems = {"asr": model.recogniser, "mt": model.translator, "recogniser": model.recogniser}
    systems["translator"] = model.translator
    monkeypatch.setattr(Trained, "open", lambda folder: systems[folder.name])
    needs = (paths.model("asr"), paths.model("mt"))
    for folder in needs:
        folder.mkdir(parents=True)
        (folder / "weights").write_text(folder.name)
    with pytest.raises(Problem, match="takes two systems"):
        fitted(needs[:1])
    with pytest.raises(Problem, match="asr reads no text: name a translator"):
        fitted((needs[1], needs[0]))
    made, history = fitted(needs)
    assert history == []
    place = tmp_path / "saved"
    place.mkdir()
    cascade.save(made, place)
    assert {part: (place / part / "weights").read_text() for part in cascade.PARTS} == {
        "recogniser": "asr",
        "translator": "mt",
    }
    assert answers(cascade.load(place), spoken("ab")) == answers(model, spoken("ab"))
