import numpy as np
import pytest

from pipeline import paths
from pipeline.metrics.statistics import write_statistics
from pipeline.params import Craft, Params, System
from pipeline.problems import Problem
from pipeline.report import pairs, scores

SENTENCES = 200
IDS = [str(i) for i in range(SENTENCES)]


def system(task: str = "pos", needs: str = "none", also: str = "none", metric: str = "tagging") -> System:
    sides = {"corpus": "c", "source": "tokens/a", "target": "tokens/b"}
    return System(task=task, **sides, needs=needs, also=also, model=Craft(kind="x"), metrics=[metric])


@pytest.fixture
def tested(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, right: int, ids: list[str] = IDS) -> None:
        """A tagger of one word a sentence, right in the first so many."""
        ones, none, found = np.ones(SENTENCES), np.zeros(SENTENCES), np.arange(SENTENCES) < right
        write_statistics(paths.statistics(name), ids, {"tagging": np.stack([found, ones, *[none] * 4], axis=1)})
        paths.scores(name).parent.mkdir(parents=True, exist_ok=True)
        value = 100 * right / SENTENCES
        paths.scores(name).write_text(f'{{"accuracy": {value}, "accuracy_low": 0, "accuracy_high": 100}}')

    return write


def test_a_named_pair_has_its_difference_and_the_other_scores(tested):
    tested("plain", 100)
    tested("better", 130)
    params = Params(systems={name: system() for name in ("plain", "better", "unscored")})
    (pair,) = pairs.named(params, {"a step": ("plain", "better"), "later": ("plain", "unscored")})
    assert (pair.step, pair.without, pair.system, pair.metric) == ("a step", "plain", "better", "accuracy")
    assert pair.main.change == pytest.approx(15)
    assert 9 < pair.main.low < 15 < pair.main.high < 21
    assert pair.main.clear and pair.better
    assert list(pair.rest) == ["accuracy_known"]


def test_lower_is_better_where_errors_are_counted():
    worse = pairs.Difference(before=10.0, after=12.0, low=1.0, high=3.0)
    assert not pairs.better("wer", worse)
    assert pairs.better("bleu", worse)


def test_pairs_that_cannot_be_compared_are_told(tested):
    tested("plain", 100)
    tested("elsewhere", 100, ids=IDS[::-1])
    params = Params(systems={name: system() for name in ("plain", "elsewhere")})
    with pytest.raises(Problem, match=r"report\.pairs\.x: there is no 'plane': did you mean plain"):
        pairs.named(params, {"x": ("plane", "plain")})
    with pytest.raises(Problem, match="plain and elsewhere were not tested on the same sentences"):
        pairs.named(params, {"x": ("plain", "elsewhere")})


def test_a_system_is_held_against_the_one_that_it_is_made_with(tested):
    for name, right in (("plain", 100), ("fused", 120), ("other", 150)):
        tested(name, right)
    params = Params(
        systems={
            "plain": system(),
            "fused": system(needs="plain", also="lm"),
            "other": system("st", needs="plain"),  # another task
            "unscored": system(needs="plain"),
            "lm": system("lm"),
        }
    )
    assert pairs.made(params, {"the other way round": ("fused", "plain")}) == []
    (pair,) = pairs.made(params, {})
    assert (pair.step, pair.without, pair.system) == ("x with lm", "plain", "fused")


def test_every_two_systems_of_a_task_the_best_first(tested):
    for name, right in (("a", 100), ("b", 140), ("c", 120)):
        tested(name, right)
    tested("d", 130, ids=IDS[::-1])  # other sentences
    boards = scores.leaderboards(Params(systems={name: system(metric="accuracy") for name in "abcd"}))
    (table,) = pairs.tables(boards)
    assert table.systems == ["b", "c", "a"]
    assert [[round(one.change) for one in row] for row in table.rows.values()] == [[], [-10], [-20, -10]]
    assert not table.better(table.rows["a"][0])
    assert pairs.tables(scores.leaderboards(Params(systems={name: system() for name in "ab"}))) == []
