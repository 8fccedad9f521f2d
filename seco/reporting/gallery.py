"""Which images to look at: strips of small pictures of one image, and the choice of the images."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from seco.reporting.blocks import Block, Heading, Legend, Picture, Points, Prose, Section, Strip
from seco.reporting.examples import choose_examples, example_pictures, legend_of
from seco.reporting.failures import Failure
from seco.reporting.measurements import Measurement
from seco.reporting.overlays import RGB
from seco.scores.confusion import Counts
from seco.scores.single_images import image_scores, pixels_called
from seco.storage.manifest import Manifest, Record

_SIDE = 320  # pixels of the longer side of a picture, which phones show at half of it
_QUALITY = 82  # of WebP
_MOST = 8  # rows of a part, whatever is asked for: the page stays below 15 MB
_ORDER = ("photograph", "truth", "CAM", "CAM seed", "refined mask", "segmentation")


class Gallery:
    """Makes strips of the images of a data set, and remembers the classes that they show.

    Args:
        manifest: the data set.
        cams: the CAM store.
        masks: split → column title → folder of masks.
        rows: the most images of a part.
    """

    def __init__(self, manifest: Manifest, *, cams: Path, masks: Mapping[str, Mapping[str, Path]], rows: int) -> None:
        self.manifest = manifest
        self.cams = cams
        self.masks = masks
        self.rows = min(rows, _MOST)
        self._shown: set[int] = set()

    def strip(self, record: Record, note: str) -> Strip:
        """Return the pictures of an image side by side; raises `SecoError` where a file is damaged."""
        masks = self.masks.get(record.split, {})
        names = self.manifest.class_names
        pictures, seen = example_pictures(record, cams=self.cams, masks=masks, num_classes=len(names))
        self._shown |= seen
        labels = ", ".join(record.labels) or "no class"
        shown = [
            Picture(thumbnail(pictures[title]), f"{title} of {record.id}, an image of {labels}", title)
            for title in _ORDER
            if title in pictures
        ]
        return Strip(f"{record.id}: {note}", tuple(shown))

    def legend(self) -> list[Block]:
        """Return the colours of the classes that the strips so far show."""
        return [Legend(tuple(legend_of(self._shown, self.manifest.class_names)))] if self._shown else []


def thumbnail(picture: RGB) -> bytes:
    """Return a picture as a small WebP file."""
    image = Image.fromarray(picture)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return buffer.getvalue()


class Ranked(NamedTuple):
    """Images with what is said of each."""

    title: str
    images: tuple[tuple[Record, str], ...]


def ranked_images(
    item: Measurement,
    records: Sequence[Record],
    *,
    class_names: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    rows: int,
) -> list[Ranked]:
    """Return the worst and best images by their own mIoU, and those most confused by co-occurrence.

    Args:
        item: the masks; an image that shows background alone has no mIoU and is none of them.
        records: the images that were scored, in the order in which they were.
        class_names: foreground classes in id order.
        pairs: class ids (A, B) that occur together, as of ``tied_pairs``.
        rows: the most images of each.
    """
    miou = 100 * image_scores(item.evaluation.by_image).miou
    order = [index for index in np.argsort(miou, kind="stable").tolist() if np.isfinite(miou[index])]
    worst, best = order[: min(rows, (len(order) + 1) // 2)], order[::-1][: min(rows, len(order) // 2)]
    found = [
        Ranked(title, tuple((records[index], f"mIoU {miou[index]:.1f} %") for index in chosen))
        for title, chosen in (("Worst", worst), ("Best", best))
    ]
    confused = _most_confused(item, records, class_names=class_names, pairs=pairs, rows=rows)
    return [part for part in (*found, Ranked("Most confused by what occurs together", confused)) if part.images]


def _most_confused(
    item: Measurement,
    records: Sequence[Record],
    *,
    class_names: Sequence[str],
    pairs: Sequence[tuple[int, int]],
    rows: int,
) -> tuple[tuple[Record, str], ...]:
    counts: list[Counts] = [pixels_called(item.evaluation.by_image, a, truth=b) for a, b in pairs]
    if not counts:
        return ()
    table = np.stack(counts)  # [pairs, images]
    chosen = np.argsort(-table.max(axis=0), kind="stable")[:rows].tolist()
    sentences = []
    for index in chosen:
        pair = int(table[:, index].argmax())
        a, b = (class_names[class_id - 1] for class_id in pairs[pair])
        share = 100 * table[pair, index] / (records[index].width * records[index].height)
        if share:
            sentences.append((records[index], f"{b} called {a} on {share:.1f} % of the image"))
    return tuple(sentences)


def gallery_section(
    gallery: Gallery, ranked: Sequence[Ranked], failures: Sequence[Failure], *, where: str, examples: Sequence[str]
) -> Section:
    """Return the section "which images".

    Args:
        gallery: makes the strips.
        ranked: the parts by score; none without scores.
        failures: the images that break a rule, the worst first.
        where: the masks and the split that are judged.
        examples: splits of which a few images are shown whatever their scores.
    """
    blocks: list[Block] = []
    for part in ranked:
        blocks.append(Heading(f"{part.title} ({where})"))
        blocks += [gallery.strip(record, note) for record, note in part.images]
    blocks += _failure_blocks(gallery, failures, where)
    for split in examples:
        chosen = choose_examples(gallery.manifest.split(split), min(gallery.rows, 3))
        blocks.append(Heading(f"Examples of {split}, chosen by their labels alone"))
        blocks += [gallery.strip(record, ", ".join(record.labels) or "no class") for record in chosen]
    return Section("images", "Which images should I look at?", (*gallery.legend(), *blocks))


def _failure_blocks(gallery: Gallery, failures: Sequence[Failure], where: str) -> list[Block]:
    title = Heading(f"Failures ({where})")
    if not failures:
        return [title, Prose("No image breaks one of the rules for failures.")]
    counts = Counter(failure.rule for failure in failures)
    listing = Points(tuple(f"{count} image{'s' * (count > 1)}: {rule}" for rule, count in counts.items()))
    strips = [gallery.strip(failure.record, failure.note) for failure in failures[: gallery.rows]]
    return [title, listing, *strips]
