"""Attention by distance against loops over the equation."""

import math

import torch

from pipeline.models.relative import REACH, RelativeAttention


def made(d_model: int = 8, heads: int = 2) -> RelativeAttention:
    torch.manual_seed(0)
    attention = RelativeAttention(d_model, heads, 0.0)
    torch.nn.init.normal_(attention.distances)
    return attention.eval()


def test_scores_are_the_equations() -> None:
    attention = made()
    length = REACH + 4  # further apart than the table reaches
    x = torch.randn(1, length, 8)
    keys, values = attention.keys_values(x)
    _, weights = attention(x, keys, values)
    query = attention.query(x)[0].view(length, 2, 4)
    for head in range(2):
        for t in (0, 3, length - 1):
            scores = []
            for s in range(length):
                apart = max(-REACH, min(REACH, s - t)) + REACH
                scores.append(query[t, head] @ (keys[0, head, :, s] + attention.distances[apart]) / math.sqrt(4))
            torch.testing.assert_close(weights[0, head, t], torch.stack(scores).softmax(dim=0))


def test_a_shift_of_all_tokens_changes_nothing() -> None:
    attention = made()
    x = torch.randn(1, 5, 8)
    keys, values = attention.keys_values(x)
    whole, _ = attention(x, keys, values)
    last, _ = attention(x[:, 3:], keys, values)  # two queries at the end of five keys
    torch.testing.assert_close(last, whole[:, 3:])
