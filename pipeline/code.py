"""A module's source → a hash of its syntax tree and of the trees of the package's modules that it imports.

Comments, docstrings and layout do not count: an edit of them reruns nothing. Files of a package that are no modules
(templates) count as they are.
"""

import ast
import hashlib
from copy import deepcopy
from functools import cache
from pathlib import Path

from pipeline.params import System
from pipeline.paths import encoding, manifest, model
from pipeline.problems import Problem

PACKAGE = Path(__file__).parent
# What checks parameters, finds places, words errors and hashes code is no part of what a stage computes: rewording a
# message must not train every system anew. The values that pass through it are DVC's parameters and dependencies.
PLUMBING = frozenset(f"{PACKAGE.name}.{name}" for name in ("code", "params", "paths", "problems"))


def modules() -> list[str]:
    """Every module of the package by its dotted name, sorted."""
    return sorted(_name(file) for file in PACKAGE.rglob("*.py"))


@cache
def module_hash(module: str) -> str:
    """sha256 over the module and everything of the package that it imports, directly or not, but for the plumbing."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(_imports(name) - PLUMBING)
    lines = [f"{name} {_own_hash(name)}\n" for name in sorted(seen)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def digest(system: System) -> str:
    """Hash of all that decides what training a system gives: code, parameters, data. Names its folder under work/.

    Raises Problem if a manifest is missing.
    """
    total = hashlib.sha256()
    total.update(module_hash("pipeline.stages.train").encode())
    total.update(module_hash(f"pipeline.models.{system.model.kind}").encode())
    total.update(repr((system.model.model_dump(), system.train)).encode())
    folders = [encoding(place) / part for place in (system.source, system.target) for part in ("codec", "train", "dev")]
    files = [
        file
        for folder in [*folders, *map(model, system.others)]
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    manifests = [manifest(system.corpus, split) for split in ("train", "dev")]
    if missing := [str(file) for file in manifests if not file.is_file()]:
        raise Problem(f"{missing[0]} is missing: run `dvc repro` first, or `dvc pull` it")
    for file in [*files, *manifests]:
        total.update(file.name.encode())
        with file.open("rb") as content:
            total.update(hashlib.file_digest(content, "sha256").digest())
    return total.hexdigest()[:16]


def _name(file: Path) -> str:
    parts = [PACKAGE.name, *file.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _file(module: str) -> Path | None:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return next((f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file()), None)


@cache
def _tree(module: str) -> ast.Module:
    file = _file(module)
    assert file is not None, module
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def _own_hash(module: str) -> str:
    tree = deepcopy(_tree(module))  # docstrings are taken out of it
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
    shape = ast.dump(tree).replace(", type_params=[]", "")  # Python 3.12 has this field, 3.11 has not
    total = hashlib.sha256(shape.encode())
    for file in _beside(module):
        total.update(file.name.encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def _beside(module: str) -> list[Path]:
    """What a package reads that is no module: templates, style sheets, word lists. They decide what it writes, too."""
    file = _file(module)
    if file is None or file.name != "__init__.py":
        return []
    return sorted(f for f in file.parent.iterdir() if f.is_file() and f.suffix != ".py" and not f.name.startswith("."))


@cache
def _imports(module: str) -> frozenset[str]:
    """The package's modules that a module imports anywhere in it, with the packages that they stand in."""
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        found.update(name for name in names if name.split(".")[0] == PACKAGE.name and _file(name))
    parents = {".".join(name.split(".")[:i]) for name in {*found, module} for i in range(1, name.count(".") + 1)}
    return frozenset(found | parents)
