from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np

from pipeline.report import heat, standalone

EVIL = "<script>alert('x')</script> & \"quoted\""
WEIGHTS = np.array([[0.9, 0.1, 0.0], [0.0, 0.2, 0.8]])


def test_an_svg_file_stands_alone_and_is_escaped():
    written = standalone.svg(heat.between(WEIGHTS, [EVIL, "b"], ["x"], EVIL))
    root = ElementTree.fromstring(written)
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert [text.text for text in root.iter(f"{space}text")] == ["x", "</s>", EVIL, "b", "</s>"]
    assert ".token" in (root.find(f"{space}style").text or "")  # type: ignore[union-attr]
    assert written.count("<svg") == 1 and "<script" not in written


def test_a_page_names_its_texts_and_loads_nothing():
    tags = []

    class Page(HTMLParser):
        def handle_starttag(self, tag, attributes):
            tags.append(tag)
            for name, value in attributes:
                assert name not in ("src", "onerror") and (name != "href" or value.startswith("data:image/png"))

    drawing = heat.between(WEIGHTS, ["a", "b"], ["x", "y"], "mt")
    page = standalone.html(drawing, EVIL, {"input": EVIL, "output": "x y"})
    Page().feed(page)
    assert {"svg", "h1", "p"} <= set(tags) and "script" not in tags
    assert "default-src 'none'" in page
