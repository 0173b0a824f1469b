import numpy as np
import pytest

from pipeline.models.tfidf import rarity, weighed
from pipeline.sequences import Sequences

TEXTS = [[4, 5, 4, 1], [5, 6], [], [7, 7, 3]]


def test_weights_are_scikit_learns() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    said = [" ".join(str(token) for token in text if token > 3) for text in TEXTS]
    peer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\d+", vocabulary=["4", "5", "6", "7"])
    expected = peer.fit_transform(said).toarray()
    texts = Sequences.of([np.array(text, dtype=np.int32) for text in TEXTS])
    terms, weights, counts = weighed(texts, np.arange(4), rarity(texts, 8))
    found = np.zeros((4, 8))
    found[np.repeat(np.arange(4), counts), terms] = weights
    assert found[:, 4:] == pytest.approx(expected) and not found[:, :4].any()
    assert counts.tolist() == [2, 2, 0, 1]


def test_rows_may_be_few_or_none() -> None:
    texts = Sequences.of([np.array(text, dtype=np.int32) for text in TEXTS])
    rare = rarity(texts, 8)
    alone, among = (weighed(texts, np.array(rows), rare) for rows in ([1], [0, 1]))
    assert alone.terms.tolist() == among.terms[2:].tolist()
    assert alone.weights.tolist() == among.weights[2:].tolist()
    assert len(weighed(texts, np.array([], dtype=int), rare).terms) == 0
