from itertools import product

import numpy as np
import pytest

from pipeline.search.viterbi import posteriors, viterbi


def by_brute_force(steps, transitions):
    """Every path, scored one by one."""
    boundary = len(transitions) - 1
    order = transitions.ndim - 1
    best = (-np.inf, [])
    for places in product(*(range(len(states)) for states, _ in steps)):
        path = [int(states[place]) for (states, _), place in zip(steps, places, strict=True)]
        padded = [boundary] * order + path + [boundary]
        score = sum(scores[place] for (_, scores), place in zip(steps, places, strict=True))
        score += sum(transitions[tuple(padded[i : i + order + 1])] for i in range(len(path) + 1))
        best = max(best, (float(score), path), key=lambda found: found[0])
    return best


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("seed", range(20))
def test_the_path_is_the_best_of_all_paths(order, seed):
    random = np.random.default_rng(seed)
    states = int(random.integers(2, 5))
    transitions = np.log(random.dirichlet(np.ones(states + 1), size=(states + 1,) * order))
    steps = []
    for _ in range(int(random.integers(1, 6))):
        candidates = np.sort(random.choice(states, size=random.integers(1, states + 1), replace=False))
        steps.append((candidates, np.log(random.random(len(candidates)))))
    path, score = viterbi(steps, transitions)
    expected_score, expected_path = by_brute_force(steps, transitions)
    assert path == expected_path
    assert score == pytest.approx(expected_score)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("seed", range(10))
def test_posteriors_add_up_all_paths(order, seed):
    random = np.random.default_rng(seed)
    transitions = np.log(random.dirichlet(np.ones(5), size=(5,) * order))
    steps = []
    for _ in range(int(random.integers(1, 6))):
        candidates = np.sort(random.choice(4, size=random.integers(1, 5), replace=False))
        steps.append((candidates, np.log(random.random(len(candidates)))))
    weights = [np.zeros(len(states)) for states, _ in steps]
    for places in product(*(range(len(states)) for states, _ in steps)):
        alone = [(states[[place]], scores[[place]]) for (states, scores), place in zip(steps, places, strict=True)]
        _, score = viterbi(alone, transitions)
        for weight, place in zip(weights, places, strict=True):
            weight[place] += np.exp(score)
    for found, weight in zip(posteriors(steps, transitions), weights, strict=True):
        assert found == pytest.approx(weight / weight.sum())


def test_janet_will_back_the_bill():
    # Jurafsky & Martin, Speech and Language Processing (3rd ed. draft), "Part of Speech Tagging", their two tables.
    tags = ["NNP", "MD", "VB", "JJ", "NN", "RB", "DT"]
    rows = [
        [0.3777, 0.0110, 0.0009, 0.0084, 0.0584, 0.0090, 0.0025],
        [0.0008, 0.0002, 0.7968, 0.0005, 0.0008, 0.1698, 0.0041],
        [0.0322, 0.0005, 0.0050, 0.0837, 0.0615, 0.0514, 0.2231],
        [0.0366, 0.0004, 0.0001, 0.0733, 0.4509, 0.0036, 0.0036],
        [0.0096, 0.0176, 0.0014, 0.0086, 0.1216, 0.0177, 0.0068],
        [0.0068, 0.0102, 0.1011, 0.1012, 0.0120, 0.0728, 0.0479],
        [0.1147, 0.0021, 0.0002, 0.2157, 0.4744, 0.0102, 0.0017],
        [0.2767, 0.0006, 0.0031, 0.0453, 0.0449, 0.0510, 0.2026],  # at the start of a sentence
    ]
    likelihoods = {
        "Janet": {"NNP": 0.000032},
        "will": {"MD": 0.308431, "VB": 0.000028, "NN": 0.000200},
        "back": {"VB": 0.000672, "JJ": 0.000340, "NN": 0.000223, "RB": 0.010446},
        "the": {"NNP": 0.000048, "DT": 0.506099},
        "bill": {"VB": 0.000028, "NN": 0.002337},
    }
    transitions = np.log(np.c_[rows, np.ones(8)])  # the example gives no probability to a sentence's end
    steps = [
        (np.array([tags.index(tag) for tag in found]), np.log(list(found.values()))) for found in likelihoods.values()
    ]
    path, score = viterbi(steps, transitions)
    assert [tags[state] for state in path] == ["NNP", "MD", "VB", "DT", "NN"]
    by_hand = 0.2767 * 0.000032 * 0.0110 * 0.308431 * 0.7968 * 0.000672 * 0.2231 * 0.506099 * 0.4744 * 0.002337
    assert score == pytest.approx(np.log(by_hand))


@pytest.mark.parametrize("order", [1, 2])
def test_a_sentence_without_words_has_a_path_without_states(order):
    transitions = np.log(np.full((3,) * (order + 1), 1 / 3))
    assert viterbi([], transitions) == ([], pytest.approx(np.log(1 / 3)))


@pytest.mark.parametrize("order", [1, 2])
def test_five_thousand_positions_do_not_underflow(order):
    transitions = np.log(np.full((6,) * (order + 1), 1 / 6))
    path, score = viterbi([(np.arange(5), np.log(np.full(5, 1e-9)))] * 5000, transitions)
    assert path == [0] * 5000
    assert np.isfinite(score)
    assert posteriors([(np.arange(5), np.log(np.full(5, 1e-9)))] * 5000, transitions)[2500] == pytest.approx([0.2] * 5)
