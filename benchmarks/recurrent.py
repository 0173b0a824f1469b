"""Training throughput: pipeline.models.attention against a loop of torch.nn.LSTM with full cross entropy, in one run.

Both are the same function: a bidirectional LSTM encoder, an LSTM decoder with additive attention and input feeding
(embedding and hidden 256, 9,700 tokens, on generated sentences as long as Multi30k's). They take the same weights and
the same batches, on one thread. First their loss and gradients are compared; then both train, in turn, and the ratio
of target tokens a CPU second is printed. The peer is what a tutorial writes: packed sentences into the encoder, the
decoder's nn.LSTM called once a step, the logits of all steps at once into cross_entropy; in float32, as it is written,
and under bf16 autocast besides.

    PYTHONPATH=. python benchmarks/recurrent.py [--steps 20] [--rounds 3]
"""

import argparse

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.training import VOCABULARY, corpus, race
from pipeline.data import PAD, Data, Side
from pipeline.models import attention

WIDTH = 256
SMOOTHING = 0.1


class Plain(nn.Module):
    """What a careful person writes with torch.nn.LSTM."""

    def __init__(self, dropout: float):
        super().__init__()
        self.source_table = nn.Embedding(VOCABULARY, WIDTH)
        self.table = nn.Embedding(VOCABULARY, WIDTH)
        self.encoder = nn.LSTM(WIDTH, WIDTH // 2, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(WIDTH, WIDTH)
        self.decoder = nn.LSTM(2 * WIDTH, WIDTH, batch_first=True)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.query = nn.Linear(WIDTH, WIDTH, bias=False)
        self.score = nn.Linear(WIDTH, 1, bias=False)
        self.combine = nn.Linear(2 * WIDTH, WIDTH)
        self.output = nn.Linear(WIDTH, VOCABULARY, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        source, lengths, before, after = (batch[name] for name in ("source", "lengths", "before", "after"))
        packed = pack_padded_sequence(
            self.dropout(self.source_table(source)), lengths, batch_first=True, enforce_sorted=False
        )
        found, (last, _) = self.encoder(packed)
        memory, _ = pad_packed_sequence(found, batch_first=True, total_length=source.shape[1])  # [B, S, H]
        keys, mask = self.key(memory), source == PAD
        hidden = self.bridge(torch.cat([last[0], last[1]], dim=1)).tanh()[None]
        cell = torch.zeros_like(hidden)
        embedded, fed = self.dropout(self.table(before)), torch.zeros_like(hidden[0])
        states = []
        for t in range(before.shape[1]):
            top, (hidden, cell) = self.decoder(torch.cat([embedded[:, t], fed], dim=1)[:, None], (hidden, cell))
            energies = self.score((self.query(top) + keys).tanh())[:, :, 0].masked_fill(mask, -torch.inf)
            context = energies.softmax(dim=1)[:, None] @ memory
            fed = self.combine(torch.cat([context, top], dim=2)[:, 0]).tanh()
            states.append(fed)
        logits = self.output(self.dropout(torch.stack(states, dim=1)))
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), after.flatten(), ignore_index=PAD, label_smoothing=SMOOTHING, reduction="sum"
        )
        return loss, (after != PAD).sum()


def copied(ours: attention.Network, plain: Plain) -> dict[str, Tensor]:
    """Give `plain` the weights of `ours`. Returns them by the names of `plain`, as views of the parameters of `ours`
    where they are the same numbers, so that a gradient of one can be held against the other's."""
    forwards, backwards = ours.encoder.lstms
    places: dict[str, Tensor] = {
        "source_table.weight": ours.encoder.table.weight,
        "table.weight": ours.table.weight,
        "bridge.weight": ours.bridge.weight,
        "bridge.bias": ours.bridge.bias,
        "key.weight": ours.key.weight,
        "key.bias": ours.key.bias,
        "output.weight": ours.output.weight,
    }
    for suffix, lstm in (("", forwards), ("_reverse", backwards)):
        places |= {f"encoder.{name}{suffix}": parameter for name, parameter in lstm.named_parameters()}
    others = {
        "query.weight": ours.query[:WIDTH],
        "score.weight": ours.score[None],
        "combine.weight": torch.cat([ours.value.weight, ours.query[WIDTH:]], dim=1),
        "combine.bias": ours.value.bias,
        # Gates: input, forget, output, candidate here; input, forget, candidate, output in torch.
        "decoder.weight_ih_l0": reordered(torch.cat([ours.input.weight, ours.recurrent[0][:, :WIDTH]], dim=1)),
        "decoder.weight_hh_l0": reordered(ours.recurrent[0][:, WIDTH:]),
        "decoder.bias_ih_l0": reordered(ours.input.bias),
        "decoder.bias_hh_l0": torch.zeros(4 * WIDTH),
    }
    with torch.no_grad():
        for name, parameter in plain.named_parameters():
            parameter.copy_((places | others)[name])
    return places


def reordered(gates: Tensor) -> Tensor:
    i, f, o, candidate = gates.chunk(4)
    return torch.cat([i, f, candidate, o])


def compare(ours: attention.Network, plain: Plain, batch: dict[str, Tensor]) -> None:
    places = copied(ours, plain)
    for precision in ("float32", "bf16"):
        plain.zero_grad()
        ours.zero_grad()
        theirs, count = plain(batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss, _ = ours(batch)
        for one in (theirs, loss):
            (one / count).backward()
        parameters = dict(plain.named_parameters())
        worst = max((parameters[name].grad - ours_.grad).abs().max().item() for name, ours_ in places.items())
        print(
            f"ours in {precision}: loss {loss.item() / count.item():.6f} (torch {theirs.item() / count.item():.6f}), "
            f"gradients within {worst:.1e}"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--steps", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--batch", type=int, default=2000, help="padded tokens of the longer side, a batch")
    arguments.add_argument("--dropout", type=float, default=0.3)
    chosen = arguments.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(1)
    side = Side(codec=None, sequences=corpus(29_000))
    sides = {"train": side}
    batches = attention.batches(Data(sides, sides), "train", attention.Train(batch=chosen.batch))
    plan = batches.plan(0)
    config = attention.Config(embedding=WIDTH, hidden=WIDTH, dropout=0.0)
    compare(attention.Network(config, VOCABULARY, VOCABULARY, SMOOTHING), Plain(0.0), batches.collate(plan[0], 0))
    config = attention.Config(embedding=WIDTH, hidden=WIDTH, dropout=chosen.dropout)
    plain, ours = Plain(chosen.dropout), attention.Network(config, VOCABULARY, VOCABULARY, SMOOTHING)
    race("torch.nn.LSTM", plain, ours, batches, chosen.steps, chosen.rounds)


if __name__ == "__main__":
    main()
