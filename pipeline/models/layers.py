"""What several architectures share: dropout, attention, positions, the loss; saving and loading weights."""

import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipeline.params import Row
from pipeline.sequences import read_json, write_json
from pipeline.training.checkpoints import set_weights, weights_of

CHUNK = 512  # rows of logits held at once: they stay in the cache, and a large vocabulary costs no memory


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014) whose mask comes from random bytes: eight numbers a draw instead of one.

    The rate is a multiple of 1/256; the scale is exact for it.
    """

    def __init__(self, rate: float):
        super().__init__()
        self.kept = max(256 - round(rate * 256), 1)  # of 256

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.kept == 256:
            return x
        return x * dropout_mask(x.shape, self.kept, x.dtype, x.device)


def dropout_mask(shape: torch.Size, kept: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A mask of 0 and 256/kept, a draw of 64 random bits for eight elements."""
    count = math.prod(shape)
    draws = torch.empty((count + 7) // 8, dtype=torch.int64, device=device).random_(-(2**63), None)
    return (draws.view(torch.uint8)[:count].view(shape) < kept).to(dtype).mul_(256 / kept)


class Attention(nn.Module):
    """Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2)."""

    def __init__(self, d_model: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(d_model, d_model)
        self.key_value = nn.Linear(d_model, 2 * d_model)
        self.out = nn.Linear(d_model, d_model)
        self.dropout = Dropout(dropout)

    def keys_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S, D] → keys [B, H, D/H, S] and values [B, H, S, D/H]."""
        batch, length, d_model = memory.shape
        both = self.key_value(memory).view(batch, length, 2, self.heads, d_model // self.heads)
        return both[:, :, 0].permute(0, 2, 3, 1), both[:, :, 1].transpose(1, 2)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x [B, T, D] → [B, T, D] and the weights [B, H, T, S]. A bias [B or 1, 1, T or 1, S] of -inf hides."""
        batch, length, d_model = x.shape
        query = self.query(x).view(batch, length, self.heads, -1).transpose(1, 2)  # [B, H, T, D/H]
        scores = torch.matmul(query * (d_model // self.heads) ** -0.5, keys)  # [B, H, T, S]
        weights = torch.softmax(scores if bias is None else scores + bias.to(scores.dtype), dim=-1)
        context = torch.matmul(self.dropout(weights), values)  # [B, H, T, D/H]
        return self.out(context.transpose(1, 2).reshape(batch, length, d_model)), weights


def sinusoids(length: int, d_model: int) -> Tensor:
    """Positions [length, D] (Vaswani et al. 2017, section 3.5): sines in the first half, cosines in the second."""
    rate = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10_000.0) / d_model))
    angles = torch.arange(length)[:, None] * rate
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def smoothed_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """Summed cross entropy of `hidden` [N, D] @ `weight`.T [D, V] against `targets` [N], labels smoothed.

    Label smoothing as Szegedy et al. 2016, section 7: the target is (1 - ε) on the label and ε / V on every word.
    Works through the rows in chunks and takes the gradient on the way forward, so that no logits [N, V] are held.
    """
    device = hidden.device.type
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        hidden, weight = hidden.to(dtype), weight.to(dtype)
    with torch.autocast(device, enabled=False):
        loss: Tensor = _SmoothedCrossEntropy.apply(hidden, weight, targets, smoothing)  # type: ignore[no-untyped-call]
    return loss


class _SmoothedCrossEntropy(torch.autograd.Function):
    """With p = softmax(logits) and q the smoothed target, the slope of the loss by the logits is p - q.

    Its constant part, -ε / V on every word, has rank one: it is taken through the sums of rows and of words, so that
    the passes over [C, V] are one matrix product, one softmax, two maxima and the two products of the gradient.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        needed = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)
        grad_hidden = torch.empty_like(hidden) if needed else None
        grad_weight = torch.zeros_like(weight, dtype=torch.float32) if needed else None
        mean_word = weight.float().mean(dim=0)  # [D]
        kept = hidden.new_empty(2, min(CHUNK, len(targets)), len(weight))  # written again for each chunk
        for i in range(0, len(targets), CHUNK):
            rows, labels = hidden[i : i + CHUNK], targets[i : i + CHUNK, None]
            logits, p = kept[:, : len(rows)]
            torch.mm(rows, weight.T, out=logits)  # [C, V]
            right = logits.gather(1, labels).float()
            highest = logits.amax(dim=1, keepdim=True).float()
            torch.softmax(logits, dim=1, out=p)
            log_sum = highest - p.amax(dim=1, keepdim=True).float().log()  # [C, 1]
            mean = (rows.float() @ mean_word)[:, None]
            # -Σ q log p, with q = (1 - ε) at the label + ε / V everywhere and log p = logits - log_sum.
            total += (log_sum - (1 - smoothing) * right - smoothing * mean).double().sum()
            if grad_hidden is not None and grad_weight is not None:
                slope = (right - log_sum).exp() - (1 - smoothing)
                p[torch.arange(len(rows), device=p.device), labels[:, 0]] = slope[:, 0].to(p.dtype)
                torch.mm(p, weight, out=grad_hidden[i : i + CHUNK])
                grad_weight += p.T @ rows
        if grad_hidden is not None and grad_weight is not None:
            grad_hidden -= (smoothing * mean_word).to(hidden.dtype)
            grad_weight -= smoothing / len(weight) * hidden.sum(dim=0, dtype=torch.float32)
            ctx.save_for_backward(grad_hidden, grad_weight)
        return total.float()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:  # type: ignore[override]
        grad_hidden, grad_weight = ctx.saved_tensors
        return grad_hidden * grad.to(grad_hidden.dtype), grad_weight * grad, None, None


def save_module(model: nn.Module, config: Row, extra: dict[str, Any], folder: Path) -> None:
    """model.safetensors and config.json: the Config, and what else the constructor takes."""
    save_file(weights_of(model), folder / "model.safetensors")
    write_json(folder / "config.json", {"config": config.model_dump(), **extra})


def load_module(make: Any, config: type[Row], folder: Path) -> Any:
    """`make(Config, **extra)` with the weights of `save_module`, in eval mode."""
    content = read_json(folder / "config.json")
    model = make(config.model_validate(content.pop("config")), **content)
    set_weights(model, load_file(folder / "model.safetensors"))
    return model.eval()
