"""Numbers in, inline SVG out: lines, histograms, intervals and bars. Colours come from the page's style sheet.

Everything that is not a number passes through `Markup.format`, which escapes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from markupsafe import Markup

WIDTH, HEIGHT = 420, 220  # of a chart, in CSS pixels
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 34  # its margins
STYLES = 8  # of lines, in the page's style sheet
POINTS = 400  # a longer line is thinned out: more cannot be seen


@dataclass(frozen=True)
class Line:
    name: str
    points: list[tuple[float, float]]  # (x, y), x rising


def figure(value: float) -> str:
    """A number as people read it: thousands apart, as many decimals as its magnitude deserves."""
    if not isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 0.01:
        return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
    return f"{value:.2g}"


def drawing(width: float, height: float, label: str, body: Iterable[Markup], style: str) -> Markup:
    """An <svg> that scales with its column and is read out as `label`."""
    template = Markup(
        '<svg class="{style}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        'aria-label="{label}"><title>{label}</title>{body}</svg>'
    )
    inner = Markup("").join(body)
    return template.format(style=style, width=_n(width), height=_n(height), label=label, body=inner)


def text(x: float, y: float, content: str, anchor: str = "start", style: str = "") -> Markup:
    template = Markup('<text x="{x}" y="{y}" text-anchor="{anchor}" class="{style}">{content}</text>')
    return template.format(x=_n(x), y=_n(y), anchor=anchor, style=style, content=content)


def rule(x1: float, y1: float, x2: float, y2: float, style: str) -> Markup:
    template = Markup('<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{style}"/>')
    return template.format(x1=_n(x1), y1=_n(y1), x2=_n(x2), y2=_n(y2), style=style)


def box(x: float, y: float, width: float, height: float, style: str, title: str = "") -> Markup:
    template = Markup('<rect x="{x}" y="{y}" width="{width}" height="{height}" class="{style}">{title}</rect>')
    inner = Markup("<title>{}</title>").format(title) if title else Markup("")
    return template.format(
        x=_n(x), y=_n(y), width=_n(max(width, 0)), height=_n(max(height, 0)), style=style, title=inner
    )


def path(points: Sequence[tuple[float, float]], style: str) -> Markup:
    steps = " ".join(f"{'L' if i else 'M'}{_n(x)} {_n(y)}" for i, (x, y) in enumerate(points))
    return Markup('<path d="{steps}" class="{style}"/>').format(steps=steps, style=style)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers that span low to high, about so many: steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / about
    magnitude = 10.0 ** floor(log10(rough))
    step = next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def lines(series: Sequence[Line], x_name: str, y_name: str) -> Markup:
    """Lines over a shared grid: training curves, mostly. A line is told by its dashes as well as by its colour."""
    points = [(x, y) for line in series for x, y in line.points if isfinite(y)]
    if not points:
        return Markup("")
    xs, ys = [x for x, _ in points], [y for _, y in points]
    y_ticks = ticks(min(ys), max(ys))
    x_low, x_high = min(xs), max(xs)
    x_span = (x_high - x_low) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - x_low) / x_span * (WIDTH - LEFT - RIGHT)
        down = TOP + (y_ticks[-1] - y) / (y_ticks[-1] - y_ticks[0]) * (HEIGHT - TOP - BOTTOM)
        return across, down

    body = []
    for tick in y_ticks:
        _, y = place(x_low, tick)
        body += [rule(LEFT, y, WIDTH - RIGHT, y, "grid"), text(LEFT - 8, y + 4, figure(tick), "end", "tick")]
    for tick in (t for t in ticks(x_low, x_high, 5) if x_low <= t <= x_high and t == int(t)):
        x, _ = place(tick, y_ticks[0])
        body.append(text(x, HEIGHT - BOTTOM + 16, figure(tick), "middle", "tick"))
    body.append(text(WIDTH - RIGHT, HEIGHT - 4, x_name, "end", "axis"))
    for i, line in enumerate(series):
        shown = [place(x, y) for x, y in _thinned(line.points) if isfinite(y)]
        style = f"series s{i % STYLES + 1}"
        if len(shown) == 1:
            body.append(box(shown[0][0] - 3, shown[0][1] - 3, 6, 6, f"dot s{i % STYLES + 1}"))
        elif shown:
            body.append(path(shown, style))
    told = "; ".join(f"{line.name} ends at {figure(line.points[-1][1])}" for line in series if line.points)
    return drawing(WIDTH, HEIGHT, f"{y_name} over {x_name}: {told}", body, "chart")


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    low: float
    high: float
    name: str
    joined: bool  # by a line with the others that are


def points(shown: Sequence[Point], x_name: str, y_name: str) -> Markup:
    """Measured points with their intervals and names; a line goes through those that belong together."""
    if not shown:
        return Markup("")
    ordered = sorted(shown, key=lambda point: (point.x, point.name))
    x_ticks = ticks(0.0, max(point.x for point in shown), 5)
    y_ticks = ticks(0.0, max(point.high for point in shown))

    def across(x: float) -> float:
        return LEFT + x / x_ticks[-1] * (WIDTH - LEFT - RIGHT)

    def down(y: float) -> float:
        return TOP + (1 - y / y_ticks[-1]) * (HEIGHT - TOP - BOTTOM)

    body = []
    for tick in y_ticks:
        body += [rule(LEFT, down(tick), WIDTH - RIGHT, down(tick), "grid")]
        body += [text(LEFT - 8, down(tick) + 4, figure(tick), "end", "tick")]
    body += [text(across(tick), HEIGHT - BOTTOM + 16, figure(tick), "middle", "tick") for tick in x_ticks]
    body.append(text(WIDTH - RIGHT, HEIGHT - 4, x_name, "end", "axis"))
    line = [(across(point.x), down(point.y)) for point in ordered if point.joined]
    if len(line) > 1:
        body.append(path(line, "series s1"))
    for number, point in enumerate(ordered, start=1):
        x, y = across(point.x), down(point.y)
        style = "s1" if point.joined else "s2"
        told = f"{point.name}: {figure(point.y)} at {figure(point.x)}"
        body.append(rule(x, down(point.low), x, down(point.high), "spread"))
        body.append(box(x - 4, y - 4, 8, 8, f"dot {style}", told))
        body.append(text(x + 7, y - 6, str(number), "start", "label"))
    told = "; ".join(f"{point.name} {figure(point.y)} at {figure(point.x)}" for point in ordered)
    return drawing(WIDTH, HEIGHT, f"{y_name} over {x_name}: {told}", body, "chart")


@dataclass(frozen=True)
class Bins:
    """Counts in bins of one width. The last bin also holds everything above it where `open` is true."""

    width: float
    counts: list[int]
    start: float = 0.0
    open: bool = False


def histogram(main: Bins, outline: Bins | None, x_name: str, names: tuple[str, str]) -> Markup:
    """Shares of records by length: filled bars for `main`, and for `outline` (the same bins) a stepped line."""
    total = sum(main.counts) or 1
    shares = [100 * count / total for count in main.counts]
    beside = [100 * count / (sum(outline.counts) or 1) for count in outline.counts] if outline else []
    y_ticks = ticks(0.0, max([*shares, *beside, 1.0]), 3)
    count = len(shares)
    across = (WIDTH - LEFT - RIGHT) / count
    height = HEIGHT - TOP - BOTTOM

    def down(share: float) -> float:
        return TOP + (1 - share / y_ticks[-1]) * height

    body = []
    for tick in y_ticks:
        body.append(rule(LEFT, down(tick), WIDTH - RIGHT, down(tick), "grid"))
        body.append(text(LEFT - 8, down(tick) + 4, f"{figure(tick)} %", "end", "tick"))
    for i, share in enumerate(shares):
        low = main.start + i * main.width
        last = main.open and i == count - 1
        span = f"{figure(low)} and more" if last else f"{figure(low)} to {figure(low + main.width)}"
        title = f"{span}: {main.counts[i]:,} ({share:.1f} %)"
        body.append(box(LEFT + i * across + 0.5, down(share), across - 1, down(0) - down(share), "bar", title))
    if beside:
        steps: list[tuple[float, float]] = [(LEFT, down(0))]
        for i, share in enumerate(beside):
            steps += [(LEFT + i * across, down(share)), (LEFT + (i + 1) * across, down(share))]
        body.append(path([*steps, (WIDTH - RIGHT, down(0))], "outline"))
    end = main.start + count * main.width
    for tick in (t for t in ticks(main.start, end, 5) if main.start <= t <= end):
        x = LEFT + (tick - main.start) / (end - main.start) * (WIDTH - LEFT - RIGHT)
        body.append(text(x, HEIGHT - BOTTOM + 16, figure(tick), "middle", "tick"))
    body.append(text(WIDTH - RIGHT, HEIGHT - 4, x_name, "end", "axis"))
    top = max(range(count), key=lambda i: main.counts[i])
    told = f"{total:,} in {names[0]}, most at {figure(main.start + top * main.width)}"
    told += f", beside {sum(outline.counts):,} in {names[1]}" if outline else ""
    return drawing(WIDTH, HEIGHT, f"Share of records by {x_name}: {told}", body, "chart")


def interval(value: float, low: float | None, high: float | None, baseline: float | None, top: float) -> Markup:
    """A score on a scale from 0 to `top`: a bar, its interval as a whisker, the baseline as a tick."""
    width, height = 300, 18

    def across(number: float) -> float:
        return 1 + min(max(number / top, 0.0), 1.0) * (width - 2)

    body = [box(0, 6, width, 6, "track"), box(0, 6, across(value), 6, "fill")]
    told = figure(value)
    if low is not None and high is not None:
        body += [rule(across(low), 9, across(high), 9, "whisker")]
        body += [rule(across(x), 5, across(x), 13, "whisker") for x in (low, high)]
        told += f", 95 % interval {figure(low)} to {figure(high)}"
    if baseline is not None:
        body.append(rule(across(baseline), 1, across(baseline), 17, "baseline"))
        told += f", baseline {figure(baseline)}"
    return drawing(width, height, f"{told}, on a scale from 0 to {figure(top)}", body, "interval")


def meter(share: float, label: str) -> Markup:
    """A horizontal bar that fills `share` (0 to 1) of its column."""
    return drawing(160, 8, label, [box(0, 0, 160 * share, 8, "bar")], "meter")


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    stride = ceil(len(points) / POINTS)
    return [*points[:-1][::stride], points[-1]] if stride > 1 else points


def _n(value: float) -> str:
    """A coordinate: two decimals at most, no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
