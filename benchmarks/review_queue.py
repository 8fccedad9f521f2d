"""What the order of `seco queue` is worth: simulated annotators correct the first masks, the truth stands in for them.

`python -m benchmarks.review_queue measure RUN --out s0.npz` looks at the masks of a run: a folder with params.yaml,
data/ and the split's true masks. `… report s0.npz s1.npz` then prints mIoU against k for the queue, for random orders,
for the network's most uncertain masks, for each signal alone, and for the order by true gain, which needs the truth.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
import typer
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import rankdata

from seco.config.settings import load_settings
from seco.errors import SecoError
from seco.inference.photographs import photo_of
from seco.inference.trained import load_predictor
from seco.reporting.figures import to_png
from seco.review.gains import SIGNALS, Gains, class_gain, signal_gains
from seco.review.selection import RETURN, select
from seco.review.signals import Comparison, compare
from seco.review.views import Views, views_of
from seco.runtime.progress import progress
from seco.scores.confusion import ConfusionMatrix
from seco.storage.manifest import TRAIN, read_manifest
from seco.storage.masks import mask_path, read_mask

FRACTIONS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
QUEUE, RANDOM, ORACLE = "queue", "random", "true gain (oracle)"
SHOWN = {QUEUE: "#c44e52", "entropy": "#4c72b0", "lowest confidence": "#55a868", RANDOM: "#707070", ORACLE: "#b0b0b0"}
_ORDERS, _DRAWN_ORDERS, _RESAMPLES = 20, 2, 500
Values = NDArray[np.float64]
Order = NDArray[np.intp]

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)


class Measured(NamedTuple):
    """A run's masks of N images: the signals, and pixels against the truth, ``[N, K + 1]`` each."""

    missing: Values
    excess: Values
    area: Values
    probabilities: Values
    tags: NDArray[np.bool_]
    sizes: Values
    known: NDArray[np.bool_]
    entropy: Values
    confidence: Values
    uncertain_pixel: Values
    found: Values
    """Pixels that the mask calls their class."""
    called: Values
    """Pixels that the mask calls the class."""
    truth: Values
    """Pixels of the class."""
    counted: NDArray[np.bool_] = np.ones(1, dtype=np.bool_)
    """Whether the mean includes a class, ``[K + 1]``."""

    @property
    def gains(self) -> Gains:
        """As of ``signal_gains``."""
        columns = (self.missing, self.excess, self.area, self.probabilities)
        compared = list(map(Comparison._make, zip(*columns, strict=True)))
        return signal_gains(compared, self.tags, self.known, self.sizes)


