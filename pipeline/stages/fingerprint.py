"""The package's source → data/code/<module>.txt, a hash a module; and the folder that `needs: none` names."""

from pipeline import paths
from pipeline.code import module_hash, modules


def run() -> None:
    folder = paths.DATA / "code"
    folder.mkdir(parents=True, exist_ok=True)
    for module in modules():
        paths.code(module).write_text(module_hash(module) + "\n", encoding="utf-8")
    none = paths.model("none")
    none.mkdir(parents=True, exist_ok=True)
    (none / "none.txt").write_text("No system.\n", encoding="utf-8")  # DVC warns of an empty folder at every stage
