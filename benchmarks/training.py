"""Training throughput: pipeline.models.transformer against a length-bucketed torch.nn.Transformer loop, in one run.

Both take the same weights and the same batches (Transformer-tiny, 4 + 4 layers, d 128, ffn 256, 9,700 tokens, on
generated sentences as long as Multi30k's), on one thread. First their loss and gradients are compared in float32, and
ours in bf16 stated; then both train, in turn, and the ratio of target tokens a CPU second is printed.

    PYTHONPATH=. python benchmarks/training.py [--steps 20] [--rounds 3]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from pipeline import training
from pipeline.data import PAD, Side
from pipeline.models import transformer
from pipeline.models.layers import sinusoids
from pipeline.sequences import Sequences

VOCABULARY = 9_700
SHAPE = {"d_model": 128, "heads": 4, "layers": 4, "ffn": 256, "norm": "pre", "tied": "all"}
Loss = Callable[[dict[str, Tensor]], tuple[Tensor, Tensor]]


class Plain(nn.Module):
    """What a careful person writes with torch.nn.Transformer: tied tables, masks, smoothed cross entropy."""

    def __init__(self, dropout: float):
        super().__init__()
        d, heads, layers, ffn = SHAPE["d_model"], SHAPE["heads"], SHAPE["layers"], SHAPE["ffn"]
        self.table = nn.Embedding(VOCABULARY, d)
        self.body = nn.Transformer(d, heads, layers, layers, ffn, dropout, batch_first=True, norm_first=True)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("positions", sinusoids(512, d))

    def embed(self, tokens: Tensor) -> Tensor:
        return self.dropout(self.table(tokens) * SHAPE["d_model"] ** 0.5 + self.positions[: tokens.shape[1]])

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        source, before, after = batch["source"], batch["before"], batch["after"]
        length = before.shape[1]
        hidden = self.body(
            self.embed(source),
            self.embed(before),
            tgt_mask=torch.ones(length, length, dtype=torch.bool).triu(1),
            src_key_padding_mask=source == PAD,
            memory_key_padding_mask=source == PAD,
        )
        logits = hidden @ self.table.weight.T
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), after.flatten(), ignore_index=PAD, label_smoothing=0.1, reduction="sum"
        )
        return loss, (after != PAD).sum()


def copy_weights(ours: transformer.Transformer, plain: Plain) -> dict[str, list[tuple[str, slice]]]:
    """Give `plain` our weights; returns, for each of its parameters, ours in their places."""
    places: dict[str, list[tuple[str, slice]]] = {"table.weight": [("target_table.weight", slice(None))]}
    d = ours.config.d_model
    for side, layers in (("encoder", ours.encoder), ("decoder", ours.decoder)):
        names = [("attention", "self_attn")] + ([("cross", "multihead_attn")] if side == "decoder" else [])
        for i in range(len(layers)):
            a, b = f"{side}.{i}.", f"body.{side}.layers.{i}."
            for kind in ("weight", "bias"):
                for mine, theirs in names:
                    places[f"{b}{theirs}.in_proj_{kind}"] = [
                        (f"{a}{mine}.query.{kind}", slice(0, d)),
                        (f"{a}{mine}.key_value.{kind}", slice(d, 3 * d)),
                    ]
                    places[f"{b}{theirs}.out_proj.{kind}"] = [(f"{a}{mine}.out.{kind}", slice(None))]
                places[f"{b}linear1.{kind}"] = [(f"{a}feed.inner.{kind}", slice(None))]
                places[f"{b}linear2.{kind}"] = [(f"{a}feed.outer.{kind}", slice(None))]
                for j in range(2 + (side == "decoder")):
                    places[f"{b}norm{j + 1}.{kind}"] = [(f"{a}residuals.{j}.norm.{kind}", slice(None))]
        for kind in ("weight", "bias"):
            places[f"body.{side}.norm.{kind}"] = [(f"{side}_norm.{kind}", slice(None))]
    mine = dict(ours.named_parameters())
    with torch.no_grad():
        for name, parameter in plain.named_parameters():
            for other, rows in places[name]:
                parameter[rows] = mine[other]
    return places


def corpus(sentences: int) -> Sequences:
    """Sentences of Multi30k's lengths (mean 14 tokens) with word frequencies by Zipf's law."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.gamma(9.0, 1.55, size=sentences), 3, 48).astype(int)
    return Sequences.of([4 + (rng.zipf(1.1, size=n) % (VOCABULARY - 4)).astype(np.int32) for n in lengths])


def compare(ours: transformer.Transformer, plain: Plain, batch: dict[str, Tensor]) -> None:
    places = copy_weights(ours, plain)
    losses, gradients = [], []
    for model, precision in ((plain, "float32"), (ours, "float32"), (ours, "bf16")):
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss, count = model(batch)
        (loss / count).backward()
        losses.append(loss.item() / count.item())
        gradients.append({n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None})
    for name, loss, found in zip(("float32", "bf16"), losses[1:], gradients[1:], strict=True):
        worst = max(
            (gradients[0][n][rows] - found[other]).abs().max().item()
            for n, pairs in places.items()
            for other, rows in pairs
        )
        print(f"ours in {name}: loss {loss:.6f} (torch {losses[0]:.6f}), gradients within {worst:.1e}")


def throughput(model: nn.Module, batches: training.Batches, plan: list[np.ndarray], bf16: bool) -> float:
    """Target tokens a CPU second over the batches of `plan`, everything included from collating to the step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.98), fused=True)
    model.train()
    began, units = time.process_time(), 0
    for rows in plan:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss, count = model(batches.collate(rows, 0))
        (loss / count).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        units += int(count)
    return units / (time.process_time() - began)


def race(peer: str, plain: nn.Module, ours: nn.Module, batches: training.Batches, steps: int, rounds: int) -> None:
    """Train the peer, in float32 and in bf16, and ours, in turn; print the median rates and how they compare."""
    plan = batches.plan(0)
    rates: dict[str, list[float]] = {f"{peer}, float32": [], f"{peer}, bf16": [], "ours": []}
    for turn in range(rounds + 1):
        rows = plan[turn * steps :][:steps] if turn else plan[:2]  # the first turn warms up
        torch.set_float32_matmul_precision("highest")
        figures = [throughput(plain, batches, rows, bf16) for bf16 in (False, True)]
        training.prepare_device(0)
        figures.append(throughput(ours, batches, rows, bf16=torch.cpu._is_avx512_bf16_supported()))
        if turn:
            for rate, figure in zip(rates.values(), figures, strict=True):
                rate.append(figure)
    ours_rate = statistics.median(rates["ours"])
    for name, rate in rates.items():
        median = statistics.median(rate)
        print(f"{name}: {median:,.0f} target tokens/s; ours is {ours_rate / median:.2f}x")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--steps", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--dropout", type=float, default=0.3)
    chosen = arguments.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(1)
    side = Side(codec=None, sequences=corpus(29_000))
    batches = transformer.batches(side, side, transformer.Train(batch=4096))
    plan = batches.plan(0)
    compare(
        transformer.Transformer(transformer.Config(**SHAPE, dropout=0.0), VOCABULARY, VOCABULARY, 0.1),
        Plain(0.0),
        batches.collate(plan[0], 0),
    )
    p = chosen.dropout
    config = transformer.Config(**SHAPE, dropout=p, attention_dropout=p, ffn_dropout=p)
    plain = Plain(p)
    ours = transformer.Transformer(config, VOCABULARY, VOCABULARY, 0.1)
    race("torch.nn.Transformer", plain, ours, batches, chosen.steps, chosen.rounds)


if __name__ == "__main__":
    main()
