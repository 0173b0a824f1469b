"""How many watch, day by day: series in the form of the M4 competition's files (Makridakis et al. 2020).

A series is a show's viewers (in thousands) since its first day: a level that grows or sinks towards where the show
settles, and wanders a little; a week in which the nights of the show's kind are the good ones; chance, and now and then
a special night. Shows of one kind share the shape of their week and not its strength, and what rises levels off: so
much can be learnt from many shows that no single one tells. The days after the last of `Train` are in `Test`.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from random import Random

PERIOD = 7  # days
HORIZON = 14  # days that are asked for
DAYS = (60, 200)  # of history: fewest, most
# What a night of the week is worth beside a mean one, as a logarithm; a kind of show a row.
WEEKS = (
    (0.10, 0.16, 0.14, 0.18, 0.02, -0.34, -0.26),  # a soap of weekday nights
    (-0.24, -0.28, -0.22, -0.14, 0.10, 0.44, 0.34),  # a show of weekends
    (-0.10, -0.12, 0.34, -0.08, -0.06, -0.02, 0.04),  # an episode each Wednesday, told of for days
    (-0.06, -0.08, -0.06, -0.04, 0.02, 0.10, 0.12),  # a talk show that people watch when they can
)
LEVELS = (30.0, 3000.0)  # thousand viewers of the first day: fewest, most
SETTLES = (25.0, 120.0)  # days in which what is left of a rise or fall shrinks to a third: fewest, most
RISE = 0.9  # standard deviation of the logarithm of the whole rise or fall
WANDERS = 0.006  # of what a day changes for good
CHANCE = 0.04  # of one day
SPECIAL, WORTH = 0.01, 0.25  # the share of special nights, and the logarithm of what such a night is worth


def show(rng: Random, days: int) -> list[float]:
    """Thousand viewers of each day [days], all above 0."""
    strength = rng.uniform(0.5, 1.3)
    week = [strength * worth + rng.gauss(0, 0.03) for worth in rng.choice(WEEKS)]
    level = rng.uniform(*map(math.log, LEVELS))
    rise, settles = rng.gauss(0, RISE), rng.uniform(*SETTLES)
    first = rng.randrange(PERIOD)  # the night of the first day
    viewers = []
    for day in range(days):
        grown = rise * (1 - math.exp(-day / settles))
        special = WORTH if rng.random() < SPECIAL else 0.0
        tonight = level + grown + week[(first + day) % PERIOD] + special + rng.gauss(0, CHANCE)
        viewers.append(round(math.exp(tonight), 2))
        level += rng.gauss(0, WANDERS)
    return viewers


def write_series(seed: int, count: int, folder: Path) -> None:
    """`Train/Daily-train.csv`, and the next days of the same shows as `Test/Daily-test.csv`."""
    rng = Random(f"{seed} series")
    shows = [show(rng, rng.randint(*DAYS) + HORIZON) for _ in range(count)]
    for split, rows in (
        ("train", [viewers[:-HORIZON] for viewers in shows]),
        ("test", [viewers[-HORIZON:] for viewers in shows]),
    ):
        place = folder / split.capitalize() / f"Daily-{split}.csv"
        place.parent.mkdir(parents=True)
        place.write_text(table(rows), encoding="utf-8")


def table(rows: Sequence[Sequence[float]]) -> str:
    """M4's CSV: a header, and a series a row behind its name; cells are quoted, and those after its end are empty."""
    width = max(map(len, rows))
    lines = [[f'"V{number}"' for number in range(1, width + 2)]]
    for number, row in enumerate(rows, 1):
        lines.append([f'"D{number}"', *(f'"{value}"' for value in row), *[""] * (width - len(row))])
    return "".join(",".join(line) + "\n" for line in lines)
