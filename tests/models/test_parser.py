"""It learns the trees of a toy grammar in seconds, knows where it stands, and writes nothing but trees."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline import training
from pipeline.data import END, Data, Side, typed_side
from pipeline.models import parser
from pipeline.models.parser import Config, Decode, Network, Train, places, traced
from pipeline.params import configure
from pipeline.problems import Problem
from pipeline.search.trees import Bounds, Brackets
from pipeline.sequences import Sequences
from pipeline.tokens.brackets import Codec, leaves, linearise, well_formed
from pipeline.tokens.vocabulary import TokensConfig
from pipeline.tokens.words import Codec as Words
from pipeline.tokens.words import Config as WordsConfig

SMALL = Config(
    words=16, letters=4, spelt=4, parts=8, hidden=24, layers=1, inner=32, history=16, dropout=0.0, reading=0.0
)


def tree(names: list[str]) -> str:
    """Names in pairs, each pair in a bracket: (S (NP (X a) (Y b)) (NP (X c)))."""
    pairs = [names[i : i + 2] for i in range(0, len(names), 2)]
    return f"(S {' '.join('(NP ' + ' '.join(f'(N{name[0]} {name})' for name in pair) + ')' for pair in pairs)})"


def data() -> tuple[Data, Any, Any]:
    rng = np.random.default_rng(1)
    sentences = [list(rng.choice(["ab", "ba", "cc", "dog"], rng.integers(1, 7))) for _ in range(80)]
    trees = [tree(names) for names in sentences]
    source = Words.fit({"words": sentences}, field="words", config=WordsConfig())
    target = Codec.fit({"tree": trees}, field="tree", config=TokensConfig())  # type: ignore[arg-type]

    def side(codec: Any, values: list[Any]) -> Side:
        return Side(codec, Sequences.of([codec.encode(value) for value in values]), typed=tuple(values))

    parts = {"train": slice(0, 60), "dev": slice(60, 80)}
    made = Data(
        {split: side(source, sentences[part]) for split, part in parts.items()},
        {split: side(target, trees[part]) for split, part in parts.items()},
    )
    return made, source, target


def decoded(model: Network, source: Any, target: Any, sentences: list[list[str]], **options: Any) -> list[list[str]]:
    given = configure(Decode, options, "decode")
    found = parser.decode(model=model, source=typed_side(source, sentences), target=target, options=given)
    return [target.decode(n_best[0].tokens).split() for n_best in found]


def test_it_learns_to_part_words_into_pairs(tmp_path: Path) -> None:
    made, source, target = data()
    options = Train(epochs=16, batch=200, lr=1.5e-2, schedule="linear", warmup=10, rare=0.0)
    model, history = parser.fit(data=made, config=SMALL, options=options, needs=(), work=tmp_path / "work")
    assert history[-1]["dev_loss"] < 0.05
    asked = [["ab", "dog", "cc"], ["ba"], ["ab", "ba", "cc", "dog", "ab", "ba"]]
    wanted = [linearise(tree(words)) for words in asked]
    assert decoded(model, source, target, asked) == wanted
    assert decoded(model, source, target, asked, constrained=False, beam_size=2) == wanted
    parser.save(model, tmp_path)
    assert decoded(parser.load(tmp_path), source, target, asked) == wanted


def untrained() -> tuple[Network, Any, Any]:
    made, source, target = data()
    torch.manual_seed(1)
    tokens = target.tokens(range(len(target)))
    spelling = parser.Spelling.of(made.source["train"].values).written()
    return Network(SMALL, tags=["Na"], tokens=tokens, bounds=[4, 2], spelling=spelling).eval(), source, target


@pytest.mark.parametrize("options", [{}, {"beam_size": 1}, {"search": "sampling"}, {"max_ratio": 1}])
def test_without_training_it_writes_trees_all_the_same(options: dict[str, Any]) -> None:
    model, source, target = untrained()
    asked = [["never"], [], ["", "seen", "ab"], ["dog"] * 40]
    for words, tokens in zip(asked, decoded(model, source, target, asked, **options), strict=True):
        assert well_formed(tokens, len(words)) if words else tokens == []


def test_a_sentence_of_a_thousand_words() -> None:
    model, source, target = untrained()
    [tokens] = decoded(model, source, target, [["dog"] * 1000], beam_size=1, max_ratio=1, longest=1000)
    assert well_formed(tokens, 1000)


@torch.no_grad()
def test_a_step_is_what_training_saw() -> None:
    """The scores of a tree's tokens, one by one in a search's states and all at once."""
    model, _, target = untrained()
    made, _, _ = data()
    batches = parser._batches(made.source["dev"], made.target["dev"], model, Train(batch=1), "dev")
    training.prepare_device(1)
    for row in (0, 7):
        loss, _ = model(batches.collate(np.array([row]), 0))
        words, gold = made.source["dev"].values[row], target.encode(made.target["dev"].values[row]).tolist()
        writer = parser.Writer(model, [words], Decode(constrained=False))
        state, _ = writer.begin(Sequences.of([np.zeros(len(words), np.int64)]), np.array([0]), 1)
        total = 0.0
        for before, after in zip([2, *gold], [*gold, END], strict=True):
            logits, state, _ = writer.step(torch.tensor([before]), state)
            total -= float(logits.log_softmax(dim=1)[0, after])
        assert total == pytest.approx(float(loss), rel=1e-2)


def test_where_a_prefix_stands() -> None:
    tokens = ["<pad>", "<unk>", "<s>", "</s>", "(S", "(NP", "XX", ")S", ")NP"]
    brackets = Brackets(tokens, END, Bounds(3, 3))
    written = ["(S", "XX", "(NP", "XX", ")NP", "XX", ")S"]
    sequence = np.array([tokens.index(token) for token in written])
    [found] = traced(brackets, Sequences.of([sequence]))
    # the word read last, the next; before and at the innermost's beginning, at the second's; labels (NP 1, S 2)
    assert found.tolist() == [
        [0, 1, 0, 1, 1, 0, 0],
        [0, 1, 0, 1, 1, 2, 0],
        [1, 2, 0, 1, 1, 2, 0],
        [1, 2, 1, 2, 1, 1, 2],
        [2, 3, 1, 2, 1, 1, 2],
        [2, 3, 0, 1, 1, 2, 0],
        [3, 4, 0, 1, 1, 2, 0],
        [3, 4, 0, 1, 1, 0, 0],
    ]
    rows = brackets.begin(torch.tensor([3]), torch.tensor([20]))
    assert places(rows).tolist() == [found[0].tolist()]


def test_trees_of_other_words_are_refused(tmp_path: Path) -> None:
    made, _, target = data()
    wrong = Side(target, Sequences.of([target.encode(tree(["ab"]))] * 60), typed=(tree(["ab"]),) * 60)
    with pytest.raises(Problem, match="words and a tree of 1: take the words of the tree"):
        parser.fit(
            data=Data(made.source, {**made.target, "train": wrong}),
            config=SMALL,
            options=Train(),
            needs=(),
            work=tmp_path,
        )
    assert leaves(tree(["ab"]))[0] == ["ab"]
