"""The documentation names real places."""

import ast
import re
from pathlib import Path

import pytest

_PLACE = re.compile(r"`((?:app|engine|training|resources|tests|docs)/[\w./-]*)(?:::([\w.]+))?`")
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/fine-tuning.md",
    "docs/paper.md",
    "docs/results.md",
    "docs/simulation.md",
]


def places(page: Path) -> list[tuple[str, str]]:
    return _PLACE.findall(page.read_text(encoding="utf-8"))


def defined_in(file: Path) -> set[str]:
    """Dotted names of everything a file defines, two levels deep."""
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        for name in _names(node):
            names.add(name)
            names.update(
                f"{name}.{inner}" for sub in getattr(node, "body", []) for inner in _names(sub)
            )
    return names


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


@pytest.mark.parametrize("page", PAGES)
def test_every_place_named_in_the_docs_exists(page: str, repository: Path) -> None:
    missing = []
    for path, symbol in places(repository / page):
        place = repository / path
        if not place.exists():
            missing.append(path)
        elif symbol and symbol not in defined_in(place):
            missing.append(f"{path}::{symbol}")
    assert missing == []


def test_the_paper_page_names_places_at_all(repository: Path) -> None:
    assert len(places(repository / "docs/paper.md")) > 15


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_somewhere(page: str, repository: Path) -> None:
    text = (repository / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", text)
    folder = (repository / page).parent
    assert [link for link in links if not (folder / link).exists()] == []
