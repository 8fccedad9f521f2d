"""Means over seeds, and differences between variants that share them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 10_000
LEVEL = 0.95


class Summary(NamedTuple):
    """Mean and standard deviation (n - 1) of some values; NaN where there are too few."""

    mean: float
    deviation: float


class Difference(NamedTuple):
    """Mean of paired differences, and the interval that a bootstrap gives it; NaN where there are too few."""

    mean: float
    low: float
    high: float


def summarise(values: Sequence[float]) -> Summary:
    """Return mean and standard deviation of the finite values."""
    kept = _finite(values)
    mean = float(kept.mean()) if len(kept) else float("nan")
    return Summary(mean, float(kept.std(ddof=1)) if len(kept) > 1 else float("nan"))


def paired_difference(values: Mapping[int, float], reference: Mapping[int, float]) -> Difference:
    """Compare two variants on the seeds that both have.

    The pairs are drawn anew, with replacement, `RESAMPLES` times; the interval holds the middle `LEVEL` of the means.
    With few pairs it is too narrow: three can be drawn in ten ways only.

    Args:
        values: by seed.
        reference: by seed.
    """
    seeds = sorted(values.keys() & reference.keys())
    pairs = _finite([values[seed] - reference[seed] for seed in seeds])
    mean = float(pairs.mean()) if len(pairs) else float("nan")
    if len(pairs) < 2:
        return Difference(mean, float("nan"), float("nan"))
    draws = np.random.default_rng(0).integers(len(pairs), size=(RESAMPLES, len(pairs)))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(pairs[draws].mean(axis=1), [tail, 1 - tail])
    return Difference(mean, float(low), float(high))


def _finite(values: Sequence[float]) -> np.ndarray:
    kept = np.asarray(values, dtype=np.float64)
    return kept[np.isfinite(kept)]
