"""The file of signals: read back as it was, or not at all."""

from pathlib import Path

import numpy as np

from seco.review.signals import COMPARED, Comparison
from seco.review.store import SIGNALS_FILE, Known, read_signals, write_signals

RUN = {"model": "ab", "side": 64}


def some_signals() -> Known:
    rng = np.random.default_rng(0)
    shapes = ((len(COMPARED), 3), (len(COMPARED), 3), (3,), (2,))
    return {
        name: (f"digest of {name}", Comparison(*(rng.random(shape, np.float32) for shape in shapes)))
        for name in ("a", "sub/ß")
    }


def test_signals_are_read_as_they_were_written(tmp_path: Path) -> None:
    path, known = tmp_path / "folder" / SIGNALS_FILE, some_signals()
    write_signals(path, known, run=RUN)
    found = read_signals(path, run=dict(reversed(RUN.items())))
    assert found.keys() == known.keys()
    for name, (digest, comparison) in known.items():
        assert found[name][0] == digest
        for one, other in zip(found[name][1], comparison, strict=True):
            np.testing.assert_array_equal(one, other)


def test_signals_of_another_run_or_in_a_damaged_file_are_none(tmp_path: Path) -> None:
    path = tmp_path / SIGNALS_FILE
    assert read_signals(path, run=RUN) == {}
    write_signals(path, some_signals(), run=RUN)
    assert read_signals(path, run=RUN | {"side": 32}) == {}
    path.write_bytes(path.read_bytes()[:-40])
    assert read_signals(path, run=RUN) == {}
