import pytest

from pipeline import code
from pipeline.params import Craft, System
from pipeline.problems import Problem


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "package"
    (folder / "page").mkdir(parents=True)
    for file, source in {
        "__init__.py": "",
        "page/__init__.py": "",
        "page/render.py": "FILE = 'page.html'\n",
        "other.py": "X = 1\n",
        "page/page.html": "<p>one</p>",
    }.items():
        (folder / file).write_text(source, encoding="utf-8")
    monkeypatch.setattr(code, "PACKAGE", folder)
    forget()
    yield folder
    forget()


def forget() -> None:
    for function in (code.module_hash, code._tree, code._own_hash, code._imports):
        function.cache_clear()


def hashes() -> dict[str, str]:
    forget()
    return {module: code.module_hash(module) for module in ("package.page.render", "package.other")}


def changed(folder, file: str, content: str) -> set[str]:
    before = hashes()
    (folder / file).write_text(content, encoding="utf-8")
    after = hashes()
    return {module for module in after if after[module] != before[module]}


def test_a_template_counts_for_the_modules_of_its_package(package):
    assert changed(package, "page/page.html", "<p>two</p>") == {"package.page.render"}


def test_hidden_files_do_not_count(package):
    assert changed(package, "page/.page.html.swp", "half a word") == set()


def test_comments_and_docstrings_do_not_count(package):
    assert changed(package, "other.py", '"""Says more."""\n\nX = 1  # one\n') == set()


def test_code_counts_for_what_imports_it(package):
    (package / "page" / "render.py").write_text("from package import other\n", encoding="utf-8")
    assert changed(package, "other.py", "X = 2\n") == {"package.page.render", "package.other"}


def test_a_reworded_error_reruns_no_training(package, monkeypatch):
    (package / "problems.py").write_text("MESSAGE = 'one'\n", encoding="utf-8")
    (package / "search.py").write_text("WIDTH = 1\n", encoding="utf-8")
    (package / "model.py").write_text("import package.problems\nimport package.search\n", encoding="utf-8")
    monkeypatch.setattr(code, "PLUMBING", frozenset({"package.problems"}))
    forget()
    before = code.module_hash("package.model")
    (package / "problems.py").write_text("MESSAGE = 'two'\n", encoding="utf-8")
    forget()
    assert code.module_hash("package.model") == before
    (package / "search.py").write_text("WIDTH = 2\n", encoding="utf-8")
    forget()
    assert code.module_hash("package.model") != before


def test_a_missing_manifest_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sides = {"source": "tokens/a", "target": "tokens/b"}
    system = System(task="mt", corpus="pairs", **sides, needs="none", also="none", model=Craft(kind="hmm"), metrics=[])
    with pytest.raises(Problem, match=r"data/manifests/pairs/train\.parquet is missing: run `dvc repro` first"):
        code.digest(system)
