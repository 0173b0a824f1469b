"""Every recipe is a DVC repository of its own over the project's one graph."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RECIPES = sorted(path for path in (ROOT / "recipes").iterdir() if path.is_dir())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_a_recipe_has_the_projects_graph(recipe: Path) -> None:
    for name in ("dvc.yaml", ".dvcignore", ".dvc/config", ".dvc/.gitignore"):
        same = (recipe / name).read_bytes() == (ROOT / name).read_bytes()
        assert same, f"{recipe.name}/{name} differs from the project's: run `make recipes`"
    assert not (recipe / "dvc.yaml").is_symlink(), "DVC cannot follow a link when it compares with a commit"
    assert (recipe / "pipeline").readlink() == Path("../../pipeline")
