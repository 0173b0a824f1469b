"""CSV as people keep time series in it → their values; forecasts → CSV.

Enters one of two forms, separated by commas, semicolons or tabs:
- a series a line: its name (or none) and its values, under a header line or not. Empty cells at the end are no values,
  so that series of several lengths stand in one table (the M4 competition's form);
- long: a header of three names, and a value a line behind its series' name and its date; or of two names, date and
  value, for one series; or nothing but its values. Dates are whole numbers, or days, months or times as ISO 8601 has
  them.
"""

import csv
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from math import isfinite
from re import fullmatch

from pipeline.problems import Problem

SEPARATORS = ",;\t"
NAMES = {"id", "unique_id", "series", "series_id", "name", "item_id"}  # of a first column, whatever stands beside it
LARGEST = 1e30  # of a value
DATES = ("%Y-%m-%d", "%Y-%m", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")


@dataclass(frozen=True)
class Series:
    name: str
    where: str  # it begins: `sales.csv, line 3`
    values: list[float]  # finite
    dates: list[str] = field(default_factory=list)  # one a value, or none
    columns: tuple[str, str] = ("id", "step")  # what the table calls names and dates


@dataclass(frozen=True)
class _Line:
    number: int
    cells: list[str]


def read(lines: Iterator[str], name: str) -> Iterator[Series]:
    """The series of a file called `name`; those of a long table when all of it is read.

    Raises Problem at what is no number: a gap, NaN, a word.
    """
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        return
    separator = max(SEPARATORS, key=first.count)
    rows = _rows(chain([first], lines), separator, name)
    head = next(rows, None)
    if head is None:
        return
    if len(head.cells) == 1:
        numbered = [head] if _is_number(head.cells[0]) else []
        yield from _long(chain(numbered, rows), ["value"], name)
    elif not _is_header(head.cells):
        yield from _wide(chain([head], rows), name)
    elif len(head.cells) in (2, 3) and not _counted(head.cells):
        yield from _long(rows, head.cells, name)
    else:
        yield from _wide(rows, name)


def _rows(lines: Iterable[str], separator: str, name: str) -> Iterator[_Line]:
    """The lines that hold anything, as cells without the space about them."""
    reader = csv.reader(lines, delimiter=separator)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield _Line(reader.line_num, stripped)
    except csv.Error as error:
        raise Problem(
            f"{name}, line {reader.line_num}: {error}: write it as CSV, with a series or a value a line"
        ) from None


def _is_header(cells: Sequence[str]) -> bool:
    return cells[0].lower() in NAMES or not any(_is_number(cell) for cell in cells)


def _counted(cells: Sequence[str]) -> bool:
    """Whether a header counts its columns, as M4's does: V1, V2, V3."""
    return all(fullmatch(r"[A-Za-z]*\d+", cell) for cell in cells[1:])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _wide(rows: Iterable[_Line], name: str) -> Iterator[Series]:
    for place, row in enumerate(rows, start=1):
        where = f"{name}, line {row.number}"
        cells = list(row.cells)
        while cells and not cells[-1]:
            cells.pop()
        title = str(place) if _is_number(cells[0]) else cells.pop(0)
        if not cells:
            raise Problem(f"{where}: {title} has no value: leave the line out, or write its values behind its name")
        values = [_value(cell, f"{where}: {title}: value {i}") for i, cell in enumerate(cells, start=1)]
        yield Series(title, where, values)


def _long(rows: Iterable[_Line], head: Sequence[str], name: str) -> Iterator[Series]:
    found: dict[str, Series] = {}
    columns = (head[0], head[1]) if len(head) == 3 else ("id", head[0] if len(head) == 2 else "step")
    for row in rows:
        where = f"{name}, line {row.number}"
        if len(row.cells) != len(head):
            raise Problem(
                f"{where}: {len(row.cells)} cells under {len(head)} name{'s' * (len(head) > 1)}: write a value a line"
            )
        *names, cell = row.cells
        title = names[0] if len(head) == 3 else "1"
        series = found.setdefault(title, Series(title, where, [], [], columns))
        series.values.append(_value(cell, f"{where}: {': '.join(names) or 'it'}"))
        series.dates.extend(names[-1:])
    yield from found.values()


def _value(cell: str, where: str) -> float:
    """Raises Problem unless it is a number that can be squared and summed up."""
    number = float(cell) if _is_number(cell) else float("nan")
    if not isfinite(number):
        raise Problem(f"{where} is {cell or 'empty'!r}, and no number: fill the gap, or leave the series out")
    if abs(number) > LARGEST:
        raise Problem(f"{where} is {cell}, too large to reckon with: give it in another unit")
    return number


def following(dates: Sequence[str], count: int) -> list[str]:
    """The next dates, in the form of those before, by the step from the last but one to the last.

    Dates that end two months end those that follow. Raises Problem if dates are not written as they should be, or do
    not rise.
    """
    form = next((form for form in DATES if all(_is_date(date, form) for date in dates)), None)
    whole = all(fullmatch(r"-?\d{1,15}", date) for date in dates)
    if len(dates) < 2 or (form is None and not whole):
        raise Problem(f"the date {dates[-1]!r}: write at least two, each as 2026-11-30, or as a whole number")
    if form is None:
        numbers = [int(date) for date in dates]
        _expect_rising(numbers, dates)
        return [str(numbers[-1] + step * (numbers[-1] - numbers[-2])) for step in range(1, count + 1)]
    times = [datetime.strptime(date, form) for date in dates]
    _expect_rising(times, dates)
    try:
        return [_after(times[-2], times[-1], step).strftime(form) for step in range(1, count + 1)]
    except (OverflowError, ValueError):
        raise Problem(f"{count} dates from {dates[-1]} lie behind the calendar's end: look at the last two") from None


def _expect_rising(places: Sequence[int] | Sequence[datetime], dates: Sequence[str]) -> None:
    for i in range(1, len(places)):
        if not places[i - 1] < places[i]:  # type: ignore[operator]
            raise Problem(f"the date {dates[i]} stands behind {dates[i - 1]}: sort the series by its dates, each once")


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _after(before: datetime, last: datetime, steps: int) -> datetime:
    """`steps` times the way from `before` to `last`: months where both are the same day of one, or its last day."""
    months = 12 * (last.year - before.year) + last.month - before.month
    ends = all(time.day == monthrange(time.year, time.month)[1] for time in (before, last))
    if not months or before.time() != last.time() or not (before.day == last.day or ends):
        return last + steps * (last - before)
    year, month = divmod(12 * last.year + last.month - 1 + steps * months, 12)
    longest = monthrange(year, month + 1)[1]
    return last.replace(year=year, month=month + 1, day=longest if ends else min(last.day, longest))


def header(series: Series, level: float) -> str:
    """`id,step,forecast,lower_95,upper_95`."""
    return _written([*series.columns, "forecast", f"lower_{100 * level:g}", f"upper_{100 * level:g}"])


def forecast(series: Series, values: Sequence[float], lower: Sequence[float], upper: Sequence[float]) -> Iterator[str]:
    """A line a step: the series' name, the date, the value and the ends of its interval.

    Raises Problem where one of these is no finite number.
    """
    if not all(isfinite(number) for side in (values, lower, upper) for number in side):
        raise Problem(f"{series.where}: {series.name}: its forecast is no finite number: look for values out of scale")
    try:
        dates = following(series.dates, len(values)) if series.dates else range(1, len(values) + 1)
    except Problem as problem:
        raise Problem(f"{series.where}: {series.name}: {problem}") from None
    for date, *numbers in zip(dates, values, lower, upper, strict=True):
        yield _written([series.name, str(date), *map(_figure, numbers)])


def _figure(number: float) -> str:
    """Seven digits, or all of those before the point of what people still count."""
    return f"{number:.0f}" if 1e6 <= abs(number) < 1e15 else f"{number:.7g}"


def _written(cells: Sequence[str]) -> str:
    """A line of CSV: what holds a comma or a quotation mark is quoted."""
    return ",".join(f'"{c.replace(chr(34), 2 * chr(34))}"' if set(c) & set(',"') else c for c in cells)
