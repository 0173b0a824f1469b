"""Exact inference in a linear chain: pipeline.models.chain against pytorch-crf, in one run, on one thread.

Both get the same weights and the same scores of 17 and of 45 tags (as many as Universal Dependencies and the Penn
Treebank have), over sentences as long as those of a corpus: of a CoNLL-U file, if one is given, or else drawn from a
log-normal distribution of about the lengths of the English Web Treebank. First losses, gradients and best paths are
compared; then each computes the loss with its gradient, and the best paths, in turn, and the ratio of CPU seconds is
printed. Batches are of 256 sentences in the order of the corpus, padded to the longest one.

    PYTHONPATH=. python benchmarks/chain.py [--corpus FILE.conllu] [--batch 256] [--rounds 5]
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torchcrf import CRF

from pipeline.models.chain import Chain, viterbi

SENTENCES = 2_000


class Batch(NamedTuple):
    emissions: Tensor  # [B, L, C]
    tags: Tensor  # [B, L]
    lengths: Tensor  # [B]
    mask: Tensor  # [B, L]


def sentence_lengths(corpus: Path | None) -> list[int]:
    if corpus is None:
        drawn = np.random.default_rng(0).lognormal(mean=2.2, sigma=0.8, size=SENTENCES)
        return np.clip(drawn.round().astype(int), 1, 80).tolist()
    sentences = corpus.read_text(encoding="utf-8").strip().split("\n\n")
    return [sum(line.split("\t", 1)[0].isdigit() for line in sentence.splitlines()) for sentence in sentences]


def batches(lengths: list[int], count: int, rows: int) -> Iterator[Batch]:
    random = torch.Generator().manual_seed(1)
    for i in range(0, len(lengths), rows):
        sizes = torch.tensor(lengths[i : i + rows])
        shape = (len(sizes), int(sizes.max()))
        mask = torch.arange(shape[1]) < sizes[:, None]
        emissions = 2 * torch.randn(*shape, count, generator=random)
        yield Batch(emissions, torch.randint(count, shape, generator=random) * mask, sizes, mask)


def same_weights(count: int) -> tuple[Chain, CRF]:
    torch.manual_seed(0)
    ours, theirs = Chain(count), CRF(count, batch_first=True)
    with torch.no_grad():
        for own, other in (
            (ours.transitions, theirs.transitions),
            (ours.start, theirs.start_transitions),
            (ours.end, theirs.end_transitions),
        ):
            other.copy_(own.normal_())
    return ours, theirs


def learn(loss: Callable[[Tensor, Batch], Tensor], batch: Batch) -> tuple[float, Tensor]:
    """The loss, and its gradient by the scores."""
    scores = batch.emissions.detach().requires_grad_()
    found = loss(scores, batch)
    found.backward()
    assert scores.grad is not None
    return float(found.detach()), scores.grad


def seconds(work: Callable[[Batch], object], data: list[Batch]) -> float:
    began = time.process_time()
    for batch in data:
        work(batch)
    return time.process_time() - began


def race(count: int, lengths: list[int], rows: int, rounds: int) -> None:
    ours, theirs = same_weights(count)
    data = list(batches(lengths, count, rows))
    weights = (ours.transitions, ours.start, ours.end)

    def our_loss(scores: Tensor, batch: Batch) -> Tensor:
        return ours(scores, batch.tags, batch.lengths)

    def their_loss(scores: Tensor, batch: Batch) -> Tensor:
        return -theirs(scores, batch.tags, mask=batch.mask)

    @torch.no_grad()
    def our_best(batch: Batch) -> list[list[int]]:
        tags, _ = viterbi(batch.emissions, *weights, batch.lengths)
        return [row[:length] for row, length in zip(tags.tolist(), batch.lengths.tolist(), strict=True)]

    @torch.no_grad()
    def their_best(batch: Batch) -> list[list[int]]:
        paths: list[list[int]] = theirs.decode(batch.emissions, mask=batch.mask)
        return paths

    apart, steepest = 0.0, 0.0
    for batch in data:
        (loss, slope), (expected, their_slope) = learn(our_loss, batch), learn(their_loss, batch)
        apart = max(apart, abs(loss - expected) / abs(expected))
        steepest = max(steepest, float((slope - their_slope).abs().max()))
        assert our_best(batch) == their_best(batch), "the best paths differ"
    print(f"{count} tags: losses within {apart:.0e}, gradients within {steepest:.0e}, the best paths are the same")
    for what, own, other in (
        ("loss", lambda batch: learn(our_loss, batch), lambda batch: learn(their_loss, batch)),
        ("Viterbi", our_best, their_best),
    ):
        times = np.array([(seconds(own, data), seconds(other, data)) for _ in range(rounds)]).min(axis=0)
        print(f"  {what:<8} {times[0]:.3f} s, pytorch-crf {times[1]:.3f} s: {times[1] / times[0]:.1f} times as fast")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--corpus", type=Path)
    arguments.add_argument("--batch", type=int, default=256, help="sentences")
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    lengths = sentence_lengths(chosen.corpus)
    print(f"{len(lengths)} sentences of {np.mean(lengths):.1f} words, the longest {max(lengths)}")
    for count in (17, 45):
        race(count, lengths, chosen.batch, chosen.rounds)


if __name__ == "__main__":
    main()
