import numpy as np
import pytest
import torch
from torch import nn

from pipeline.data import BEGIN, PAD
from pipeline.training import sampling
from pipeline.training.sampling import Options


@pytest.mark.parametrize("schedule", ["constant", "linear", "exponential", "sigmoid"])
def test_its_rate_goes_from_none_to_all(schedule):
    options = Options(epochs=11, sampling=0.4, sampling_schedule=schedule)
    rates = [sampling.rate(epoch, options) for epoch in range(11)]
    assert rates[-1] == pytest.approx(0.4)
    assert rates[0] == pytest.approx(0.4 if schedule == "constant" else 0, abs=1e-9)
    assert rates == sorted(rates)
    middle = {"constant": 0.4, "linear": 0.2, "exponential": 0.3696, "sigmoid": 0.2}
    assert rates[5] == pytest.approx(middle[schedule], abs=1e-3)


def test_what_is_drawn_depends_on_seed_epoch_and_row_alone():
    options = Options(sampling=0.3, sampling_schedule="constant")
    rows = np.arange(40)
    first, again, later = (sampling.drawn(rows, 12, epoch, options) for epoch in (1, 1, 2))
    other = sampling.drawn(rows, 12, 1, options.model_copy(update={"seed": 2}))
    for name in ("sampled", "draws"):
        assert torch.equal(first[name], again[name])
        assert not torch.equal(first[name], later[name])
        assert not torch.equal(first[name], other[name])
        assert torch.equal(sampling.drawn(rows[3:4], 7, 1, options)[name][0], first[name][3, :7])
    assert not first["sampled"][:, 0].any()  # BEGIN is nobody's
    assert 0.2 < first["sampled"][:, 1:].float().mean() < 0.4
    assert 0 <= first["draws"].min() <= first["draws"].max() < 1


def test_without_a_rate_nothing_is_drawn():
    assert sampling.drawn(np.arange(3), 5, 0, Options(sampling=0.5)) == {}  # linear: none in the first epoch
    assert sampling.drawn(np.arange(3), 5, 9, Options()) == {}


def test_a_number_draws_the_token_whose_share_it_falls_into():
    logits = torch.tensor([0.2, 0.5, 0.3]).log().expand(4, 3)
    assert sampling.token(logits, torch.tensor([0.1, 0.21, 0.69, 0.71])).tolist() == [0, 1, 1, 2]
    assert sampling.token(logits, torch.tensor([0.0, 1.0, 1.0, 1.0])).tolist() == [0, 2, 2, 2]


class Successor(nn.Module):
    """Says that 1 more than the input comes next, and notes the mode in which it was asked."""

    def __init__(self):
        super().__init__()
        self.modes = []

    def hidden(self, before):
        self.modes.append(self.training)
        return nn.functional.one_hot(before + 1, 20).float()

    def output(self, hidden):
        return 100 * hidden


def shown(model, before, sampled):
    batch = {"before": torch.tensor(before), "sampled": torch.tensor(sampled)}
    batch["draws"] = torch.full(batch["before"].shape, 0.5)
    return sampling.mixed(model, batch, model.hidden, model.output).tolist()


def test_own_tokens_stand_where_they_are_sampled_said_after_right_ones():
    model = Successor()
    mask = [[False, True, False, True], [False, False, True, True]]
    assert shown(model, [[BEGIN, 9, 5, 12], [BEGIN, 7, PAD, PAD]], mask) == [
        [BEGIN, BEGIN + 1, 5, 6],
        [BEGIN, 7, PAD, PAD],  # what stands behind the end stays
    ]
    assert model.modes == [False]
    assert model.training
    model.eval()
    nothing = [[False] * 4, [False] * 4]
    assert shown(model, [[BEGIN, 9, 5, 12], [BEGIN, 7, 8, PAD]], nothing) == [[BEGIN, 9, 5, 12], [BEGIN, 7, 8, PAD]]
    assert not model.training


def test_a_batch_in_which_none_is_sampled_is_not_asked_for():
    model = Successor()
    before = torch.tensor([[BEGIN, 4]])
    assert sampling.mixed(model, {"before": before}, model.hidden, model.output) is before
    assert model.modes == []
