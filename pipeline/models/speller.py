"""An encoded source → tokens: the LSTM decoder with attention that translators, parsers and recognisers share.

With h_i the encoder's output at source position i, and y_0 = BEGIN:

    s_t  = LSTM([y_{t-1}; a_{t-1}], s_{t-1})      that a_{t-1} is fed back is Luong et al. 2015, section 3.3
    e_ti = v · tanh(W s_t + U h_i)                additive (Bahdanau et al. 2015); or s_t · (U h_i), multiplicative
    w_t  = softmax(e_t);  c_t = Σ_i w_ti h_i      where it looks, and what it sees there
    a_t  = tanh(C c_t + S s_t + b)                Luong's attentional state, equation 5
    p(y_t | y_<t, x) = softmax(O a_t)

What does not depend on the step is computed for all steps at once: U h_i and C h_i once a sentence, the embeddings'
share of the gates before the loop, the output layer after it. The loop over known inputs is `pipeline.models.unrolled`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.data import PAD
from pipeline.models.layers import smoothed_cross_entropy
from pipeline.models.recurrent import locked_dropout
from pipeline.models.unrolled import Unrolled
from pipeline.state import State


class Memory(NamedTuple):
    """An encoded source, as the decoder reads it."""

    keys: Tensor  # [B, S, H]: U h_i
    values: Tensor  # [B, S, H]: C h_i
    bias: Tensor  # [B, S]: 0, and -inf behind the source's end
    first: Tensor  # [B, L, H]: s_0


class Speller(nn.Module):
    def __init__(
        self, *, inputs: int, outputs: int, embedding: int, hidden: int, layers: int, additive: bool, dropout: float
    ):
        """`inputs`: numbers a source position (of h_i); `outputs`: the size of the vocabulary."""
        super().__init__()
        self.hidden, self.layers, self.dropout = hidden, layers, dropout
        self.key = nn.Linear(inputs, hidden)
        self.value = nn.Linear(inputs, hidden)
        self.table = nn.Embedding(outputs, embedding)
        self.input = nn.Linear(embedding, 4 * hidden)  # the embedding's share of the first layer's gates
        # A layer's gates (input, forget, output, candidate) from [what comes from below; its own state].
        self.recurrent = nn.ParameterList(nn.Parameter(torch.empty(4 * hidden, 2 * hidden)) for _ in range(layers))
        self.gate_bias = nn.ParameterList(nn.Parameter(torch.zeros(4 * hidden)) for _ in range(layers - 1))
        self.query = nn.Parameter(torch.empty((2 if additive else 1) * hidden, hidden))  # W above S: one product
        self.score = nn.Parameter(torch.empty(hidden)) if additive else None
        self.output = nn.Linear(hidden, outputs, bias=False)
        self.reset()

    def reset(self) -> None:
        """Uniform within 1/sqrt(H), as torch's LSTM; and forget gates that are open (Jozefowicz et al. 2015)."""
        hidden = self.hidden
        for weight in (*self.recurrent, self.query, *([] if self.score is None else [self.score])):
            nn.init.uniform_(weight, -(hidden**-0.5), hidden**-0.5)
        with torch.no_grad():
            for bias in (self.input.bias, *self.gate_bias):
                bias[hidden : 2 * hidden] += 1

    def read(self, states: Tensor, lengths: Tensor, first: Tensor | None = None) -> Memory:
        """The encoder's states [B, S, I], how many of them count [B], and s_0 [B, L, H] (None: zeros)."""
        # A source of no tokens shows its first padding: softmax needs something to see.
        behind = torch.arange(states.shape[1], device=states.device) >= lengths.clamp(min=1)[:, None]
        bias = torch.zeros(states.shape[:2], device=states.device).masked_fill_(behind, -torch.inf)
        if first is None:
            first = states.new_zeros(len(states), self.layers, self.hidden)
        return Memory(self.key(states), self.value(states), bias, first)

    def loss(self, before: Tensor, after: Tensor, memory: Memory, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
        """`before` [B, T] (BEGIN first), `after` [B, T] (END last), padded with PAD → summed loss, target tokens."""
        states, _ = self.unroll(before, memory)  # [T, B, H]
        wanted = after.T.flatten()
        real = (wanted != PAD).nonzero()[:, 0]
        hidden = locked_dropout(states, self.dropout, self.training).flatten(0, 1).index_select(0, real)
        loss = smoothed_cross_entropy(hidden, self.output.weight, wanted.index_select(0, real), smoothing)
        return loss, torch.tensor(len(real)).to(wanted)

    def unroll(self, before: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """All steps over known inputs [B, T] → attentional states [T, B, H] and attention [T, B, S]."""
        embedded = locked_dropout(self.table(before.T), self.dropout, self.training)
        masks = None
        if self.training and self.dropout:
            shape = (self.layers, len(before), 2 * self.hidden)
            masks = F.dropout(torch.ones(shape, device=before.device), self.dropout)
        return Unrolled.apply(  # type: ignore[no-any-return, no-untyped-call]
            self.input(embedded).float(),
            memory.first.transpose(0, 1).float(),
            memory.keys.float(),
            memory.values.float(),
            memory.bias,
            masks,
            self.query,
            self.score,
            *self.recurrent,
            *self.gate_bias,
        )

    def start(self, memory: Memory, beam_size: int) -> State:
        """The state before the first step, for beam_size hypotheses a sentence."""
        s = memory.first.repeat_interleave(beam_size, dim=0)
        return State(
            prefix={"s": s, "c": torch.zeros_like(s), "a": torch.zeros_like(s[:, 0])},
            source={"keys": memory.keys, "values": memory.values, "bias": memory.bias},
        )

    def step(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor]:
        """One token more for N = B * K prefixes: tokens [N] → logits [N, V], the next state, attention [N, S]."""
        hidden = self.hidden
        keys, values = state.source["keys"], state.source["values"]
        old_s, old_c, below = state.prefix["s"], state.prefix["c"], state.prefix["a"]
        s, c = [], []
        gates = self.input(self.table(tokens))
        for layer, weight in enumerate(self.recurrent):
            both = torch.cat([below, old_s[:, layer]], dim=1)
            gates = gates + F.linear(both, weight) if layer == 0 else F.linear(both, weight, self.gate_bias[layer - 1])
            i, f, o = gates[:, : 3 * hidden].sigmoid().chunk(3, dim=1)
            c.append(f * old_c[:, layer] + i * gates[:, 3 * hidden :].tanh())
            below = o * c[-1].tanh()
            s.append(below)
        projected = below @ self.query.T
        # The K prefixes of a sentence stand beside one another: its keys are not copied K times.
        if self.score is None:
            scores = below.view(len(keys), -1, hidden) @ keys.transpose(1, 2)  # [B, K, S]
        else:
            query = projected[:, :hidden].view(len(keys), -1, 1, hidden)
            # tanh(x) = 2 σ(2x) - 1, and softmax does not see the constant: torch's sigmoid is the faster by far.
            scores = (query + keys[:, None]).mul_(2).sigmoid_() @ (2 * self.score)
        attention = (scores + state.source["bias"][:, None]).softmax(dim=2)
        seen = (attention @ values).flatten(0, 1)
        a = (seen + projected[:, -hidden:]).tanh()
        prefix = {"s": torch.stack(s, dim=1), "c": torch.stack(c, dim=1), "a": a}
        return self.output(a), State(prefix, state.source), attention.flatten(0, 1)
