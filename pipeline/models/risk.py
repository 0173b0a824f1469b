"""A system that writes token by token → the same, trained further on the metric that it is to be scored by.

`needs` is the system. Candidates Y are drawn from it for each source, and each is rewarded by the metric, r(Y) from 0
to 1, where cross entropy knows one right sentence and never sees what the system itself writes.

    minimum_risk     Σ_Y Q(Y) (1 - r(Y)),  Q(Y) ∝ P(Y | X)^α over the distinct candidates, the reference among them
                     (Shen et al. 2016, section 3)
    self_critical    -(r(Y) - r(Ŷ)) log P(Y | X), with Ŷ what greedy search writes (Rennie et al. 2017)

What is drawn and how likely it is come of one pass through the system's own `begin` and `step`, so that any will do.
Nothing is dropped out: candidates are those of the distribution that search will see. The dev loss is 1 - r(Ŷ).
"""

from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from pipeline import training
from pipeline.data import BEGIN, END, PAD, Data, Side, Vocabulary
from pipeline.metrics.sentence import reward
from pipeline.models.redecode import same
from pipeline.models.transformer import with_end
from pipeline.params import Row
from pipeline.problems import Problem
from pipeline.sequences import Sequences, read_json, write_json
from pipeline.trained import Trained

WRITES = "tokens"
PART = "system"  # its folder in this one's own


class Config(Row):
    """The system is all there is to choose."""


class Train(training.Options):
    method: Literal["minimum_risk", "self_critical"] = "minimum_risk"
    metric: str = "bleu"  # of one sentence: bleu, bleu_tokenised, bleu_zh, chrf, f1, ...
    samples: int = Field(8, ge=1)  # candidates drawn a sentence
    sharpness: float = Field(5e-3, gt=0)  # α of minimum risk (Shen et al., section 4.2)
    max_ratio: float = Field(2.0, gt=0)  # a candidate is cut at max_ratio * source length + 10
    epochs: int = Field(1, ge=1)
    batch: int = Field(500, ge=1)  # padded tokens of the longer side, each with its candidates
    lr: float = Field(1e-4, gt=0)
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "constant"
    warmup: int = Field(0, ge=0)  # steps

    @field_validator("metric")
    @classmethod
    def _of_a_sentence(cls, metric: str) -> str:
        try:
            reward(metric)
        except Problem as problem:
            raise ValueError(str(problem)) from None
        return metric


class Drawn(NamedTuple):
    """Candidates, K beside one another for each of B sentences."""

    tokens: Tensor  # [B, K, T], END last where one has ended, PAD behind
    log_probs: Tensor  # [B, K]


class Risk(nn.Module):
    """A system's network, and what it is trained by."""

    def __init__(self, network: Any, kind: str, vocabulary: Vocabulary | None = None, options: Train | None = None):
        """`kind`: the craft that saves and loads the network. Vocabulary and options are for training alone."""
        super().__init__()
        self.network, self.kind = network, kind
        self.vocabulary, self.options = vocabulary, options or Train.model_validate({})
        self.reward = reward(self.options.metric)
        self.begin, self.step = network.begin, network.step

    def train(self, mode: bool = True) -> "Risk":
        """The network stays as search has it; but cuDNN's cells have no gradient in eval mode (theirs drop nothing)."""
        self.training = mode
        for module in self.network.modules():
            module.training = mode and isinstance(module, nn.RNNBase)
        return self

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """`source` [B, S, ...] and `lengths` [B]; `reference` [B, T] (END last), padded with PAD → summed loss,
        sentences."""
        rows = zip(batch["source"].cpu().numpy(), batch["lengths"].tolist(), strict=True)
        sequences = Sequences.of([values[:length] for values, length in rows])
        reference = batch["reference"]
        with torch.autocast(reference.device.type, enabled=False):
            if not self.training:
                loss = (1 - self.rewards(self.drawn(sequences, samples=0), reference)).sum()
            elif self.options.method == "minimum_risk":
                loss = self._risk(self.drawn(sequences, self.options.samples, first=reference), reference)
            else:
                loss = self._criticised(self.drawn(sequences, self.options.samples), reference)
        return loss, torch.tensor(len(reference)).to(reference)

    def _risk(self, drawn: Drawn, reference: Tensor) -> Tensor:
        scores = (self.options.sharpness * drawn.log_probs).masked_fill(repeated(drawn.tokens), -torch.inf)
        return (scores.softmax(dim=1) * (1 - self.rewards(drawn, reference))).sum()

    def _criticised(self, drawn: Drawn, reference: Tensor) -> Tensor:
        rewards = self.rewards(drawn, reference)
        return -((rewards[:, 1:] - rewards[:, :1]) * drawn.log_probs[:, 1:]).mean(dim=1).sum()

    def drawn(self, sequences: Sequences, samples: int, first: Tensor | None = None) -> Drawn:
        """For every sequence a first candidate, and so many that are drawn. The first is `first` [B, T] (END last,
        padded with PAD), or what greedy search writes."""
        rows, each = np.arange(len(sequences)), samples + 1
        state, lengths = self.begin(sequences, rows, each)
        limits = (self.options.max_ratio * lengths + 10).long().repeat_interleave(each)  # [N]
        leads = torch.arange(len(limits), device=limits.device) % each == 0  # [N]
        if first is not None:
            limits[leads] = (first != PAD).sum(dim=1)
        last = torch.full_like(limits, BEGIN)
        total = torch.zeros(len(limits), device=limits.device)
        going = torch.ones_like(leads)
        tokens: list[Tensor] = []
        while going.any():
            logits, state, _ = self.step(last, state)
            log_probs = logits.float().log_softmax(dim=1)
            with torch.no_grad():
                noise = -torch.empty_like(log_probs).exponential_().log_()  # its largest sum with log P is a draw of P
                noise[leads] = 0.0
                last = (log_probs + noise).argmax(dim=1)
                if first is not None:
                    last[leads] = first[:, min(len(tokens), first.shape[1] - 1)]
            total = total + log_probs.gather(1, last[:, None])[:, 0].where(going, 0.0)
            last = last.where(going, PAD)
            tokens.append(last)
            going = going & (last != END) & (len(tokens) < limits)
        return Drawn(torch.stack(tokens, dim=1).view(len(sequences), each, -1), total.view(len(sequences), each))

    def rewards(self, drawn: Drawn, reference: Tensor) -> Tensor:
        """Candidates and references [B, T] → [B, K]."""
        wanted = [self._text(tokens) for tokens in reference.tolist()]
        found = [
            [self.reward(text, self._text(tokens)) for tokens in candidates]
            for text, candidates in zip(wanted, drawn.tokens.tolist(), strict=True)
        ]
        return torch.tensor(found, dtype=torch.float32, device=reference.device)

    def _text(self, tokens: list[int]) -> str:
        assert self.vocabulary is not None
        end = next((i for i, token in enumerate(tokens) if token in (END, PAD)), len(tokens))
        text = self.vocabulary.decode(tokens[:end])
        if self.options.metric != "bleu_tokenised" and hasattr(self.vocabulary, "detokenise"):
            text = self.vocabulary.detokenise(text)
        return text if isinstance(text, str) else " ".join(text)


