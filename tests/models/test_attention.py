import numpy as np
import pytest
import torch

from pipeline.data import Data, Side
from pipeline.models import attention
from pipeline.models.attention import BEGIN, END, Config, Network, Train
from pipeline.problems import Problem
from pipeline.search import steps
from pipeline.sequences import Sequences
from pipeline.tokens import sentencepiece
from pipeline.training import sampling

KINDS = [
    Config(embedding=5, hidden=6, layers=layers, reads=reads, score=score, dropout=0)
    for layers in (1, 2)
    for reads, score in (("both", "additive"), ("forwards", "multiplicative"), ("reversed", "additive"))
] + [Config(embedding=6, hidden=6, tied=tied, dropout=0) for tied in ("target", "all")]


class Digits:
    """A vocabulary of 8 tokens, as much of it as a model asks for."""

    def __len__(self):
        return 12

    def decode(self, ids):
        return list(ids)


def side(rows):
    return Side(codec=Digits(), sequences=Sequences.of([np.array(row, dtype=np.int32) for row in rows]))


def sentences(count, seed, longest=6):
    rng = np.random.default_rng(seed)
    return [rng.integers(4, 12, rng.integers(1, longest + 1)).tolist() for _ in range(count)]


def learn(change, config, tmp_path, **options):
    rows = {"train": sentences(1000, seed=1), "dev": sentences(40, seed=2)}
    data = Data(
        source={split: side(values) for split, values in rows.items()},
        target={split: side([change(row) for row in values]) for split, values in rows.items()},
    )
    defaults = {"epochs": 16, "batch": 300, "lr": 0.01, "schedule": "linear", "warmup": 20, "precision": "float32"}
    train = Train.model_validate(defaults | options)
    return attention.fit(data=data, config=config, options=train, needs=(), work=tmp_path / "work")


def found_by(model, rows, **options):
    return list(steps.decode(model=model, source=side(rows), target=Digits(), options=steps.Decode(**options)))


@pytest.mark.parametrize("config", KINDS, ids=str)
def test_the_unrolled_loop_equals_steps_in_value_and_gradient(config):
    torch.manual_seed(1)
    model = Network(config, 12, 12).double()
    source, lengths = torch.tensor([[4, 5, 6, 7], [8, 9, 0, 0], [0, 0, 0, 0]]), torch.tensor([4, 2, 0])
    before = torch.tensor([[2, 4, 5], [2, 11, 4], [2, 7, 0]])

    def unrolled():
        memory = model.encode(source, lengths)
        return attention.Unrolled.apply(
            model.input(model.table(before.T) * model.scale),
            memory.first.transpose(0, 1),
            memory.keys,
            memory.values,
            memory.bias.double(),
            None,
            model.query,
            model.score,
            *model.recurrent,
            *model.gate_bias,
        )

    def stepped():
        memory = model.encode(source, lengths)
        state = model.start(memory._replace(bias=memory.bias.double()), beam_size=1)
        states, weights = [], []
        for tokens in before.T:
            _, state, seen = model.step(tokens, state)
            states.append(state.prefix["a"])
            weights.append(seen)
        return torch.stack(states), torch.stack(weights)

    parameters = [p for name, p in model.named_parameters() if name != "output.weight"]
    values, gradients = [], []
    for run in (unrolled, stepped):
        states, weights = run()
        values.append((states, weights))
        wave = torch.arange(states.numel(), dtype=torch.float64).sin().view_as(states)
        gradients.append(torch.autograd.grad((states * wave).sum(), parameters))
    for one, other in zip(*values, strict=True):
        torch.testing.assert_close(one, other)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_dropout_of_the_loop_has_the_gradient_that_differences_give():
    torch.manual_seed(1)
    first, keys, values = (torch.randn(shape, dtype=torch.float64) for shape in ((2, 2, 3), (2, 4, 3), (2, 4, 3)))
    inputs, query, score = (torch.randn(shape, dtype=torch.float64) for shape in ((3, 2, 12), (6, 3), (3,)))
    layers = [torch.randn(shape, dtype=torch.float64) for shape in ((12, 6), (12, 6), (12,))]
    bias = torch.zeros(2, 4, dtype=torch.float64)
    masks = torch.bernoulli(torch.full((2, 2, 6), 0.5, dtype=torch.float64)) * 2
    leaves = [x.requires_grad_() for x in (inputs, first, keys, values, query, score, *layers)]

    def states(inputs, first, keys, values, query, score, *layers):
        return attention.Unrolled.apply(inputs, first, keys, values, bias, masks, query, score, *layers)[0]

    assert torch.autograd.gradcheck(states, leaves)


