from pathlib import Path

import numpy as np
import pytest

from pipeline.outcomes import Forecast, Interval, Outcomes, OutcomesWriter, Weighed, read_outcomes
from pipeline.problems import Problem
from pipeline.records import Hypothesis


def forecast(*values: float) -> Forecast:
    middle = np.array(values)
    return Forecast([], 0.0, values=middle, lower=middle - 1, upper=middle + 2, level=0.9)


def test_intervals_come_back(tmp_path: Path) -> None:
    with OutcomesWriter(tmp_path) as writer:
        writer.add("a", forecast(1.0, 2.0))
        writer.add("b", forecast(3.0))
    assert read_outcomes(tmp_path, 2) == Outcomes([Interval(0.9, [0.0, 1.0], [3.0, 4.0]), Interval(0.9, [2.0], [5.0])])


def test_marginals_come_back_with_their_places(tmp_path: Path) -> None:
    marginals = np.array([[0.0, 0.25, 0.75], [0.0, 1.0, 0.0]])
    with OutcomesWriter(tmp_path) as writer:
        writer.add("a", Weighed([2, 1], -0.3, marginals=marginals))
        writer.add("b", Weighed([], 0.0, marginals=np.zeros((0, 3))))
    found = read_outcomes(tmp_path, 2).marginals
    np.testing.assert_array_equal(found[0], marginals)
    assert len(found[1]) == 0


def test_a_system_of_tokens_alone_writes_no_file(tmp_path: Path) -> None:
    with OutcomesWriter(tmp_path) as writer:
        writer.add("a", Hypothesis([1], 0.0))
    assert list(tmp_path.iterdir()) == []
    assert read_outcomes(tmp_path, 1) == Outcomes()


def test_outcomes_of_other_lines_are_refused(tmp_path: Path) -> None:
    with OutcomesWriter(tmp_path) as writer:
        writer.add("a", forecast(1.0))
    with pytest.raises(Problem, match=r"1 entries for 2 lines: decode anew"):
        read_outcomes(tmp_path, 2)
