import base64
import struct
import zlib
from xml.etree import ElementTree

import numpy as np

from pipeline.report import heat


def pixels(image: bytes) -> tuple[tuple[int, int], np.ndarray]:
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    chunks = {}
    place = 8
    while place < len(image):
        (length,) = struct.unpack(">I", image[place : place + 4])
        name, content = image[place + 4 : place + 8], image[place + 8 : place + 8 + length]
        (check,) = struct.unpack(">I", image[place + 8 + length : place + 12 + length])
        assert check == zlib.crc32(name + content)
        chunks[name] = content
        place += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert not rows[:, 0].any()
    return (width, height), rows[:, 1:]


def test_png_holds_its_levels():
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    size, found = pixels(heat.png(levels, heat.SPECTRUM_PALETTE))
    assert size == (3, 2)
    assert (found == levels).all()


def test_palettes_have_256_colours():
    assert len(heat.SPECTRUM_PALETTE) == len(heat.ACCENT_PALETTE) == 256
    assert all(
        0 <= channel <= 255
        for palette in (heat.SPECTRUM_PALETTE, heat.ACCENT_PALETTE)
        for c in palette
        for channel in c
    )


def test_attention_has_a_label_a_token():
    weights = np.array([[0.9, 0.1, 0.0], [0.0, 0.2, 0.8]])
    picture = ElementTree.fromstring(str(heat.attention(weights, ["<a>", "b", "c"], ["x", "y"], "s1")))
    assert [text.text for text in picture.findall("text")] == ["x", "y", "<a>", "b", "c"]


def test_confusions_are_shares_of_their_row():
    counts = np.array([[1000, 1, 0], [5, 5, 0], [0, 0, 0]])
    picture = ElementTree.fromstring(str(heat.confusion(counts, ["<a>", "b", "c"], ["<a>", "b", "c"], "s1")))
    assert [text.text for text in picture.findall("text")] == ["<a>", "b", "c"] * 2
    data = picture.find("image").attrib["href"].removeprefix("data:image/png;base64,")
    size, levels = pixels(base64.b64decode(data))
    assert size == (3, 3)
    assert levels.tolist() == [[254, 25, 0], [202, 202, 0], [0, 0, 0]]


def test_attention_between_texts_shows_their_ends_and_leaves_padding_out():
    weights = np.zeros((3, 6))
    weights[:, 2] = 1
    picture = ElementTree.fromstring(str(heat.between(weights, ["a", "b"], ["x", "y"], "s1")))
    assert [text.text for text in picture.findall("text")] == ["x", "y", "</s>", "a", "b", "</s>"]
    long = ElementTree.fromstring(str(heat.between(np.eye(300), ["a"] * 300, ["b"] * 300, "s1")))
    assert len(long.findall("text")) == 2 * heat.WIDEST


def test_spectrogram_of_silence():
    picture = ElementTree.fromstring(str(heat.spectrogram(np.full((3, 80), -23.0), 0.05, "s1", [(0.5, "1 kHz")])))
    assert picture.get("aria-label") == "Log-mel spectrogram of s1, 0.1 seconds"


def test_a_walk_reads_downwards_and_names_every_token():
    weights = np.zeros((3, 8))
    weights[1, 5] = 1
    drawn = heat.walk(weights, ["a", " ", "<b>"], "x", 2.0)
    root = ElementTree.fromstring(drawn.replace("href=", "link="))
    (image,) = root.findall("image")
    assert float(image.get("width", 0)) == 640
    texts = [text.text for text in root.findall("text")]
    assert texts[:3] == ["a", "\u2423", "<b>"]
    assert texts[-1] == "2 s"
    assert root.get("aria-label") == "Alignment for x: 3 tokens over 8 steps"


def test_a_long_text_names_some_of_its_tokens():
    drawn = heat.walk(np.eye(150), ["a"] * 150, "x", None)
    root = ElementTree.fromstring(drawn.replace("href=", "link="))
    assert 30 < sum(text.text == "a" for text in root.findall("text")) < 60
    assert float(root.get("height", 0)) < 600
