"""CSV of series in, of forecasts out: M4's form, a series a line, long tables with dates; what is no number."""

import pytest

from pipeline.problems import Problem
from pipeline.timeseries import Series, following, forecast, header, read


def series(text: str) -> list[Series]:
    return list(read(iter(text.splitlines()), "given.csv"))


def shown(text: str) -> list[tuple[str, list[float]]]:
    return [(one.name, one.values) for one in series(text)]


@pytest.mark.parametrize(
    "text",
    [
        '"V1","V2","V3","V4"\n"A","1","2.5","-3"\n"B","4",,\n',  # M4's
        "id,1,2,3\nA,1,2.5,-3\nB,4\n",
        "\nA;1;2.5;-3\n\nB;4;;\n",
        "A\t1\t 2.5\t-3e0\nB\t4\n",
        "series,day,viewers\nA,1,1\nA,2,2.5\nB,1,4\nA,3,-3\n",  # long
    ],
)
def test_forms_of_two_series(text: str) -> None:
    assert shown(text) == [("A", [1, 2.5, -3]), ("B", [4])]


def test_series_without_names_are_numbered() -> None:
    assert shown("1,2,3\n4,5\n") == [("1", [1, 2, 3]), ("2", [4, 5])]
    assert shown("date,value\n2026-01-01,1\n2026-01-02,2\n") == [("1", [1, 2])]
    assert shown("1\n2\n") == shown("value\n1\n2\n") == [("1", [1, 2])]
    assert shown(",,,\n") == shown("") == shown("\n \n") == shown("V1,V2\n") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A,1,nan,3", "given.csv, line 1: A: value 2 is 'nan', and no number"),
        ("A,1,,3", "given.csv, line 1: A: value 2 is 'empty', and no number"),
        ("id,a,b\n\nA,1,2\nA,2,inf", "given.csv, line 4: A: 2 is 'inf', and no number"),
        ("A,1,-2e30", "given.csv, line 1: A: value 2 is -2e30, too large"),
        ("A,1\nB,,", "given.csv, line 2: B has no value"),
        ("A,1\nB,1,x", "given.csv, line 2: B: value 2 is 'x', and no number"),
        ("id,day,value\nA,1", "given.csv, line 2: 2 cells under 3 names"),
        ("A,1\nB,\x00,'", "given.csv, line 2: "),
    ],
)
def test_what_is_no_number_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(Problem, match=told):
        series(text)


@pytest.mark.parametrize(
    ("dates", "next_ones"),
    [
        (["2026-11-29", "2026-11-30"], ["2026-12-01", "2026-12-02"]),
        (["2026-11-23", "2026-11-30"], ["2026-12-07", "2026-12-14"]),
        (["2026-10-15", "2026-11-15"], ["2026-12-15", "2027-01-15"]),
        (["2025-11-30", "2025-12-31"], ["2026-01-31", "2026-02-28"]),  # the ends of months
        (["2024-02-29", "2025-02-28"], ["2026-02-28", "2027-02-28"]),
        (["2026-11", "2026-12"], ["2027-01", "2027-02"]),
        (["2026-11-30 22:00", "2026-11-30 23:00"], ["2026-12-01 00:00", "2026-12-01 01:00"]),
        (["2026-11-30T23:00:00", "2026-11-30T23:30:00"], ["2026-12-01T00:00:00", "2026-12-01T00:30:00"]),
        (["1", "2"], ["3", "4"]),
        (["2015", "2020"], ["2025", "2030"]),
    ],
)
def test_dates_go_on_as_they_went(dates: list[str], next_ones: list[str]) -> None:
    assert following(dates, 2) == next_ones


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (["2026-11-30"], "at least two"),
        (["1.5", "2.5"], "2026-11-30, or as a whole number"),
        (["2026-11-30", "30.11.2026"], "2026-11-30, or as a whole number"),
        (["2026-11-30", "2026-11-30"], "sort the series"),
        (["3", "1", "2"], "the date 1 stands behind 3"),
        (["5000-01-01", "9999-01-01"], "calendar's end"),
    ],
)
def test_dates_that_cannot_go_on_are_told(dates: list[str], told: str) -> None:
    with pytest.raises(Problem, match=told):
        following(dates, 2)


def test_a_forecast_is_a_line_a_step() -> None:
    (one,) = series('id,1,2\n"a ""b"", c",1,2\n')
    assert header(one, 0.95) == "id,step,forecast,lower_95,upper_95"
    lines = list(forecast(one, [12345678.9, 1 / 3], [0, -0.5], [1e9, 1]))
    assert lines == ['"a ""b"", c",1,12345679,0,1000000000', '"a ""b"", c",2,0.3333333,-0.5,1']


def test_a_forecast_that_is_no_number_is_told() -> None:
    with pytest.raises(Problem, match=r"given.csv, line 1: A: its forecast is no finite number"):
        list(forecast(Series("A", "given.csv, line 1", [1.0]), [1.0], [float("nan")], [1.0]))


def test_a_long_table_goes_on_with_its_names_and_dates() -> None:
    (one,) = series("show,day,viewers\nA,2026-01-30,1\nA,2026-01-31,2\n")
    assert header(one, 0.8) == "show,day,forecast,lower_80,upper_80"
    assert list(forecast(one, [3.0], [2.0], [4.0])) == ["A,2026-02-01,3,2,4"]
    with pytest.raises(Problem, match=r"given.csv, line 2: A: the date '2'"):
        list(forecast(Series("A", "given.csv, line 2", [1.0], ["2"]), [1.0], [1.0], [1.0]))
