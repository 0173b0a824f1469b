"""A row of `studies` → data/curves/<name>: a folder a chart, a table a line, columns named as the axes are."""

from pipeline import paths
from pipeline.params import configure, craft, load, row


def run(name: str) -> None:
    study = row(load().studies, name, "studies")
    kind = craft("studies", study.kind, f"studies.{name}")
    charts = kind.draw(configure(kind.Config, study.options, f"studies.{name}"))
    with paths.replacing(paths.curves(name)) as folder:
        for chart, lines in charts.items():
            (folder / chart).mkdir()
            for line, points in lines.items():
                table = ["\t".join(kind.AXES), *(f"{x}\t{y:.6g}" for x, y in points)]
                (folder / chart / f"{line}.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
    print(f"{name}: {len(charts)} charts")