@app.command()
def measure(
    run: Annotated[Path, typer.Argument(help="Folder with params.yaml and data/.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    split: Annotated[str, typer.Option(help="Split whose masks are corrected.")] = TRAIN,
    masks: Annotated[str, typer.Option(help="Folder of the masks, in the run's.")] = "data/refine",
) -> None:
    """Look at the masks of a run, once."""
    try:
        settings, manifest = load_settings(run / "params.yaml"), read_manifest(run / "data/prepare")
        predictor = load_predictor(run / "data/train", class_names=manifest.class_names)
        records = {record.id: record for record in manifest.split(split) if record.mask is not None}
        names, rows = manifest.class_names, []
        photos = list(map(photo_of, records.values()))
        with progress("measure", len(records)) as advance:
            for views in views_of(
                predictor, photos, side=settings.export.image_size, batch_size=settings.export.batch_size
            ):
                record = records[views.photo.id]
                matrix, size = ConfusionMatrix(len(names)), (record.width, record.height)
                mask = read_mask(mask_path(run / masks, record.id), num_classes=len(names), size=size)
                assert record.mask is not None
                matrix.update(read_mask(record.mask, num_classes=len(names), size=size), mask)
                counts = matrix.counts[:, :-1]
                tags = np.array([name in record.labels for name in names])
                labels_known = views.photo.labels is not None
                now = compare(views, mask, background=settings.export.background)
                pixels = np.diag(counts), counts.sum(axis=0), matrix.counts.sum(axis=1)
                rows.append((*now, tags, record.width * record.height, labels_known, *doubts(views), *pixels))
                advance()
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault
    columns: dict[str, Any] = dict(zip(Measured._fields, map(np.stack, zip(*rows, strict=True)), strict=False))
    np.savez_compressed(out, **columns)


def doubts(views: Views) -> tuple[float, float, float]:
    """Return what active learning uses: mean entropy, 1 - mean confidence, and 1 - the lowest confidence of a pixel."""
    entropy = -torch.special.xlogy(views.decoder, views.decoder).sum(dim=0).mean()
    doubt = 1 - views.decoder.amax(dim=0)
    return float(entropy), float(doubt.mean()), float(doubt.max())


@app.command()
def report(
    files: Annotated[list[Path], typer.Argument(help="What `measure` wrote, of the same images with several seeds.")],
    picture: Annotated[Path | None, typer.Option(help="PNG of the curves.")] = None,
    title: Annotated[str, typer.Option(help="Of the picture.")] = "",
    against: Annotated[str, typer.Option(help="Order to which differences are taken.")] = RANDOM,
    exponent: Annotated[float, typer.Option(help="α of the queue's diversity.")] = RETURN,
    least_images: Annotated[int, typer.Option(help="Classes of fewer images are left out of mIoU and gains.")] = 1,
) -> None:
    """Print mIoU against k, and the mean of the curve up to 50 % with its interval against random order."""
    runs = [read(file, least_images) for file in files]
    orders = [orders_of(run, exponent) for run in runs]
    count = len(runs[0].sizes)
    everything = np.arange(count)
    scores = [((run.gains.mean(axis=0) * run.counted).sum(axis=1), true_gain(run)) for run in runs]
    alike = [np.corrcoef(rankdata(expected), rankdata(true))[0, 1] for expected, true in scores]
    print(f"{count} images, {len(runs)} seeds; rank correlation of score and true gain {np.mean(alike):.2f}\n")
    marks = " | ".join(f"{100 * fraction:g} %" for fraction in FRACTIONS)
    print(f"| order | {marks} | mean to 50 % | above {against} |\n|---|{'--:|' * (len(FRACTIONS) + 2)}")
    curves = {
        name: np.mean([curve(run, own[name], everything) for run, own in zip(runs, orders, strict=True)], axis=0)
        for name in orders[0]
    }
    for name, values in curves.items():
        cells = [f"{100 * values[round(fraction * count)]:.1f}" for fraction in FRACTIONS]
        interval = "–"
        if name != against:
            low, high = difference(runs, *([own[one] for own in orders] for one in (name, against)))
            interval = f"{100 * (area(values) - area(curves[against])):+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
        print(f"| {name} | {' | '.join(cells)} | {100 * area(values):.2f} | {interval} |")
    if picture is not None:
        picture.write_bytes(drawn(curves, title=title))


def read(file: Path, least: int) -> Measured:
    """Return what `measure` wrote; classes that fewer images show are left out of mIoU and gains."""
    run = Measured(**np.load(file))
    return run._replace(counted=(run.truth > 0).sum(axis=0) >= least)


def orders_of(run: Measured, exponent: float = RETURN) -> dict[str, list[Order]]:
    """Return each way to order the images: one order, or several of which the mean counts."""
    rng = np.random.default_rng(0)
    gains = run.gains * run.counted
    mean = gains.mean(axis=0)
    labels = [(np.flatnonzero(tags) + 1).tolist() for tags in run.tags]

    def by(score: Values) -> list[Order]:
        return [np.argsort(-score, kind="stable")]

    return {
        RANDOM: [rng.permutation(len(mean)) for _ in range(_ORDERS)],
        QUEUE: [np.array(select(mean, labels, exponent=exponent))],
        "queue without diversity": by(mean.sum(axis=1)),
        "entropy": by(run.entropy),
        "lowest confidence": by(run.confidence),
        "most uncertain pixel": by(run.uncertain_pixel),
        **{f"{name} alone": by(own.sum(axis=1)) for name, own in zip(SIGNALS, gains, strict=True)},
        ORACLE: by(true_gain(run)),
    }


def true_gain(run: Measured) -> Values:
    """Return what correcting each image gains, to first order, ``[N]``."""
    gain = class_gain(run.truth - run.found, run.called - run.found, run.called)
    return (gain * run.counted).sum(axis=1)


def curve(run: Measured, orders: Sequence[Order], drawn_images: Order) -> Values:
    """Return the mIoU after 0, 1, … corrections in an order, mean over orders.

    Args:
        run: the masks.
        orders: of the images.
        drawn_images: which images there are; one may be there several times.
    """
    times = np.bincount(drawn_images, minlength=len(run.sizes))
    union = run.truth + run.called - run.found
    curves = []
    for order in orders:
        places = np.repeat(order, times[order])
        gained = [np.cumsum(now[places] - before[places], axis=0) for now, before in corrected(run, union)]
        found, joined = (
            np.vstack([np.zeros(steps.shape[1]), steps]) + before[places].sum(axis=0)
            for steps, (_, before) in zip(gained, corrected(run, union), strict=True)
        )
        shows = run.counted & (run.truth[places].sum(axis=0) > 0)
        curves.append((found / np.maximum(joined, 1))[:, shows].mean(axis=1))
    return np.mean(curves, axis=0)


def corrected(run: Measured, union: Values) -> tuple[tuple[Values, Values], tuple[Values, Values]]:
    """Return intersection and union of a corrected mask, each with that of the mask as it is."""
    return (run.truth, run.found), (run.truth, union)


def area(values: Values) -> float:
    """Return the mean of a curve up to half of the images."""
    return float(values[: len(values) // 2 + 1].mean())


def difference(
    runs: Sequence[Measured], orders: Sequence[Sequence[Order]], others: Sequence[Sequence[Order]]
) -> tuple[float, float]:
    """Return the 95 % interval of how far a way's curve lies above another's: images and seeds are drawn again."""
    rng, count = np.random.default_rng(0), len(runs[0].sizes)
    found = []
    for _ in range(_RESAMPLES):
        images, seeds = rng.integers(count, size=count), rng.integers(len(runs), size=len(runs))
        areas = [[area(curve(runs[s], way[s][:_DRAWN_ORDERS], images)) for s in seeds] for way in (orders, others)]
        found.append(np.mean(areas[0]) - np.mean(areas[1]))
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def drawn(curves: dict[str, Values], *, title: str) -> bytes:
    """Return the curves as a PNG."""
    figure = Figure(figsize=(7.0, 4.2), facecolor="white", layout="constrained")
    axis = figure.subplots()
    for name, colour in SHOWN.items():
        values = 100 * curves[name]
        half = len(values) // 2 + 1
        style = "--" if name in (RANDOM, ORACLE) else "-"
        axis.plot(100 * np.arange(half) / (len(values) - 1), values[:half], style, color=colour, label=name)
    axis.set_xlabel("corrected masks, % of the images")
    axis.set_ylabel("mIoU of all masks, %")
    axis.set_title(title, loc="left", fontsize=11)
    axis.grid(color="#e0e0e0", linewidth=0.8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    return to_png(figure, 130)


if __name__ == "__main__":
    app()
