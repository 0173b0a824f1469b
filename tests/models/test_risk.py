import json
import math
from itertools import product

import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.metrics.sentence import reward
from pipeline.models import attention, risk, rnn, transformer
from pipeline.models.risk import Risk, Train, repeated
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.search import steps
from pipeline.sequences import Sequences
from pipeline.tokens.characters import Codec, Config
from pipeline.trained import Trained

LETTERS = "abcdef"
CODEC = Codec.fit({"a": [LETTERS]}, field="a", config=Config())
NETWORKS = {
    "rnn": lambda: rnn.Network(rnn.Config(embedding=6, hidden=8, dropout=0.5), len(CODEC), len(CODEC)),
    "attention": lambda: attention.Network(attention.Config(embedding=6, hidden=8), len(CODEC), len(CODEC)),
    "transformer": lambda: transformer.Transformer(
        transformer.Config(d_model=8, heads=2, layers=1, ffn=8), len(CODEC), len(CODEC)
    ),
}


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def side(texts):
    return Side(codec=CODEC, sequences=Sequences.of([CODEC.encode(text) for text in texts]), typed=tuple(texts))


def network(kind, seed=1):
    torch.manual_seed(seed)
    return NETWORKS[kind]()


def made(kind="rnn", **options):
    return Risk(network(kind), kind, CODEC, configure(Train, options, "train"))


def batch_of(sources, references):
    return risk.batches(side(sources), side(references), Train()).collate(np.arange(len(sources)), 0)


def log_prob(model, source, tokens):
    """log P of one candidate, a token at a time."""
    state, _ = model.begin(side([source]).sequences, np.array([0]), 1)
    last, total = 2, 0.0
    for token in tokens:
        logits, state, _ = model.step(torch.tensor([last]), state)
        total = total + logits.log_softmax(dim=1)[0, token]
        last = token
    return total


def ended(tokens):
    return tokens[: tokens.index(3) + 1] if 3 in tokens else tokens


