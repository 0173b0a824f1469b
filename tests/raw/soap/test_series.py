"""Viewers day by day: M4's files, as many shows as are wanted; weeks that repeat; the same bytes again."""

import csv
import statistics
from pathlib import Path

import pytest

from pipeline.raw.soap.series import DAYS, HORIZON, PERIOD, table, write_series

COUNT = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("world") / "series"
    write_series(3, COUNT, made)
    return made


def rows(file: Path) -> dict[str, list[float]]:
    with file.open(newline="") as stream:
        _, *lines = csv.reader(stream)
    return {name: [float(cell) for cell in cells if cell] for name, *cells in lines}


def test_the_same_shows_in_both_files_of_the_promised_lengths(folder: Path) -> None:
    past, future = rows(folder / "Train" / "Daily-train.csv"), rows(folder / "Test" / "Daily-test.csv")
    assert list(past) == list(future) == [f"D{number}" for number in range(1, COUNT + 1)]
    assert all(DAYS[0] <= len(viewers) <= DAYS[1] for viewers in past.values())
    assert {len(viewers) for viewers in future.values()} == {HORIZON}
    assert min(min(viewers) for viewers in [*past.values(), *future.values()]) > 0


def test_two_runs_give_the_same_bytes_and_another_seed_does_not(folder: Path, tmp_path: Path) -> None:
    file = Path("Train") / "Daily-train.csv"
    write_series(3, COUNT, tmp_path / "again")
    write_series(4, COUNT, tmp_path / "other")
    assert (tmp_path / "again" / file).read_bytes() == (folder / file).read_bytes()
    assert (tmp_path / "other" / file).read_bytes() != (folder / file).read_bytes()


def test_last_week_tells_more_than_yesterday(folder: Path) -> None:
    past, future = rows(folder / "Train" / "Daily-train.csv"), rows(folder / "Test" / "Daily-test.csv")

    def error(days: int) -> float:
        """Of saying the last days again and again: its median over shows, of the truth."""
        return statistics.median(
            abs(past[name][-days:][step % days] - truth) / truth
            for name, viewers in future.items()
            for step, truth in enumerate(viewers)
        )

    assert error(PERIOD) < 0.6 * error(1)


def test_a_table_is_quoted_and_ragged() -> None:
    assert table([[1.5, 20.0], [0.25]]) == '"V1","V2","V3"\n"D1","1.5","20.0"\n"D2","0.25",\n'