def test_bfloat16_stays_near_float32():
    torch.manual_seed(1)
    model = Network(Config(embedding=32, hidden=32, layers=2, dropout=0), 12, 12)
    batch = {
        "source": torch.randint(4, 12, (8, 6)),
        "lengths": torch.full((8,), 6),
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


@pytest.mark.parametrize(
    ("change", "config"),
    [
        (lambda row: row[::-1], Config(embedding=16, hidden=32, dropout=0)),
        (list, Config(embedding=16, hidden=48, dropout=0, score="multiplicative")),
        (list, Config(embedding=32, hidden=32, dropout=0, tied="all")),
    ],
    ids=["reverses", "copies by products", "copies with one table"],
)
def test_learns(change, config, tmp_path):
    model, history = learn(change, config, tmp_path)
    assert history[-1]["dev_loss"] < history[0]["dev_loss"]
    unseen = sentences(50, seed=4)
    found = found_by(model, unseen, beam_size=2)
    right = sum(n_best[0].tokens == change(row) for n_best, row in zip(found, unseen, strict=True))
    assert right >= 45


def test_learns_from_inputs_that_are_its_own(tmp_path):
    config = Config(embedding=16, hidden=32, dropout=0)
    model, _ = learn(lambda row: row[::-1], config, tmp_path, sampling=0.5, sampling_schedule="sigmoid")
    unseen = sentences(50, seed=4)
    found = found_by(model, unseen, beam_size=2)
    assert sum(n_best[0].tokens == row[::-1] for n_best, row in zip(found, unseen, strict=True)) >= 45


def test_a_sampled_input_is_what_the_model_says_after_right_ones():
    torch.manual_seed(1)
    model = Network(Config(embedding=8, hidden=8, dropout=0.3), 12, 12)
    with torch.no_grad():
        model.output.weight.mul_(8)  # it is sure of something
    batch = {
        "source": torch.tensor([[4, 5, 6], [7, 8, 0]]),
        "lengths": torch.tensor([3, 2]),
        "before": torch.tensor([[BEGIN, 4, 5], [BEGIN, 6, 7]]),
        "sampled": torch.tensor([[False, True, False], [False, False, True]]),
        "draws": torch.full((2, 3), 0.4),
    }
    memory = model.eval().encode(batch["source"], batch["lengths"])
    model.train()
    shown = sampling.mixed(model, batch, lambda inputs: model.unroll(inputs, memory)[0].transpose(0, 1), model.output)
    assert torch.equal(shown[~batch["sampled"]], batch["before"][~batch["sampled"]])
    model.eval()
    state = model.start(memory, beam_size=1)
    for t in range(2):
        logits, state, _ = model.step(batch["before"][:, t], state)
        row = t  # the first row's own input follows its first token, the second row's its second
        assert shown[row, t + 1] == sampling.token(logits, batch["draws"][:, t + 1])[row]


def test_inputs_are_sampled_in_training_alone_and_the_weights_come_out_the_same(tmp_path):
    config = Config(embedding=8, hidden=8)
    models = [learn(list, config, tmp_path / str(i), epochs=2, sampling=0.4)[0] for i in range(2)]
    for one, other in zip(*(model.state_dict().values() for model in models), strict=True):
        assert torch.equal(one, other)
    options = Train(sampling=0.4, sampling_schedule="constant")
    sides = {split: side(sentences(9, seed=1)) for split in ("train", "dev")}
    train, dev = (attention.batches(Data(sides, sides), split, options) for split in ("train", "dev"))
    assert train.collate(np.arange(9), 0)["sampled"].any()
    assert "sampled" not in dev.collate(np.arange(9), 0)


def test_one_table_needs_one_vocabulary_and_one_width():
    with pytest.raises(Problem, match="the source has 12 tokens, the target 13"):
        Network(Config(embedding=8, hidden=8, tied="all"), 12, 13)
    with pytest.raises(ValueError, match="an embedding as wide as what the output layer reads: 8, not 4"):
        Config(embedding=4, hidden=8, tied="target")


def test_attention_is_a_distribution_over_the_words_of_each_sentence():
    model = Network(Config(embedding=4, hidden=4), 12, 12).eval()
    with torch.no_grad():
        model.output.weight.zero_()  # every token as likely: END never wins a beam of one
    rows = [[4, 5, 6], [7], [8, 9, 10, 11, 4]]
    for n_best, row in zip(found_by(model, rows, beam_size=1), rows, strict=True):
        weights = np.array(n_best[0].attention)
        assert weights.shape == (len(n_best[0].tokens), len(row))
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_an_output_that_never_stops_is_cut_and_marked():
    model = Network(Config(embedding=4, hidden=4), 12, 12).eval()
    with torch.no_grad():
        model.output.weight.zero_()  # every token as likely: END never wins a beam of one
    (n_best,) = found_by(model, [[4, 5, 6]], beam_size=1, max_ratio=2)
    assert not n_best[0].finished
    assert len(n_best[0].tokens) == 16


def test_a_sentence_of_no_words_has_an_output_too():
    model = Network(Config(embedding=4, hidden=4), 12, 12).eval()
    found = found_by(model, [[], [4]])
    assert len(found) == 2
    assert np.isfinite(found[0][0].score)
    assert found_by(model, []) == []


def test_saved_and_loaded_it_is_the_same(tmp_path):
    torch.manual_seed(1)
    model = Network(Config(embedding=4, hidden=4), 12, 12).eval()
    attention.save(model, tmp_path)
    rows = sentences(5, seed=5)
    assert found_by(attention.load(tmp_path), rows) == found_by(model, rows)


def test_the_same_seed_gives_the_same_weights(tmp_path):
    config = Config(embedding=8, hidden=8)
    models = [learn(list, config, tmp_path / str(i), epochs=2, word_dropout=0.2)[0] for i in range(2)]
    for one, other in zip(*(model.state_dict().values() for model in models), strict=True):
        assert torch.equal(one, other)


def test_word_dropout_hides_words_by_seed_epoch_and_row():
    data = Data(
        source={"train": side(sentences(20, seed=1)), "dev": side(sentences(20, seed=1))},
        target={"train": side(sentences(20, seed=1)), "dev": side(sentences(20, seed=1))},
    )
    options = Train(word_dropout=0.5)
    train, dev = (attention.batches(data, split, options) for split in ("train", "dev"))
    rows = np.arange(20)
    first, again, later = (train.collate(rows, epoch)["source"] for epoch in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    assert torch.equal(train.collate(rows[3:4], 1)["source"][0, :1], first[3, :1])
    assert 0.3 < (first == 1).sum() / (first != 0).sum() < 0.7
    assert not (dev.collate(rows, 1)["source"] == 1).any()
    assert (first[:, 0] != BEGIN).all()


def test_an_odd_width_cannot_be_halved():
    with pytest.raises(ValueError, match="hidden: 5 is odd"):
        Config(hidden=5)


def test_texts_are_split_anew_in_each_epoch_of_training_alone():
    texts = ["a lemon a melon", "melon", ""]
    codec = sentencepiece.Codec.fit({"en": texts}, field="en", config=sentencepiece.Config(vocab_size=16))
    split = Side(codec, Sequences.of([codec.encode(text) for text in texts]), typed=tuple(texts))
    sides = dict.fromkeys(("train", "dev"), split)
    data = Data(sides, sides)
    options = Train(bpe_dropout=0.5)
    train, dev = (attention.batches(data, name, options) for name in ("train", "dev"))
    rows = np.array([2, 0])
    seen = {tuple(train.collate(rows, epoch)["source"][1].tolist()) for epoch in range(8)}
    assert len(seen) > 3
    for name in ("source", "after"):
        values = [[codec.decode(row[row > END]) for row in train.collate(rows, epoch)[name]] for epoch in range(8)]
        assert values == [["", "a lemon a melon"]] * 8
    assert dev.collate(rows, 3)["source"][1].tolist() == codec.encode(texts[0]).tolist()
