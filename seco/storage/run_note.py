"""`run.json`: which run the results in a folder are of, so that a run that was stopped goes on and none is mixed up."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seco.storage.json_file import write_json

RUN_FILE = "run.json"


def read_note(folder: Path) -> dict[str, Any] | None:
    """Return the note in a folder of results; None where there is none, or a damaged one."""
    try:
        note = json.loads((folder / RUN_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return note if isinstance(note, dict) else None


def write_note(folder: Path, run: Mapping[str, Any]) -> None:
    """Write down what the results depend on, as plain JSON values; raises as `write_json`."""
    write_json(folder / RUN_FILE, run)


def remove_note(folder: Path) -> None:
    """Remove the note of a run that is complete."""
    (folder / RUN_FILE).unlink(missing_ok=True)


def digest_of(paths: Iterable[Path]) -> str:
    """Return one SHA-256 of the names and contents of files, and of the Python files below folders.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            content = file.read_bytes()
            digest.update(f"{file.name} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()
