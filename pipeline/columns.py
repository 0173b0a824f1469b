"""Rows of cells → a table for the terminal, or one in Markdown."""

from collections.abc import Iterator, Sequence

Cells = Sequence[str]


def plain(head: Cells, rows: Sequence[Cells], numbers: int) -> str:
    """Columns of one width each; from column `numbers` on, to the right."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    rule = ["-" * width for width in widths]
    return "\n".join("  ".join(_padded(line, widths, numbers)).rstrip() for line in (head, rule, *rows))


def markdown(head: Cells, rows: Sequence[Cells], numbers: int) -> str:
    lines = [head, ["---:" if i >= numbers else "---" for i in range(len(head))], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _padded(line: Cells, widths: list[int], numbers: int) -> Iterator[str]:
    for i, (cell, width) in enumerate(zip(line, widths, strict=True)):
        yield cell.rjust(width) if i >= numbers else cell.ljust(width)
