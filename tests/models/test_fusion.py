"""Fusion against every sequence there is, and the weight that dev asks for."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline import paths
from pipeline.data import BEGIN, END, Data, Side
from pipeline.models import ctc, fusion, lm
from pipeline.params import Craft, System, configure
from pipeline.problems import Problem
from pipeline.search import steps
from pipeline.search.ctc import collapse
from pipeline.sequences import Sequences, write_json
from pipeline.stages import train
from pipeline.state import State
from pipeline.tokens.characters import Codec, Config
from pipeline.trained import Trained

HEARD, READ = Codec(["a", "b", "c"], Config()), Codec(["c", "d", "b", "a"], Config())  # other ids for the same symbols
BANDS, FRAMES = 3, 4


def language_model(seed: int = 1, codec: Codec = READ) -> Trained:
    torch.manual_seed(seed)
    config = configure(lm.Config, {"hidden": 16, "dropout": 0.0}, "model")
    model = lm.LanguageModel(config, len(codec)).eval()
    with torch.no_grad():
        model.table.weight *= 8  # opinions
    return Trained("lm", "lm", lm, model, codec, codec)


def listener(seed: int = 2) -> Trained:
    torch.manual_seed(seed)
    config = ctc.Config(subsampling=1, channels=8, hidden=8, layers=1, dropout=0.0)
    model = ctc.Recogniser(config, BANDS, len(HEARD)).eval()
    with torch.no_grad():
        model.output.weight *= 8
        model.output.bias[1:4] = -50  # no text holds the unknown, the beginning or the end
    return Trained("asr", "ctc", ctc, model, SimpleNamespace(dim=BANDS), HEARD)


class Markov:
    """Writes each token after the last one alone, and attends to nothing."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.table = torch.randn(len(HEARD), len(HEARD)) * 2
        self.table[BEGIN, END] -= 3
        self.table[:, :END] = -50  # no text holds the padding, the unknown or the beginning

    def begin(self, sequences: Sequences, rows: np.ndarray, beam_size: int) -> tuple[State, Tensor]:
        first = torch.from_numpy(np.array([len(sequences[row]) for row in rows]))
        return State({"bias": first.repeat_interleave(beam_size)}, {"lengths": first}), first

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, None]:
        logits = self.table[tokens].clone()
        logits[:, 4] += state.prefix["bias"]
        return logits, state, None


def writer() -> Trained:
    return Trained("mt", "markov", SimpleNamespace(), Markov(), HEARD, HEARD)


def audio(count: int = 6) -> Side:
    rng = np.random.default_rng(5)
    frames = [rng.normal(size=(FRAMES, BANDS)).astype(np.float32) for _ in range(count)]
    return Side(SimpleNamespace(dim=BANDS), Sequences.of(frames))


def fused(
    recogniser: Trained, method: str, weight: float, penalty: float, read: Trained | None = None
) -> fusion.Fusion:
    config = configure(fusion.Config, {"method": method}, "model")
    return fusion.Fusion(config, recogniser, read or language_model(), weight, penalty, ())


def searched(model: fusion.Fusion, source: Side, beam: int, n_best: int = 3, **search: Any) -> list[list[Any]]:
    options = configure(fusion.Decode, {"beam_size": beam, "n_best": n_best, "search": search}, "decode")
    return list(fusion.decode(model=model, source=source, target=HEARD, options=options))


def by_every_sequence(recogniser: Trained, source: Side, weight: float, penalty: float) -> Iterator[dict[str, float]]:
    """The score of each text that an alignment of FRAMES steps can stand for, of each utterance."""
    read = language_model()
    for _, log_probs, _ in ctc.emissions(recogniser.model, source.sequences, batch=1):
        total: dict[str, float] = {}
        for alignment in product([0, *range(4, len(HEARD))], repeat=FRAMES):
            text = HEARD.decode(collapse(np.array(alignment)))
            total[text] = total.get(text, 0.0) + np.exp(log_probs[0, range(FRAMES), alignment].sum(dtype=np.float64))
        given = lm.score(read.model, Sequences.of([READ.encode(text) for text in total]), 1000)
        yield {
            text: float(np.log(p) / (len(text) + 1) ** penalty + weight * log_p)
            for (text, p), log_p in zip(total.items(), given, strict=True)
        }


