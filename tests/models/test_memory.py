"""Memory networks: the equations against a plain loop, a task that needs two hops, stories of any form."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline import paths
from pipeline.axes import axes
from pipeline.data import PAD, Data, Side
from pipeline.models import memory
from pipeline.models.memory import Config, Decode, MemoryNetwork, Train
from pipeline.problems import Problem
from pipeline.records import read_decoded
from pipeline.sequences import Sequences
from pipeline.stages import decode, evaluate, ingest, tokenize, train
from pipeline.tokens.words import Codec
from pipeline.tokens.words import Config as Words
from pipeline.trained import Trained

MARK = 4
PARAMS = """
raw: { qa: { kind: any } }
corpora: { qa: { raw: qa, kind: babi, files: { train: train.txt, test: test.txt }, dev_every: 2 } }
tokens:
  words: { corpus: qa, field: input, kind: words }
  answers: { corpus: qa, field: answer, kind: words }
systems:
  memory:
    { task: answer, corpus: qa, source: tokens/words, target: tokens/answers, needs: none, also: none,
      model: { kind: memory, hops: 2 }, train: { epochs: 1 }, metrics: METRICS }
"""
STORY = "1 Ana went to {}.\n2 Where is Ana?\t{}\t1\n3 Ben slept.\n4 Who slept?\tBen\t3\n"


def side(texts: list[str], codec: Codec) -> Side:
    return Side(codec, Sequences.of([codec.encode(text) for text in texts]), typed=tuple(texts))


def vocabulary(texts: list[str]) -> Codec:
    return Codec.fit({"input": texts}, field="input", config=Words())


def batch(questions: list[list[int]], stories: list[list[list[int]]]) -> dict[str, torch.Tensor]:
    asked = [
        (np.array(question, dtype=np.int32), [np.array(sentence, dtype=np.int32) for sentence in story])
        for question, story in zip(questions, stories, strict=True)
    ]
    return memory._tensors(asked, memory=5)


@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("times", [True, False])
def test_the_equations_word_by_word(positions: bool, times: bool) -> None:
    torch.manual_seed(1)
    hops, dim = 2, 3
    config = Config(hops=hops, dim=dim, memory=5, position_encoding=positions, temporal_encoding=times)
    model = MemoryNetwork(config, 12, MARK, [[5], [6], [7, 8]]).double()
    question, story = [5, 6], [[7, 8, 9], [10], [11, 5]]
    tables = model.table.weight.detach().view(12, hops + 1, dim)

    def summed(sentence: list[int], table: int) -> torch.Tensor:
        total = torch.zeros(dim, dtype=torch.float64)
        for j, word in enumerate(sentence, start=1):
            for d in range(1, dim + 1):
                length = len(sentence)
                weight = (1 - j / length) - d / dim * (1 - 2 * j / length) if positions else 1.0
                total[d - 1] += weight * tables[word, table, d - 1]
        return total

    def memories(table: int) -> torch.Tensor:
        rows = [summed(sentence, table) for sentence in story]
        if model.times is not None:
            back = model.times.detach().view(5, hops + 1, dim)[:, table]
            rows = [row + back[len(story) - 1 - i] for i, row in enumerate(rows)]
        return torch.stack(rows)

    u = summed(question, 0)
    expected = []
    for hop in range(hops):
        p = torch.softmax(memories(hop) @ u, dim=0)
        u = u + p @ memories(hop + 1)
        expected.append(p)
    logits, attention = model.answer(batch([question, [5]], [story, [[6]]]))
    assert torch.allclose(logits[0], model.output.weight @ u)
    assert torch.allclose(attention[0], torch.stack(expected))
    assert attention[1].tolist() == [[1.0, 0.0, 0.0]] * hops  # a shorter story of the same batch


def test_the_linear_start_leaves_the_softmax_out() -> None:
    torch.manual_seed(1)
    model = MemoryNetwork(Config(hops=1, dim=3, memory=5), 12, MARK, [[5]])
    made = batch([[5], [5]], [[[7], [8]], [[6]]])
    model.linear = True
    _, scores = model.answer(made)
    model.linear = False
    _, weights = model.answer(made)
    assert torch.allclose(torch.softmax(scores[0, 0], dim=0), weights[0, 0]) and scores[1, 0, 1] == 0


def test_gaps_put_the_past_further_back() -> None:
    asked = [(np.array([5]), [np.array([n]) for n in (6, 7, 8)]), (np.array([5]), [np.array([9])])]
    gaps = np.array([[False, True, False, True, True], [True, True, True, True, True]])
    made = memory._tensors(asked, 5, gaps)
    assert made["age"].tolist() == [[3, 2, 0], [1, -1, -1]]
    assert made["story"][1].tolist() == [[9], [PAD], [PAD]]


def world(count: int, seed: int) -> tuple[list[str], list[str], list[list[int]]]:
    """Who has what, and who is where: `where ? | a has x | a to p` → `p` needs both sentences."""
    rng = np.random.default_rng(seed)
    texts, answers, support = [], [], []
    for _ in range(count):
        who, places = rng.permutation(4)[:3], rng.integers(0, 4, 3)
        lines = [(f"n{person} to p{place}", i) for i, (person, place) in enumerate(zip(who, places, strict=True))]
        lines.append((f"n{who[0]} has it", -1))
        order = rng.permutation(len(lines))
        texts.append(" | ".join(["where ?", *(lines[i][0] for i in order)]))
        answers.append(f"the p{places[0]}")
        support.append([list(order).index(0), list(order).index(3)])
    return texts, answers, support


def learnt(work: Path, **options: Any) -> tuple[MemoryNetwork, Codec, Codec, list[dict[str, float]]]:
    splits = {"train": world(2000, seed=1), "dev": world(100, seed=2)}
    source = vocabulary(splits["train"][0])
    target = vocabulary(splits["train"][1])
    data = Data(
        source={split: side(texts, source) for split, (texts, _, _) in splits.items()},
        target={split: side(answers, target) for split, (_, answers, _) in splits.items()},
    )
    given = {"epochs": 3, "batch": 1200, "lr": 0.02, "schedule": "linear", "warmup": 20, "linear_start": 4} | options
    model, history = memory.fit(
        data=data, config=Config(hops=2, dim=12), options=Train.model_validate(given), needs=(), work=work
    )
    return model, source, target, history


def test_it_learns_what_follows_from_two_sentences(tmp_path: Path) -> None:
    model, source, target, history = learnt(tmp_path / "work")
    assert len(history) == 7
    texts, answers, support = world(200, seed=3)
    memory.save(model, tmp_path)
    again = memory.load(tmp_path)
    found = list(memory.decode(model=again, source=side(texts, source), target=target, options=Decode(n_best=2)))
    assert all(len(n_best) == 2 and n_best[0].score >= n_best[1].score for n_best in found)
    said = {tuple(tokens): i for i, tokens in enumerate(again.answers)}
    assert len(said) == 4
    right = np.mean([target.decode(one[0].tokens) == answer for one, answer in zip(found, answers, strict=True)])
    assert right > 0.97
    # Which hop looks at which sentence is the network's own affair: between them they look at both.
    looked = [set(np.argmax(one[0].attention, axis=1).tolist()) for one in found]
    assert np.mean([set(gold) == seen for gold, seen in zip(support, looked, strict=True)]) > 0.9


def test_stories_of_any_form(tmp_path: Path) -> None:
    """Nothing told, words never seen, a long sentence, more sentences than are remembered."""
    codec = vocabulary(["where ? | a b c"])
    model = MemoryNetwork(Config(hops=2, dim=4, memory=3), len(codec), int(codec.encode("|")[0]), [[5], [6]]).eval()
    told = " | ".join(["where ?", "a", "b", "c", "a b", "b c"])
    texts = ["where ?", "", "who is new ? | to | all", "where ? | " + "a " * 5000, told, "| | |"]
    source = side(texts, codec)
    found = [n_best[0] for n_best in memory.decode(model=model, source=source, target=codec, options=Decode())]
    assert all(math.isfinite(one.score) and len(one.tokens) == 1 for one in found)
    assert found[0].attention is None and found[1].attention is None
    trained = Trained("m", "memory", memory, model, codec, codec)
    rows, columns = axes(trained, source.sequences[4], found[4])
    assert rows == ["hop 1", "hop 2"] and columns == ["a", "b", "c", "a b", "b c"]
    weights = np.array(found[4].attention)
    assert weights.shape == (2, 5) and not weights[:, :2].any() and np.allclose(weights.sum(axis=1), 1)
    assert np.array(found[5].attention).shape == (2, 3)
    alone = [next(memory.decode(model=model, source=side([t], codec), target=codec, options=Decode())) for t in texts]
    assert all(math.isclose(one.score, n_best[0].score, abs_tol=1e-5) for one, n_best in zip(found, alone, strict=True))


def test_a_source_without_marks_is_refused(tmp_path: Path) -> None:
    codec = vocabulary(["where is it ?"])
    split = side(["where is it ?"], codec)
    data = Data(source={"train": split, "dev": split}, target={"train": split, "dev": split})
    with pytest.raises(Problem, match=r"no '\|' between sentences: take the field `input`"):
        memory.fit(data=data, config=Config(), options=Train(), needs=(), work=tmp_path / "work")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(PARAMS.replace("METRICS", "[answers, support]"), encoding="utf-8")
    paths.raw("qa").mkdir(parents=True)
    for split, places in (("train", ("work", "bed", "town", "sea")), ("test", ("church",))):
        text = "".join(STORY.format(place, place) for place in places)
        (paths.raw("qa") / f"{split}.txt").write_text(text, encoding="utf-8")
    ingest.run("qa")
    tokenize.run("words")
    tokenize.run("answers")


def test_a_row_of_params_is_scored_by_its_answers_and_by_where_it_looked(workspace: None) -> None:
    train.run("memory")
    decode.run("memory")
    lines = list(read_decoded(paths.hypotheses("memory")))
    assert [line.reference for line in lines] == ["church", "Ben"]
    assert lines[1].target_tokens == ["hop 1", "hop 2"]
    assert lines[1].source_tokens == ["Ana went to <unk> .", "Ben slept ."]
    assert lines[0].focus == [0, 0] and len(lines[1].focus) == 2  # a sentence a hop
    evaluate.run("memory")
    scores = json.loads(paths.scores("memory").read_text(encoding="utf-8"))
    assert scores["support_recall_baseline"] == 100.0  # the latest sentence is the right one
    assert 50 <= scores["support_recall"] <= 100 and scores["exact_match"] <= 50


def test_what_does_not_look_at_sentences_has_no_support(workspace: None) -> None:
    train.run("memory")
    decode.run("memory")
    place = paths.hypotheses("memory") / "lines.jsonl"
    lines = [json.loads(line) | {"focus": []} for line in place.read_text(encoding="utf-8").splitlines()]
    place.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    with pytest.raises(Problem, match=r"systems.memory.metrics: support does not fit: the system does not tell which"):
        evaluate.run("memory")
