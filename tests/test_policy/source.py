"""The package's source, parsed once, for the tests that hold the house rules."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PACKAGE = REPO / 'mmseg_deeplab'


@lru_cache
def package_files() -> dict[Path, ast.Module]:
    """Every Python file of the package with its syntax tree."""
    files = sorted(PACKAGE.rglob('*.py'))
    return {path: ast.parse(path.read_text(encoding='utf-8')) for path in files}


def imported_modules(tree: ast.Module) -> list[tuple[str, int]]:
    """All modules that a file imports, at its top or inside functions, with the line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append((node.module, node.lineno))
    return found