@pytest.mark.parametrize("method", ["beam", "rescore"])
@pytest.mark.parametrize(("weight", "penalty"), [(0.0, 0.0), (0.6, 0.0), (0.3, 1.0)])
def test_a_wide_search_finds_what_the_formula_finds(method: str, weight: float, penalty: float) -> None:
    recogniser, source = listener(), audio()
    found = searched(fused(recogniser, method, weight, penalty), source, beam=300, candidates=0)
    for n_best, truth in zip(found, by_every_sequence(recogniser, source, weight, penalty), strict=True):
        expected = sorted(truth.items(), key=lambda pair: -pair[1])[:3]
        assert [HEARD.decode(one.tokens) for one in n_best] == [text for text, _ in expected]
        assert [one.score for one in n_best] == pytest.approx([score for _, score in expected], abs=2e-3)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_writer_is_fused_as_it_is_rescored(penalty: float) -> None:
    """Both search so widely that nothing falls from the beam: then asking early and asking late are the same."""
    recogniser = writer()
    texts = Side(HEARD, Sequences.of([HEARD.encode(text) for text in ("abc", "b", "", "ca")]))
    options = {"beam": 400, "max_ratio": 0.01, "batch": 400, "length_penalty": 0.0}
    early, late = (
        searched(fused(recogniser, method, 0.4, penalty), texts, **options)  # type: ignore[arg-type]
        for method in ("beam", "rescore")
    )
    for one, other in zip(early, late, strict=True):
        assert one[0].tokens == other[0].tokens
        assert one[0].score == pytest.approx(other[0].score, abs=1e-3)
    alone = list(recogniser.decode(texts, steps.Decode(beam_size=400, length_penalty=penalty, max_ratio=0.01)))
    assert [found[0].tokens for found in early] != [found[0].tokens for found in alone]


