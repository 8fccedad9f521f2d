"""The signals of many images in one file, so that a stopped run goes on and a new ranking needs no network."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seco.review.signals import Comparison
from seco.storage.atomic import atomic_write_bytes

SIGNALS_FILE = "signals.npz"

Known = dict[str, tuple[str, Comparison]]
"""By the id of an image: the digest of what its signals depend on, and the signals."""


def write_signals(path: Path, known: Known, *, run: Mapping[str, Any]) -> None:
    """Write the signals of images, and what all of them depend on: plain JSON values.

    Raises:
        SecoError: the file cannot be written; an older one survives.
    """
    buffer = io.BytesIO()
    columns = zip(*(comparison for _, comparison in known.values()), strict=True)
    arrays: dict[str, Any] = dict(zip(Comparison._fields, map(np.stack, columns), strict=True))
    texts = {"ids": list(known), "digests": [digest for digest, _ in known.values()], "run": run}
    for name, content in texts.items():
        arrays[name] = np.frombuffer(json.dumps(content).encode(), np.uint8)
    np.savez_compressed(buffer, **arrays)
    atomic_write_bytes(path, buffer.getvalue())


def read_signals(path: Path, *, run: Mapping[str, Any]) -> Known:
    """Return the signals that such a run wrote; none where the file is missing, damaged or of another run."""
    try:
        # numpy would leave a damaged file open if it opened it itself.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            texts = {name: json.loads(archive[name].tobytes()) for name in ("ids", "digests", "run")}
            columns = [archive[name] for name in Comparison._fields]
    except Exception:  # numpy and zipfile raise about a dozen kinds; what is lost is computed again
        return {}
    if texts["run"] != run:
        return {}
    rows = map(Comparison._make, zip(*columns, strict=True))
    return {image_id: (digest, row) for image_id, digest, row in zip(texts["ids"], texts["digests"], rows, strict=True)}
