"""A matrix of numbers in, a heat map out: a PNG in a data URI, inside an SVG that carries the labels.

A picture of pixels keeps a log-mel of a thousand frames at some kilobytes, where rectangles would take a megabyte.
"""

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from pipeline.report import svg

Colour = tuple[int, int, int, int]  # red, green, blue, alpha

# Dark blue over magenta and orange to pale yellow: lightness rises evenly, so that it also reads in grey.
SPECTRUM = [
    (0, 0, 8),
    (30, 16, 78),
    (88, 22, 116),
    (148, 44, 118),
    (206, 72, 88),
    (244, 122, 58),
    (252, 188, 92),
    (252, 250, 200),
]
WIDEST = 120  # tokens on a side of an attention map
END = "</s>"
WALK_HEIGHT = 560  # pixels that a text takes at most, unless its letters would be lines
ACCENT = (47, 111, 208)  # stands on white and on near-black alike; the weight is its opacity


def png(levels: np.ndarray, palette: Sequence[Colour]) -> bytes:
    """An image of palette indices, uint8 [H, W] → the bytes of a PNG (RFC 2083: indexed colour, 8 bits)."""
    height, width = levels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    rows = np.hstack([np.zeros((height, 1), np.uint8), levels.astype(np.uint8)])  # [H, 1 + W]: filter 0 before each row
    colours = b"".join(bytes(colour[:3]) for colour in palette)
    opacity = bytes(colour[3] for colour in palette)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", colours),
        (b"tRNS", opacity),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def spectrogram(bands: np.ndarray, seconds: float, name: str, labels: Sequence[tuple[float, str]] = ()) -> Markup:
    """A log spectrum [T, F] as a picture: time to the right, frequency upwards, the loudest 80 dB shown.

    `labels` are frequencies by their place: (share of the height from below, text).
    """
    top = float(bands.max(initial=-80.0))
    span = 80 / 10 * np.log(10)  # 80 dB of power, in natural logarithms
    levels = np.clip((bands - (top - span)) / span, 0, 1) * 255
    left, height, width = 44, 96, 640
    image = _image(np.flipud(levels.T.astype(np.uint8)), SPECTRUM_PALETTE, left, 0, width, height, smooth=True)
    body = [image]
    for share, label in labels:
        body.append(
            svg.text(
                left - 6, height * (1 - share) + (8 if share > 0.95 else 4 if share > 0.02 else 0), label, "end", "tick"
            )
        )
    for tick in (t for t in svg.ticks(0, seconds, 6) if t <= seconds):
        x = left + tick / seconds * width
        body += [svg.rule(x, height, x, height + 4, "axisline")]
        body += [svg.text(x, height + 16, f"{svg.figure(tick)} s", "start" if tick == 0 else "middle", "tick")]
    label = f"Log-mel spectrogram of {name}, {seconds:.1f} seconds"
    return svg.drawing(left + width + 16, height + 20, label, body, "picture")


def attention(weights: np.ndarray, columns: Sequence[str], rows: Sequence[str], name: str) -> Markup:
    """Attention [U, T] (a row an output token) with its tokens: the darker a cell, the higher its weight."""
    height, width = weights.shape
    label = f"Attention for {name}: {height} output tokens over {width} source tokens"
    return _matrix(weights / max(float(weights.max(initial=0)), 1e-9), columns, rows, label)


