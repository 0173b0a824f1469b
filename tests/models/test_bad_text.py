"""Every model of texts answers whatever text comes: none at all, 5,000 tokens, characters that it has never seen."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from pipeline import paths
from pipeline.data import Data, Side
from pipeline.params import Craft, System, configure
from pipeline.sequences import Sequences, write_json
from pipeline.stages import train
from pipeline.tokens import words
from pipeline.trained import Trained, searching

SMALL = {"hidden": 8, "layers": 1}
TRANSFORMER = {"d_model": 8, "heads": 2, "layers": 1, "ffn": 8}
CUT = {"max_ratio": 0.001, "beam_size": 2}  # of 5,000 tokens: a model that has learnt nothing never stops
NAT = {"iterations": 1, "candidates": 1}
KINDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("transformer", TRANSFORMER, CUT),
    ("transformer", TRANSFORMER | {"positions": "relative", "normaliser": "power"}, CUT),
    ("attention", SMALL, CUT),
    ("attention", SMALL | {"score": "multiplicative"}, CUT),
    ("rnn", SMALL, CUT),
    ("pointer", SMALL | {"coverage": True}, CUT),
    ("pointer", SMALL | {"body": "transformer", "heads": 2, "ffn": 8}, CUT),
    ("nat", TRANSFORMER, NAT),
    ("nat", TRANSFORMER | {"length": "cut"}, NAT | {"iterations": 2}),
    ("memory", {"dim": 4, "memory": 3}, {}),
    ("bag_of_words", {}, {}),
    ("classifier", {"hidden": 8, "embedding": 8}, {}),
]
SOURCES = ["", "a b | a", "a | " * 2500, "\u3042\U0001f600 \u200b\x00 \u202e", "|"]


@pytest.fixture
def codec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> words.Codec:
    """Words of a joint vocabulary."""
    monkeypatch.chdir(tmp_path)
    made = words.Codec(["a", "b", "|", "?"], words.Config(), text=True)
    folder = paths.encoding("tokens/joint") / "codec"
    made.save(folder)
    write_json(folder / "codec.json", {"kind": "words", "field": "ms", "options": {}})
    return made


def opened(kind: str, options: dict[str, Any], codec: words.Codec, pairs: list[tuple[str, str]]) -> Trained:
    """A system trained for an epoch on some pairs, saved and opened again."""
    craft: Any = import_module(f"pipeline.models.{kind}")
    sides = [
        Side(codec, Sequences.of([codec.encode(text) for text in side]), typed=side)
        for side in zip(*pairs, strict=True)
    ]
    source, target = ({"train": side, "dev": side} for side in sides)
    training = {"epochs": 1} if "epochs" in craft.Train.model_fields else {}
    model, _ = craft.fit(
        data=Data(source, target),
        config=configure(craft.Config, options, kind),
        options=configure(craft.Train, training, kind),
        needs=(),
        work=Path("work"),
    )
    place = "tokens/joint"
    row = System(
        task="x", corpus="c", source=place, target=place, needs="none", also="none", model=Craft(kind=kind), metrics=[]
    )
    with paths.replacing(paths.model("it")) as folder:
        craft.save(model, folder)
        train.complete(folder, row, "inputs")
    return Trained.open(paths.model("it"))


@pytest.mark.parametrize(
    ("kind", "options", "search"), KINDS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_text_is_answered(kind: str, options: dict[str, Any], search: dict[str, Any], codec: words.Codec) -> None:
    pairs = [("a b | a b", "a"), ("b | a | b ?", "b"), ("", "a"), ("a", "b")]
    system = opened(kind, options, codec, pairs)
    given = configure(searching(system.craft).Decode, search, kind)
    found = list(system.decode(Side(codec, Sequences.of([codec.encode(text) for text in SOURCES])), given))
    assert len(found) == len(SOURCES)
    for n_best in found:
        assert n_best
        assert isinstance(system.written(n_best[0].tokens), str)
        assert n_best[0].score == n_best[0].score, "NaN"
    alone = list(system.decode(Side(codec, Sequences.of([codec.encode("")])), given))
    assert alone[0][0].tokens == found[0][0].tokens
