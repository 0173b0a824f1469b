"""A drawing of the report in, a file of its own out: SVG, or a page of HTML, with the style that it needs inside."""

from collections.abc import Mapping

from markupsafe import Markup

STYLE = (
    "svg{background:#fff}text{font:11px system-ui,sans-serif;fill:#59616b}.token{font-size:12px;fill:#1b1e22}"
    ".frame{fill:none;stroke:#e2e3e0}.cells{image-rendering:pixelated}"
)


def svg(drawing: Markup) -> str:
    """An SVG file."""
    inner = drawing.replace(">", Markup("><style>{}</style>").format(Markup(STYLE)), 1)
    return inner.replace("<svg ", Markup('<svg xmlns="http://www.w3.org/2000/svg" '), 1) + "\n"


def html(drawing: Markup, title: str, texts: Mapping[str, str]) -> str:
    """A page with the drawing under some texts, each behind its name. It loads nothing and runs nothing."""
    head = Markup(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n<title>{title}</title>\n'
        "<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem}}{style}</style>\n</head>\n"
        "<body>\n<h1>{title}</h1>\n"
    ).format(title=title, style=Markup(STYLE))
    lines = Markup("\n").join(Markup("<p><b>{}</b> {}</p>").format(name, text) for name, text in texts.items())
    return head + lines + Markup("\n{}\n</body>\n</html>\n").format(drawing)
