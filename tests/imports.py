"""Which modules of the project a module needs, read from its source: lazy imports count too."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PACKAGES = ("seco", "scenes", "pipeline")


def source_of(module: str) -> Path | None:
    """Return the file of a module of the project, relative to its root."""
    path = ROOT / module.replace(".", "/")
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.exists():
            return candidate.relative_to(ROOT)
    return None


def needed_by(source: Path) -> set[Path]:
    """Return every file of the product that a file imports, itself or through others."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        for module in _imported(ROOT / waiting.pop()):
            path = source_of(module)
            if path is not None and path.parts[0] in _PACKAGES and path not in found:
                found.add(path)
                waiting.append(path)
    return found


@cache
def _imported(path: Path) -> frozenset[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules.add(node.module)
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(modules)
