"""Logistic regression over counts: scikit-learn's weights, to the digit; and what it cannot know."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pipeline.data import UNKNOWN, Data
from pipeline.models import bag_of_words
from pipeline.models.bag_of_words import Bags, Config, Logistic, Train
from pipeline.models.labels import FIRST, Decode
from pipeline.problems import Problem
from tests.models.sides import side

WORDS = 12


def data(texts: list[list[int]], labels: list[int], count: int) -> Data:
    source, target = side(texts, WORDS), side([[label + FIRST] for label in labels], count + FIRST)
    return Data(source={"train": source, "dev": source}, target={"train": target, "dev": target})


def drawn(texts: int, labels: int) -> tuple[list[list[int]], list[int]]:
    """Texts of any length, none too, whose label follows from their words, but not surely."""
    rng = np.random.default_rng(labels)
    rows = [rng.integers(UNKNOWN, WORDS, rng.integers(0, 7)).tolist() for _ in range(texts)]
    worth = rng.normal(size=(WORDS, labels))
    chosen = [int(np.argmax(worth[row].sum(axis=0) + rng.gumbel(size=labels))) for row in rows]
    return rows, chosen


def fitted(texts: list[list[int]], labels: list[int], count: int, **options: float) -> Logistic:
    train = Train.model_validate({"steps": 20_000, "tolerance": 1e-9, **options})
    model, history = bag_of_words.fit(
        data=data(texts, labels, count), config=Config(), options=train, needs=(), work=Path()
    )
    assert len(history) < 20_000
    return model


@pytest.mark.parametrize("labels, l2", [(2, 1.0), (2, 0.1), (4, 0.5)])
def test_the_weights_are_scikit_learns(labels: int, l2: float) -> None:
    texts, truth = drawn(300, labels)
    counts = np.array([np.bincount(text, minlength=WORDS) for text in texts])
    # Its two labels share one column of weights, w: ours are -w/2 and w/2, and |W|² is half of |w|².
    peer = LogisticRegression(C=1 / (l2 / 2 if labels == 2 else l2), tol=1e-10, max_iter=10_000).fit(counts, truth)
    model = fitted(texts, truth, labels, l2=l2)
    ours = np.exp(model.log_p(Bags(side(texts, WORDS).sequences, WORDS)))
    np.testing.assert_allclose(ours, peer.predict_proba(counts), atol=1e-6)
    columns = model.weights[:, 1:] - model.weights[:, :1]
    theirs = peer.coef_.T if labels == 2 else (peer.coef_[1:] - peer.coef_[:1]).T
    np.testing.assert_allclose(columns, theirs, atol=1e-5)


def test_products_with_the_counts_are_those_of_the_matrix() -> None:
    texts, _ = drawn(20, 3)
    counts = np.array([np.bincount(text, minlength=WORDS) for text in texts])
    bags, rng = Bags(side(texts, WORDS).sequences, WORDS), np.random.default_rng(1)
    weights, values = rng.normal(size=(WORDS, 3)), rng.normal(size=(20, 3))
    np.testing.assert_allclose(bags.times(weights), counts @ weights)
    np.testing.assert_allclose(bags.transposed_times(values), counts.T @ values)
    full = np.hstack([counts, np.ones((20, 1))])
    bound = 0.5 * np.linalg.eigvalsh(full.T @ full / 20).max()
    assert bound < bag_of_words.curvature(bags, 0.0) < 1.2 * bound


def test_the_slot_of_unknown_words_is_learnt() -> None:
    texts = [[UNKNOWN, 5]] * 10 + [[4, 5]] * 10
    model = fitted(texts, [1] * 10 + [0] * 10, 2)
    [known], [unknown] = bag_of_words.decode(
        model=model, source=side([[4], [UNKNOWN]], WORDS), target=None, options=Decode.model_validate({})
    )
    assert (known.tokens, unknown.tokens) == ([FIRST], [FIRST + 1])


def test_the_order_of_words_is_not_seen() -> None:
    model = fitted([[4, 5, 6], [6, 5]] * 10, [0, 1] * 10, 2)
    source = side([[4, 5, 6], [6, 4, 5], []], WORDS)
    one, other, nothing = bag_of_words.decode(
        model=model, source=source, target=None, options=Decode.model_validate({"n_best": 9})
    )
    assert one == other and len(nothing) == 2
    assert np.exp([hypothesis.score for hypothesis in one]).sum() == pytest.approx(1)


def test_a_model_is_saved_and_loaded(tmp_path: Path) -> None:
    model = fitted(*drawn(50, 2), 2)
    bag_of_words.save(model, tmp_path)
    again = bag_of_words.load(tmp_path)
    assert (again.weights == model.weights).all() and (again.bias == model.bias).all()


def test_labels_that_cannot_be_learnt_are_told() -> None:
    with pytest.raises(Problem, match="train has 1 label: take a corpus with two"):
        fitted([[4]], [0], 1)
    unlike = data([[4], [5]], [0, 1], 2)
    unlike.target["dev"] = side([[FIRST], [UNKNOWN]], 2 + FIRST)
    with pytest.raises(Problem, match="1 has 1 labels, or one that train has not"):
        bag_of_words.fit(data=unlike, config=Config(), options=Train.model_validate({}), needs=(), work=Path())
    unlike.source["dev"] = side([], WORDS)
    with pytest.raises(Problem, match="dev split is empty"):
        bag_of_words.fit(data=unlike, config=Config(), options=Train.model_validate({}), needs=(), work=Path())