@pytest.mark.parametrize("kind", NETWORKS)
def test_what_is_drawn_is_as_likely_as_the_network_finds_it(kind):
    model = made(kind, max_ratio=0.1).train()
    drawn = model.drawn(side(["abc", "d"]).sequences, samples=3)
    assert drawn.log_probs.shape == (2, 4)
    for source, candidates, log_probs in zip(["abc", "d"], drawn.tokens.tolist(), drawn.log_probs, strict=True):
        for tokens, found in zip(candidates, log_probs, strict=True):
            torch.testing.assert_close(found, log_prob(model, source, ended(tokens)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_first_is_the_reference_or_what_greedy_search_writes(kind):
    model = made(kind).eval()
    sources = ["abc", "fdb"]
    greedy = model.drawn(side(sources).sequences, samples=2).tokens[:, 0].tolist()
    options = steps.Decode(beam_size=1, length_penalty=0)
    searched = list(steps.decode(model=model, source=side(sources), target=CODEC, options=options))
    for tokens, n_best in zip(greedy, searched, strict=True):
        assert [token for token in tokens if token > 3] == [token for token in n_best[0].tokens if token > 3]
    reference = batch_of(sources, ["fa", "b"])["reference"]
    first = model.drawn(side(sources).sequences, samples=2, first=reference).tokens[:, 0].tolist()
    assert [ended(tokens) for tokens in first] == [[*CODEC.encode("fa"), 3], [*CODEC.encode("b"), 3]]


def test_many_draws_have_the_frequencies_of_the_distribution():
    model = made(max_ratio=0.1).eval()
    drawn = model.drawn(side(["ab"]).sequences, samples=4000)
    state, _ = model.begin(side(["ab"]).sequences, np.array([0]), 1)
    logits, _, _ = model.step(torch.tensor([2]), state)
    counts = torch.bincount(drawn.tokens[0, 1:, 0], minlength=len(CODEC)) / 4000
    torch.testing.assert_close(counts, logits.softmax(dim=1)[0], atol=0.03, rtol=0)


def test_the_risk_by_hand():
    model = made(samples=1, sharpness=0.5, metric="f1").train()
    model.reward = lambda reference, hypothesis: {"ab": 1.0, "cd": 0.25}[hypothesis]
    tokens = torch.tensor([[[*CODEC.encode("ab"), 3], [*CODEC.encode("cd"), 3], [*CODEC.encode("cd"), 3]]])
    log_probs = torch.tensor([[-2.0, -4.0, -4.0]])
    reference = tokens[:, 0]
    q = math.exp(-1) / (math.exp(-1) + math.exp(-2))  # the twin counts once
    assert model._risk(risk.Drawn(tokens, log_probs), reference).item() == pytest.approx((1 - q) * 0.75)
    criticised = -((0.25 - 1.0) * -4.0 + (0.25 - 1.0) * -4.0) / 2
    assert model._criticised(risk.Drawn(tokens, log_probs), reference).item() == pytest.approx(criticised)


def test_twins_are_found_after_the_first():
    tokens = torch.tensor([[[4, 3], [5, 3], [4, 3], [5, 3]]])
    assert repeated(tokens).tolist() == [[False, False, True, True]]


@pytest.fixture
def base(tmp_path):
    """A trained system's folder, in form: its network has learnt nothing."""
    folder = tmp_path / "base"
    folder.mkdir()
    rnn.save(network("rnn"), folder)
    about = {"kind": "rnn", "inputs": "", "source": "tokens/a", "target": "tokens/a"}
    (folder / "system.json").write_text(json.dumps(about), encoding="utf-8")
    for part in ("source", "target"):
        CODEC.save(folder / part)
        codec = {"kind": "characters", "field": "a", "options": {}}
        (folder / part / "codec.json").write_text(json.dumps(codec), encoding="utf-8")
    return folder


def data_of(count=60):
    texts = ["".join(letters) for letters in product(LETTERS, repeat=3)][:count]
    return Data(source={s: side(texts) for s in ("train", "dev")}, target={s: side(texts) for s in ("train", "dev")})


@pytest.mark.parametrize("method", ["minimum_risk", "self_critical"])
def test_the_metric_rises(base, tmp_path, method):
    given = {"method": method, "metric": "chrf", "epochs": 5, "batch": 60, "lr": 0.02, "sharpness": 0.2}
    options = configure(Train, given, "train")
    _, history = risk.fit(data=data_of(), config=risk.Config(), options=options, needs=(base,), work=tmp_path / "w")
    losses = [numbers["dev_loss"] for numbers in history]
    assert losses[-1] < losses[0] - 0.03


def test_saved_it_is_searched_like_its_system(base, tmp_path):
    options = Train(metric="chrf", samples=2, lr=1e-9)
    model, _ = risk.fit(data=data_of(8), config=risk.Config(), options=options, needs=(base,), work=tmp_path / "w")
    folder = tmp_path / "risk"
    folder.mkdir()
    risk.save(model, folder)
    one, other = (
        list(steps.decode(model=m, source=side(["abc"]), target=CODEC, options=steps.Decode(max_ratio=1)))
        for m in (risk.load(folder), Trained.open(base).model)
    )
    assert one[0][0].tokens == other[0][0].tokens


def test_the_same_seed_gives_the_same_weights(base, tmp_path):
    models = [
        risk.fit(data=data_of(20), config=risk.Config(), options=Train(), needs=(base,), work=tmp_path / str(i))[0]
        for i in range(2)
    ]
    for one, other in zip(*(model.state_dict().values() for model in models), strict=True):
        assert torch.equal(one, other)


def test_what_cannot_be_trained_is_told(base, tmp_path, monkeypatch):
    arguments = {"data": data_of(4), "config": risk.Config(), "options": Train(), "work": tmp_path / "w"}
    with pytest.raises(Problem, match="name it as `needs`"):
        risk.fit(**arguments, needs=())
    other = Codec.fit({"a": ["xyz"]}, field="a", config=Config())
    other.save(base / "target")
    with pytest.raises(Problem, match="the target of base is encoded in another way"):
        risk.fit(**arguments, needs=(base,))
    with pytest.raises(Problem, match=r"train\.metric: .*there is no metric 'blue' of one sentence"):
        configure(Train, {"metric": "blue"}, "train")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(Problem, match="on the CPU alone"):
        risk.fit(**arguments, needs=(base,))


@pytest.mark.parametrize("name", ["bleu", "bleu_zh", "bleu_tokenised", "chrf", "f1"])
def test_a_reward_is_one_at_best_and_rises_with_what_is_right(name):
    of = reward(name)
    assert of("the cat sat down .", "the cat sat down .") == pytest.approx(1)
    assert of("the cat sat down .", "a dog ran .") < of("the cat sat down .", "the cat ran .") < 1
    assert of("the cat sat down .", "") == 0
