"""The learning curves of a training, from the tables that it leaves: a chart for each group of curves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from seco.errors import SecoError
from seco.reporting.blocks import Block, Chart, Prose, Section
from seco.reporting.charts import curves

_MOST_POINTS = 250  # of a curve; of more, means of neighbours are shown
_OF_ONE_CLASS = re.compile(r"_\d+$")


class _Group(NamedTuple):
    title: str
    log: bool = False


_GROUPS = {
    "loss": _Group("Losses: the sum and its terms before they are weighted, on a logarithmic axis", log=True),
    "val": _Group("Scores on held-out images during the training"),
    "patches": _Group("Tags of the patches, as shares"),
    "tags": _Group("Tags that are right by the true masks, as shares"),
    "cosine": _Group("Cosine similarity of patches: same class, other class, background"),
    "lil": _Group("The contrast with the reservoir (L_LiL), by kind of query"),
    "": _Group("Learning rate"),
}


def curves_section(folder: Path) -> Section:
    """Return the section of the learning curves; it says so where there are none.

    Args:
        folder: holds ``plots/metrics/**/*.tsv``, as dvclive writes them.

    Raises:
        SecoError: a file is no table of steps and values.
    """
    place = folder / "plots" / "metrics"
    groups: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(place.rglob("*.tsv")):
        name = path.relative_to(place).with_suffix("").as_posix()
        group, _, curve = name.rpartition("/")
        if name != "bad_steps" and not _OF_ONE_CLASS.search(name):
            groups.setdefault(group, []).extend({**point, "curve": curve} for point in _points(path))
    drawn = {name: points for name, points in groups.items() if _is_drawn(points, log=_group(name).log)}
    if not drawn:
        return _section([Prose(f"{place} holds no learning curves: `seco train` writes them.")])
    blocks: list[Block] = []
    for name in sorted(drawn, key=lambda name: [*_GROUPS].index(name) if name in _GROUPS else len(_GROUPS)):
        title, log = _group(name)
        chart = curves(drawn[name], x="step", y=name or "rate", log=log)
        blocks.append(Chart(chart, alt=f"{title}. {_in_words(drawn[name])}", caption=f"{title}."))
    return _section(blocks)


def _group(name: str) -> _Group:
    return _GROUPS.get(name, _Group(name))


def _is_drawn(points: list[dict[str, Any]], *, log: bool) -> bool:
    return any(not log or point["y"] > 0 for point in points)


def _section(blocks: list[Block]) -> Section:
    return Section("training", "How did the training go?", tuple(blocks))


def _points(path: Path) -> Iterator[dict[str, Any]]:
    """Yield at most 250 points of a curve; each is the mean of as many neighbours as that takes."""
    try:
        frame = pd.read_csv(path, sep="\t")
        steps, values = frame["step"].to_numpy(np.float64), frame[path.stem].to_numpy(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise SecoError(f"{path} is no learning curve ({error}): run `seco train` again") from error
    kept = np.isfinite(steps) & np.isfinite(values)
    parts = min(max(int(kept.sum()), 1), _MOST_POINTS)
    for some_steps, some in zip(np.array_split(steps[kept], parts), np.array_split(values[kept], parts), strict=True):
        if len(some):
            yield {"x": int(some_steps[-1]), "y": float(f"{some.mean():.5g}")}


def _in_words(points: list[dict[str, Any]]) -> str:
    """Return where each curve begins and ends, for readers who cannot see it."""
    ends: dict[str, list[float]] = {}
    for point in points:
        ends.setdefault(point["curve"], [point["y"], 0.0])[1] = point["y"]
    return "; ".join(f"{name} from {first:.3g} to {last:.3g}" for name, (first, last) in ends.items())
