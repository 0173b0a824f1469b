"""A parser that has learnt nothing writes trees over its words all the same, once it is held to them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline import paths
from pipeline.data import BEGIN, END, Data, Side, typed_side
from pipeline.models import attention, constrained, hmm, transformer
from pipeline.params import Craft, System, configure
from pipeline.problems import Problem
from pipeline.sequences import Sequences, write_json
from pipeline.stages import train
from pipeline.tokens.brackets import Codec as BracketsCodec
from pipeline.tokens.brackets import well_formed
from pipeline.tokens.words import Codec, Config

WORDS, TREES = ["a", "b", "c"], ["(S (NP (X a)) (VP (X b) (NP (X c))))"]


def codecs() -> tuple[Any, Any]:
    source = Codec(WORDS, Config(), text=False)
    return source, BracketsCodec(["(S", "XX", ")S", "(NP", ")NP", "(VP", ")VP"])


def folder(root: Path, name: str, kind: str, model: Any) -> Path:
    for side, codec in zip(("words", "trees"), codecs(), strict=True):
        place = paths.encoding(f"tokens/{side}") / "codec"
        place.mkdir(parents=True, exist_ok=True)
        codec.save(place)
        about = {"kind": "words" if side == "words" else "brackets", "field": side, "options": {}}
        write_json(place / "codec.json", about)
    made = paths.model(name)
    made.mkdir(parents=True)
    {"attention": attention, "transformer": transformer, "hmm": hmm}[kind].save(model, made)
    row = System(
        task="parse",
        corpus="c",
        source="tokens/words",
        target="tokens/trees",
        needs="none",
        also="none",
        model=Craft(kind=kind),
        metrics=[],
    )
    train.complete(made, row, "untrained")
    return made


def untrained(kind: str) -> Any:
    torch.manual_seed(3)
    sizes = [len(codec) for codec in codecs()]
    if kind == "attention":
        return attention.Network(attention.Config(hidden=16), *sizes).eval()
    return transformer.Transformer(transformer.Config(d_model=16, layers=1, tied="target"), *sizes).eval()


def fitted(needs: tuple[Path, ...], target: Any = None) -> constrained.Constrained:
    source, brackets = codecs()
    target = target or brackets
    trees = Sequences.of([target.encode(TREES[0])])
    data = Data({"train": Side(source, Sequences.of([]))}, {"train": Side(target, trees)})
    config, options = constrained.Config(), constrained.Train()
    model, history = constrained.fit(data=data, config=config, options=options, needs=needs, work=Path("work"))
    assert history == []
    return model


SENTENCES = [["a"], ["b", "c", "z", "a"], [], ["a", "b"] * 40]


@pytest.mark.parametrize("kind", ["attention", "transformer"])
@pytest.mark.parametrize("options", [{}, {"beam_size": 1}, {"n_best": 3, "max_ratio": 1}, {"search": "sampling"}])
def test_every_output_is_a_tree_over_the_words(
    kind: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = fitted((folder(tmp_path, "base", kind, untrained(kind)),))
    place = tmp_path / "saved"
    place.mkdir()
    constrained.save(model, place)
    source, target = codecs()
    given = configure(constrained.Decode, options, "decode")
    for one in (model, constrained.load(place)):
        found = list(constrained.decode(model=one, source=typed_side(source, SENTENCES), target=target, options=given))
        for words, n_best in zip(SENTENCES, found, strict=True):
            assert n_best
            assert all(hypothesis.finished for hypothesis in n_best)
            for hypothesis in n_best:
                tokens = target.decode(hypothesis.tokens).split()
                assert well_formed(tokens, len(words)) if words else tokens == []


@torch.inference_mode()
def test_a_tree_is_as_likely_as_the_parser_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = fitted((folder(tmp_path, "base", "attention", untrained("attention")),))
    source, target = codecs()
    side = typed_side(source, [["a", "b"]])
    given = configure(constrained.Decode, {"n_best": 4, "beam_size": 4}, "decode")
    [n_best] = constrained.decode(model=model, source=side, target=target, options=given)
    assert len({tuple(hypothesis.tokens) for hypothesis in n_best}) == 4
    free = model.system.model
    for hypothesis in n_best:
        state, _ = free.begin(side.sequences, np.array([0]), 1)
        total = 0.0
        for before, after in pairwise([BEGIN, *hypothesis.tokens, END]):
            logits, state, _ = free.step(torch.tensor([before]), state)
            total += float(logits.log_softmax(dim=1)[0, after])
        assert hypothesis.score == pytest.approx(total, abs=1e-3)


def test_a_sentence_too_long_to_search_gets_a_flat_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = fitted((folder(tmp_path, "base", "attention", untrained("attention")),))
    source, target = codecs()
    side = typed_side(source, [["a"] * 5000, ["a", "b"]])
    given = configure(constrained.Decode, {"beam_size": 1}, "decode")
    [long], [short] = constrained.decode(model=model, source=side, target=target, options=given)
    assert target.decode(long.tokens).split() == ["(S", *["XX"] * 5000, ")S"] and not long.finished
    assert well_formed(target.decode(short.tokens).split(), 2) and short.finished


def test_the_most_frequent_bracket_is_the_root_where_there_is_no_s() -> None:
    tokens = ["<pad>", "XX", "(NP", ")NP", "(VP", ")VP"]
    assert [tokens[i] for i in constrained.flat(tokens, 2)] == ["(NP", "XX", "XX", ")NP"]


def test_a_free_search_writes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = fitted((folder(tmp_path, "base", "attention", untrained("attention")),))
    source, target = codecs()
    free = model.system.decode(typed_side(source, SENTENCES), model.system.options(max_ratio=6))
    assert not any(well_formed(target.decode(n_best[0].tokens).split()) for n_best in free)


def test_it_takes_a_parser_that_writes_token_by_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Problem, match="takes one system"):
        fitted(())
    tagger = folder(tmp_path, "tagger", "hmm", hmm.count([["a"]], [["X"]], hmm.Config()))
    with pytest.raises(Problem, match="tagger does not write token by token: name a parser"):
        fitted((tagger,))


def test_it_takes_a_parser_whose_target_is_brackets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = folder(tmp_path, "base", "attention", untrained("attention"))
    plain = BracketsCodec(list("abcdefg"))
    plain.save(base / "target")
    with pytest.raises(Problem, match="base writes no brackets"):
        fitted((base,), plain)
