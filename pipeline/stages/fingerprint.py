"""The package's source → data/code/<module>.txt, a hash a module; and the folder that `needs: none` names.

Codecs are loaded by the kind that a codec.json names, and the readers of corpora by the corpus's, not by an import:
what uses one that its row does not name depends on `<room>.all`, a hash of the whole room.
"""

import hashlib

from pipeline import paths
from pipeline.code import module_hash, modules
from pipeline.params import NONE
from pipeline.sequences import write_json

ROOMS = ("pipeline.corpora", "pipeline.features", "pipeline.tokens", "pipeline.models")


def run() -> None:
    folder = paths.DATA / "code"
    folder.mkdir(parents=True, exist_ok=True)
    hashes = {module: module_hash(module) for module in modules()}
    for room in ROOMS:
        parts = "".join(hashes[module] for module in hashes if module.startswith(f"{room}."))
        hashes[f"{room}.all"] = hashlib.sha256(parts.encode()).hexdigest()
    for module, found in hashes.items():
        paths.code(module).write_text(found + "\n", encoding="utf-8")
    write_json(paths.model(NONE) / "system.json", {})
