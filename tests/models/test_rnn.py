import numpy as np
import pytest
import torch

from pipeline.data import BEGIN, Data, Side
from pipeline.models import rnn
from pipeline.models.rnn import Config, Network, Train
from pipeline.problems import Problem
from pipeline.search import steps
from pipeline.sequences import Sequences

KINDS = [
    Config(cell=cell, embedding=5, hidden=6, layers=layers, reads=reads, dropout=0)
    for cell, layers, reads in (("rnn", 1, "reversed"), ("lstm", 2, "forwards"), ("gru", 2, "reversed"))
]


class Digits:
    def __len__(self):
        return 12

    def decode(self, ids):
        return list(ids)


def side(rows):
    return Side(codec=Digits(), sequences=Sequences.of([np.array(row, dtype=np.int32) for row in rows]))


def sentences(count, seed, longest=3):
    rng = np.random.default_rng(seed)
    return [rng.integers(4, 12, rng.integers(1, longest + 1)).tolist() for _ in range(count)]


def learn(change, config, tmp_path, **options):
    rows = {"train": sentences(1000, seed=1), "dev": sentences(40, seed=2)}
    data = Data(
        source={split: side(values) for split, values in rows.items()},
        target={split: side([change(row) for row in values]) for split, values in rows.items()},
    )
    defaults = {"epochs": 12, "batch": 150, "lr": 0.01, "schedule": "linear", "warmup": 20, "label_smoothing": 0}
    train = Train.model_validate(defaults | {"precision": "float32"} | options)
    return rnn.fit(data=data, config=config, options=train, needs=(), work=tmp_path / "work")


def found_by(model, rows, **options):
    return list(steps.decode(model=model, source=side(rows), target=Digits(), options=steps.Decode(**options)))


@pytest.mark.parametrize("config", KINDS, ids=str)
def test_steps_equal_the_fast_cells(config):
    torch.manual_seed(1)
    model = Network(config, 12, 12).eval()
    rows = [[4, 5, 6, 7], [8, 9]]
    before = torch.tensor([[BEGIN, 4, 5], [BEGIN, 11, 4]])
    with torch.no_grad():
        state, lengths = model.begin(side(rows).sequences, np.arange(2), beam_size=1)
        assert lengths.tolist() == [5, 3]
        source = torch.tensor([[4, 5, 6, 7, 3], [8, 9, 3, 0, 0]])
        known = model.output(model.hidden(model.encode(source), before))  # [B, T, V]
        for t in range(3):
            logits, state, attention = model.step(before[:, t], state)
            torch.testing.assert_close(logits, known[:, t], atol=1e-5, rtol=1e-5)
            assert attention is None


@pytest.mark.parametrize("config", KINDS, ids=str)
def test_padding_and_neighbours_change_nothing(config):
    torch.manual_seed(1)
    model = Network(config, 12, 12).eval()
    rows = sentences(7, seed=3)
    together = found_by(model, rows, beam_size=3, n_best=2)
    alone = [found_by(model, [row], beam_size=3, n_best=2)[0] for row in rows]
    for many, one in zip(together, alone, strict=True):
        assert [h.tokens for h in many] == [h.tokens for h in one]
        assert [h.score for h in many] == pytest.approx([h.score for h in one], abs=1e-4)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_learns_to_reverse(cell, tmp_path):
    config = Config(cell=cell, embedding=32, hidden=64, dropout=0)
    model, history = learn(lambda row: row[::-1], config, tmp_path)
    assert history[-1]["dev_loss"] < history[0]["dev_loss"]
    unseen = sentences(50, seed=4)
    found = found_by(model, unseen, beam_size=2)
    right = sum(n_best[0].tokens == row[::-1] for n_best, row in zip(found, unseen, strict=True))
    assert right >= 45


def test_bfloat16_stays_near_float32():
    torch.manual_seed(1)
    model = Network(Config(embedding=32, hidden=32, layers=2, dropout=0), 12, 12)
    batch = {
        "source": torch.randint(4, 12, (8, 6)),
        "before": torch.randint(4, 12, (8, 7)),
        "after": torch.randint(4, 12, (8, 7)),
    }
    gradients = []
    for enabled in (False, True):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled):
            loss, count = model(batch)
        assert int(count) == 56
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))]))
    assert torch.dist(*gradients) < 0.05 * gradients[0].norm()


def test_an_output_that_never_stops_is_cut_and_marked():
    model = Network(Config(embedding=4, hidden=4), 12, 12).eval()
    with torch.no_grad():
        model.output.weight.zero_()  # every token as likely: END never wins a beam of one
    (n_best,) = found_by(model, [[4, 5, 6]], beam_size=1, max_ratio=2)
    assert not n_best[0].finished


@pytest.mark.parametrize("length", [0, 5000])
def test_any_length_has_an_output(length):
    model = Network(Config(embedding=4, hidden=4), 12, 12).eval()
    found = found_by(model, [[4] * length, [4]], beam_size=2, max_ratio=0.001)
    assert len(found) == 2
    assert np.isfinite(found[0][0].score)


def test_saved_and_loaded_it_is_the_same(tmp_path):
    torch.manual_seed(1)
    model = Network(Config(cell="lstm", embedding=4, hidden=4, tied="target"), 9, 12).eval()
    rnn.save(model, tmp_path)
    rows = [[4, 5], [8, 8, 8]]
    assert found_by(rnn.load(tmp_path), rows) == found_by(model, rows)


def test_the_same_seed_gives_the_same_weights(tmp_path):
    config = Config(embedding=8, hidden=8)
    models = [learn(list, config, tmp_path / str(i), epochs=2, sampling=0.3)[0] for i in range(2)]
    for one, other in zip(*(model.state_dict().values() for model in models), strict=True):
        assert torch.equal(one, other)


def test_one_table_of_two_vocabularies_is_refused():
    with pytest.raises(Problem, match="tied: all needs one vocabulary"):
        Network(Config(tied="all"), 10, 12)