def test_without_a_weight_nothing_changes() -> None:
    recogniser, source = listener(), audio()
    alone = list(recogniser.decode(source, recogniser.options(beam_size=8, n_best=3)))
    for method in ("beam", "rescore"):
        found = searched(fused(recogniser, method, 0.0, 0.0), source, beam=8)
        assert [[h.tokens for h in n_best] for n_best in found] == [[h.tokens for h in n_best] for n_best in alone]


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The folders of a recogniser that hears b and c alike, and of a language model that has read `ab` alone."""
    monkeypatch.chdir(tmp_path)
    for place, codec in (("features/mel", None), ("tokens/heard", HEARD), ("tokens/read", READ)):
        folder = paths.encoding(place) / "codec"
        folder.mkdir(parents=True)
        write_json(folder / "codec.json", {"kind": "characters", "field": "ms", "corpus": "c", "options": {}})
        (codec or READ).save(folder)
    recogniser, read = listener(), language_model()
    with torch.no_grad():
        for parameter in recogniser.model.parameters():
            parameter.zero_()
        recogniser.model.norm.bias.fill_(1)
        recogniser.model.output.bias[:] = torch.tensor([2.0, -50, -50, -50, 1.0, 1.0, 1.2])
    texts = Side(READ, Sequences.of([READ.encode("ab")] * 40), field="ms")
    options = configure(lm.Train, {"epochs": 8, "batch": 60, "lr": 0.03, "warmup": 5, "precision": "float32"}, "train")
    read_model, _ = lm.fit(
        data=Data({"train": texts, "dev": texts}, {"train": texts, "dev": texts}),
        config=read.model.config,
        options=options,
        needs=(),
        work=tmp_path / "work",
    )
    folders = []
    for name, trained, model, source, target in (
        ("asr", recogniser, recogniser.model, "tokens/read", "tokens/heard"),
        ("lm", read, read_model, "tokens/read", "tokens/read"),
    ):
        folder = paths.model(name)
        folder.mkdir(parents=True)
        trained.craft.save(model, folder)
        system = System(
            task="t",
            corpus="c",
            source=source,
            target=target,
            needs="none",
            also="none",
            model=Craft(kind=trained.kind),
            metrics=[],
        )
        train.complete(folder, system, "abc")
        folders.append(folder)
    return folders[0], folders[1]


def dev(texts: list[str], codec: Any = HEARD) -> Data:
    source = Side(SimpleNamespace(dim=BANDS), audio(len(texts)).sequences)
    target = Side(codec, Sequences.of([codec.encode(text) for text in texts]), typed=tuple(texts))
    return Data({"dev": source}, {"dev": target})


def fitted(needs: tuple[Path, ...], data: Data, method: str = "beam", **train: Any) -> Any:
    options = configure(fusion.Train, {"criterion": "cer", **train}, "train")
    config = configure(fusion.Config, {"method": method}, "model")
    return fusion.fit(data=data, config=config, options=options, needs=needs, work=Path("work"))


@pytest.mark.parametrize("method", ["beam", "rescore"])
def test_dev_chooses_the_weight(stored: tuple[Path, Path], method: str, tmp_path: Path) -> None:
    data = dev(["ab"] * 5)
    options = {"beam_size": 50, "weights": [0.0, 0.2, 0.5, 1.0], "length_penalties": [0.0, 1.0], "utterances": 4}
    model, history = fitted(stored, data, method, **options)
    assert model.weight > 0
    assert [point["weight"] for point in history] == [0.0, 0.2, 0.5, 1.0] * 2
    rates = [point["dev_cer"] for point in history]
    assert min(rates) < rates[0]
    place = tmp_path / "saved"
    place.mkdir()
    fusion.save(model, place)
    # Where its parts stood is gone: the folder is all that is needed.
    for folder in stored:
        folder.rename(folder.with_name(f"{folder.name}_gone"))
    again = fusion.load(place)
    assert (again.weight, again.length_penalty) == (model.weight, model.length_penalty)
    found = [searched(one, data.source["dev"], beam=50) for one in (model, again)]
    assert found[0] == found[1]
    assert HEARD.decode(found[0][0][0].tokens) == "ab"


def test_it_takes_a_recogniser_and_a_language_model(stored: tuple[Path, Path]) -> None:
    with pytest.raises(Problem, match="takes two systems"):
        fitted(stored[:1], dev(["ab"]))
    with pytest.raises(Problem, match="asr is a ctc and not a language model"):
        fitted((stored[1], stored[0]), dev(["ab"]))


def test_an_empty_dev_and_an_impossible_weight_are_named(stored: tuple[Path, Path]) -> None:
    with pytest.raises(Problem, match="the dev split is empty"):
        fitted(stored, dev([]))
    with pytest.raises(Problem, match=r"train\.weights\.1"):
        fitted(stored, dev(["ab"]), weights=[0.1, float("inf")])


def test_tokens_that_do_not_fit_are_named(stored: tuple[Path, Path]) -> None:
    with pytest.raises(Problem, match="the target's tokens are not those of asr"):
        fitted(stored, dev(["ab"], READ))
    pairs = Codec(["ab", "a", "b"], Config())
    pairs.save(stored[1] / "target")
    pairs.encode = lambda value: pairs.ids(["ab"])  # type: ignore[method-assign, assignment]
    read = Trained("lm", "lm", lm, language_model(codec=pairs).model, pairs, pairs)
    with pytest.raises(Problem, match=r"0: lm has other tokens for this text than asr.*set model.method to rescore"):
        fusion.check(listener(), read, fused(listener(), "beam", 0, 0).config, dev(["ab"]).target["dev"])


def test_a_symbol_that_the_recogniser_does_not_know_is_no_other_cut(stored: tuple[Path, Path]) -> None:
    target = dev(["adb"]).target["dev"]  # d: UNKNOWN to the one, known to the other
    fusion.check(listener(), language_model(), fused(listener(), "beam", 0, 0).config, target)


def test_a_recogniser_without_a_beam_is_rescored_alone() -> None:
    still = Trained("hmm", "hmm", SimpleNamespace(Decode=ctc.Decode, decode=None), object(), HEARD, HEARD)
    with pytest.raises(Problem, match="hmm: a hmm has no beam"):
        searched(fused(still, "beam", 0.5, 0), audio(), beam=4)


def test_the_search_is_checked_by_the_recogniser() -> None:
    with pytest.raises(Problem, match="candidates"):
        searched(fused(listener(), "beam", 0.5, 0.0), audio(), beam=4, candidate=3)
    with pytest.raises(Problem, match="n_best: 5 needs a beam_size"):
        searched(fused(listener(), "beam", 0.5, 0.0), audio(), beam=4, n_best=5)
