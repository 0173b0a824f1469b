"""A trained system, asked in a special way → data/hypotheses/<probe> and data/scores/<probe>.json: how it behaves."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline import paths
from pipeline.answering import Answering
from pipeline.metrics.metric import Output
from pipeline.metrics.scoring import Figures, scored, shown
from pipeline.params import System, configure, craft, load, row
from pipeline.probed import Probed, write_probed
from pipeline.problems import Problem
from pipeline.records import read_table
from pipeline.sequences import read_json


def run(name: str) -> None:
    params = load()
    probe = row(params.probes, name, "probes")
    kind: Any = craft("probes", probe.kind, f"probes.{name}")
    config: Any = configure(kind.Config, probe.options, f"probes.{name}")
    records = list(read_table(paths.manifest(probe.corpus, "test")))
    if not records:
        raise Problem(f"probes.{name}: the test split of {probe.corpus} is empty: name another corpus")
    asked = kind.ask(config, records, _field(name, probe.system, params.systems[probe.system]))
    records = records[: len(asked)]
    answers = _answers(Answering(probe.system, params.systems[probe.system], 1), asked)
    findings = kind.findings(config, records, asked, answers)
    with paths.replacing(paths.hypotheses(name)) as folder:
        lines = zip([record["id"] for record in records], asked, answers, findings, strict=True)
        write_probed(folder, (Probed(*line) for line in lines))
    scores = score(kind, config, findings)
    with paths.replacing_file(paths.scores(name)) as partial:
        partial.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{name}: {probe.system} on {len(findings)} sentences of {probe.corpus}\n{shown(scores)}")


def score(kind: Any, config: Any, findings: Sequence[dict[str, Any]]) -> Figures:
    """The content of the score file."""
    nothing: list[None] = [None] * len(findings)
    both = findings, [kind.trivial(config, finding) for finding in findings]
    outputs = [Output(nothing, nothing, [*found]) for found in both if None not in found]
    return {**scored(kind.metric(config), "probe", *outputs), "sentences": len(findings)}


def _field(probe: str, name: str, system: System) -> str:
    """The field of its corpus that the system reads. Raises Problem where that is no text."""
    room = system.source.split("/")[0]
    if room != "tokens":
        raise Problem(f"probes.{probe}.system: {name} reads {room}, not text: name another")
    return str(read_json(paths.model(name) / "source" / "codec.json")["field"])


def _answers(answering: Answering, asked: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The best answer to every text, by the same names; nothing is answered to nothing."""
    texts = list(dict.fromkeys(text for given in asked for text in given.values() if text))
    found = {text: answer for text, [answer, *_] in zip(texts, answering.answer(texts), strict=True)}
    answers = {text: _text(answer.output) for text, answer in found.items()}
    return [{name: answers.get(text, "") for name, text in given.items()} for given in asked]


def _text(output: Any) -> str:
    return output if isinstance(output, str) else " ".join(output)