def confusion(counts: np.ndarray, columns: Sequence[str], rows: Sequence[str], name: str) -> Markup:
    """How often what should be a row's label was given a column's [R, C]: the darker, the greater the share of the
    row, by its cube root: a hundredth can be seen, and a half told from all."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    label = f"Confusions of {name}: {len(rows)} labels of the reference, {len(columns)} that were given"
    return _matrix(np.cbrt(shares), columns, rows, label)


def _matrix(shades: np.ndarray, columns: Sequence[str], rows: Sequence[str], label: str) -> Markup:
    """Cells [H, W] from 0 to 1 with the names of their rows and columns."""
    cell = 18
    rows, columns = ([token.replace("\u2581", "_") for token in tokens] for tokens in (rows, columns))  # a heavy bar
    left = 12 + 7.5 * max((len(row) for row in rows), default=0)
    above = 16 + 6.8 * max((len(column) for column in columns), default=0)
    height, width = shades.shape
    levels = np.clip(shades, 0, 1) * 255
    body = [svg.box(left, above, width * cell, height * cell, "frame")]
    body.append(_image(levels.astype(np.uint8), ACCENT_PALETTE, left, above, width * cell, height * cell))
    for u, row in enumerate(rows[:height]):
        body.append(svg.text(left - 6, above + (u + 0.7) * cell, row, "end", "token"))
    turned = Markup('<text transform="translate({x} {y}) rotate(-60)" class="token">{content}</text>')
    for t, column in enumerate(columns[:width]):
        body.append(turned.format(x=round(left + (t + 0.7) * cell, 2), y=above - 6, content=column))
    return svg.drawing(left + width * cell + 48, above + height * cell + 2, label, body, "attention")


def between(weights: np.ndarray, source: Sequence[str], target: Sequence[str], name: str) -> Markup:
    """Attention [U, S] between the tokens of two texts. Models attend to the end of the source, and write their own
    end, too: `</s>`. What a batch was filled up with weighs nothing and is left out, as is what would be too wide."""
    sides = []
    for tokens, used in ((source, weights.any(axis=0)), (target, weights.any(axis=1))):
        length = min(max(len(tokens), int(np.flatnonzero(used)[-1]) + 1), WIDEST)
        sides.append([*tokens, *[END] * (length - len(tokens))][:length])
    columns, rows = sides
    return attention(weights[: len(rows), : len(columns)], columns, rows, name)


def walk(weights: np.ndarray, tokens: Sequence[str], name: str, seconds: float | None) -> Markup:
    """Weights [U, T] between tokens and the steps of a sound: time to the right, the text downwards.

    `seconds` is how long the sound is; None: the axis counts steps.
    """
    height, width = weights.shape
    cell = min(max(WALK_HEIGHT / height, 3.0), 16.0)
    stride = -(-10 // max(1, int(cell)))  # every so many tokens are named: others would overlap
    shown = ["\u2423" if token.isspace() else token.replace("\u2581", "_") for token in tokens]  # an open box
    left, across = max(44.0, 16 + 7.5 * max((len(token) for token in shown), default=0)), 640.0
    levels = np.clip(weights / max(float(weights.max(initial=0)), 1e-9), 0, 1) * 255
    down = height * cell
    body = [_image(levels.astype(np.uint8), ACCENT_PALETTE, left, 0, across, down)]
    body.append(svg.box(left, 0, across, down, "frame"))
    body += [svg.text(left - 6, (u + 0.5) * cell + 4, shown[u], "end", "token") for u in range(0, height, stride)]
    end, unit = (float(width), "") if seconds is None else (seconds, " s")
    for tick in (t for t in svg.ticks(0, end, 6) if t <= end):
        x = left + tick / end * across
        body += [svg.rule(x, down, x, down + 4, "axisline")]
        body += [svg.text(x, down + 16, f"{svg.figure(tick)}{unit}", "start" if tick == 0 else "middle", "tick")]
    label = f"Alignment for {name}: {height} tokens over {width} steps"
    return svg.drawing(left + across + 16, down + 20, label, body, "picture")


def _image(
    levels: np.ndarray, palette: Sequence[Colour], x: float, y: float, width: float, height: float, smooth: bool = False
) -> Markup:
    data = base64.b64encode(png(levels, palette)).decode("ascii")
    template = Markup(
        '<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" class="{style}" '
        'href="data:image/png;base64,{data}"/>'
    )
    return template.format(x=x, y=y, width=width, height=height, style="smooth" if smooth else "cells", data=data)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _blend(anchors: Sequence[tuple[int, int, int]], count: int = 256) -> list[Colour]:
    """Colours between anchors that stand at even distances."""
    places = np.linspace(0, len(anchors) - 1, count)
    channels = [np.interp(places, np.arange(len(anchors)), [anchor[c] for anchor in anchors]) for c in range(3)]
    return [(round(float(r)), round(float(g)), round(float(b)), 255) for r, g, b in zip(*channels, strict=True)]


SPECTRUM_PALETTE = _blend(SPECTRUM)
ACCENT_PALETTE: list[Colour] = [(*ACCENT, weight) for weight in range(256)]