def repeated(tokens: Tensor) -> Tensor:
    """Which of [B, K, T] have a twin before them: [B, K]."""
    alike = (tokens[:, :, None] == tokens[:, None]).all(dim=3)  # [B, K, K]
    return alike.tril(-1).any(dim=2)


def fit(
    *, data: Data, config: Config, options: Train, needs: tuple[Path, ...], work: Path
) -> tuple[Risk, list[dict[str, float]]]:
    """Raises Problem on a GPU; if `needs` is none, does not write token by token, or has other tokens or features."""
    if torch.cuda.is_available():  # what systems' `begin` encodes is where search is
        raise Problem("risk draws from systems on the CPU alone: set CUDA_VISIBLE_DEVICES to nothing for this stage")
    training.prepare_device(options.seed)
    if len(needs) != 1:
        raise Problem("risk trains one system further: name it as `needs`")
    system = Trained.open(needs[0])
    if hasattr(system.craft, "decode") or not hasattr(system.model, "step"):
        raise Problem(f"{system.name} ({system.kind}) does not write token by token, and nothing can be drawn from it")
    for side, own, theirs in (
        ("source", data.source["train"].codec, system.source),
        ("target", data.target["train"].codec, system.target),
    ):
        if not same(own, theirs):
            raise Problem(f"the {side} of {system.name} is encoded in another way: take its own row as the {side}")
    model = Risk(system.model, system.kind, system.target, options)
    train, dev = (batches(data.source[split], data.target[split], options) for split in ("train", "dev"))
    return model, training.fit(model, train=train, dev=dev, options=options, work=work)


def batches(source: Side, target: Side, options: Train) -> training.Batches:
    def collate(rows: np.ndarray, epoch: int) -> dict[str, Tensor]:
        values, lengths = source.sequences.padded(rows)
        reference, _ = with_end(target.sequences, rows)
        return {
            "source": torch.from_numpy(values),
            "lengths": torch.from_numpy(lengths),
            "reference": torch.from_numpy(reference),
        }

    lengths = np.stack([source.sequences.lengths, target.sequences.lengths], axis=1) + 1
    return training.Batches(lengths, options.batch, collate, options.seed, source.sequences.ids)


def save(model: Risk, folder: Path) -> None:
    """The network as its own craft saves it."""
    (folder / PART).mkdir()
    import_module(f"pipeline.models.{model.kind}").save(model.network, folder / PART)
    write_json(folder / "config.json", {"kind": model.kind})


def load(folder: Path) -> Risk:
    kind = read_json(folder / "config.json")["kind"]
    return Risk(import_module(f"pipeline.models.{kind}").load(folder / PART), kind).eval()
