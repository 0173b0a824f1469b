"""What CTC says of a prefix beside what the decoder says: one step of both, for the beam.

Enters: a model's `step`, and in its state the log-probabilities of CTC over the same tokens, `heard` [B, S, V]. Leaves:
a step whose log-probabilities are (1 - share) · log P_decoder + share · log P_CTC (Watanabe et al. 2017, equation 50).
The decoder alone may say a phrase twice or leave one out; CTC goes through the audio once, from its begin to its end.

P_CTC(c | g) = ψ(g·c) / ψ(g), with ψ the probability of all alignments that begin with a prefix (Graves 2008, section
7.4). ψ(g·c) = Σ_t φ_t p_t(c), where φ_t is the probability that the steps before t say just g; a token that is the last
of g again needs a blank before it. For all tokens at once that is a product of matrices.
"""

import torch
from torch import Tensor

from pipeline.problems import Problem
from pipeline.search.beam import Step
from pipeline.search.ctc import BLANK
from pipeline.state import State

NEVER = -1e5  # the logarithm of no probability: finite, so that differences of two are numbers
SMALLEST = 1e-30  # of a probability: its logarithm is still a number


def joint(step: Step, state: State, lengths: Tensor, share: float, *, begin: int, end: int) -> tuple[Step, State]:
    """A step of both, and the state that it begins with; `lengths` [B]: the steps of audio in `heard`.

    Raises Problem for a model that has learnt no CTC.
    """
    if "heard" not in state.source:
        raise Problem("decode.ctc: the model has learnt no CTC beside its decoder: ctc: 0, or train it with train.ctc")
    heard = state.source["heard"].float()  # [B, S, V]
    over = torch.arange(heard.shape[1], device=heard.device) >= lengths[:, None]  # [B, S]
    heard = heard.masked_fill(over[:, :, None], NEVER)
    heard[:, :, BLANK].masked_fill_(over, 0.0)  # after its end an utterance stays as it is
    rows = len(next(iter(state.prefix.values()))) // len(heard)
    blank = heard[:, :, BLANK].cumsum(dim=1).repeat_interleave(rows, dim=0)  # [N, S] nothing is said yet
    first = {
        "ctc_blank": blank,  # log-probability that steps 0 to t say the prefix, and a blank last
        "ctc_label": torch.full_like(blank, NEVER),  # or its last token last
        "ctc_last": torch.full((len(blank), 1), begin, device=heard.device),  # the prefix's last token
        "ctc_total": torch.zeros(len(blank), 1, device=heard.device),  # log ψ of the prefix
    }

    def both(tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        logits, after, attention = step(tokens, state)
        known = {name: state.prefix[name] for name in first}
        heard = state.source["heard"]
        if int(tokens[0]) != begin:
            known = _lengthened(known, tokens, heard, begin)
        scores = _scores(known, heard, begin, end) - known["ctc_total"]  # [N, V]
        mixed = (1 - share) * logits.float().log_softmax(dim=1) + share * scores
        return mixed, State({**after.prefix, **known}, after.source), attention

    return both, State({**state.prefix, **first}, {**state.source, "heard": heard})


def _before(known: dict[str, Tensor], begin: int) -> tuple[Tensor, Tensor]:
    """log-probabilities [N, S] that the steps before t say the prefix: ending in anything, and ending in a blank."""
    empty = torch.where(known["ctc_last"] == begin, 0.0, NEVER)  # before the first step nothing else is said
    blank = torch.cat([empty, known["ctc_blank"][:, :-1]], dim=1)
    label = torch.cat([torch.full_like(empty, NEVER), known["ctc_label"][:, :-1]], dim=1)
    return torch.logaddexp(blank, label), blank


def _scores(known: dict[str, Tensor], heard: Tensor, begin: int, end: int) -> Tensor:
    """log ψ of every prefix with every token after it, and at `end` of the prefix as the whole: [N, V]."""
    either, blank = _before(known, begin)
    sentences, rows = len(heard), len(either) // len(heard)
    highest = either.amax(dim=1, keepdim=True)  # [N, 1]
    weights = (either - highest).exp().view(sentences, rows, -1)
    sums = torch.matmul(weights, heard.exp()).flatten(0, 1)  # [N, V]
    scores = sums.clamp(min=SMALLEST).log() + highest
    last = known["ctc_last"]
    again = heard.gather(2, last.view(sentences, 1, rows).expand(-1, heard.shape[1], -1)).transpose(1, 2).flatten(0, 1)
    scores.scatter_(1, last, (blank + again).logsumexp(dim=1, keepdim=True).clamp(min=NEVER))
    whole = torch.logaddexp(known["ctc_blank"][:, -1:], known["ctc_label"][:, -1:])
    scores[:, end] = whole[:, 0]
    scores[:, BLANK] = NEVER
    return scores


def _lengthened(known: dict[str, Tensor], tokens: Tensor, heard: Tensor, begin: int) -> dict[str, Tensor]:
    """The same for each prefix with its token [N] after it."""
    either, blank = _before(known, begin)
    rows = len(tokens) // len(heard)
    silent = heard[:, :, BLANK].repeat_interleave(rows, dim=0)  # [N, S]
    sounds = heard.gather(2, tokens.view(len(heard), 1, rows).expand(-1, heard.shape[1], -1))
    sounds = sounds.transpose(1, 2).flatten(0, 1)  # [N, S] the token's
    entering = torch.where(tokens[:, None] == known["ctc_last"], blank, either)
    total = (entering + sounds).logsumexp(dim=1, keepdim=True)
    labels, blanks = [], []
    label = last = torch.full_like(total[:, 0], NEVER)
    for t in range(heard.shape[1]):
        last = silent[:, t] + torch.logaddexp(last, label)
        label = sounds[:, t] + torch.logaddexp(label, entering[:, t])
        labels.append(label)
        blanks.append(last)
    return {
        "ctc_blank": torch.stack(blanks, dim=1).clamp(min=NEVER),
        "ctc_label": torch.stack(labels, dim=1).clamp(min=NEVER),
        "ctc_last": tokens[:, None],
        "ctc_total": total.clamp(min=NEVER),
    }
