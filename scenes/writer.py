"""The demo data on disk, in VOC's layout."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from scenes.sampling import Plan, draw_biased, draw_unbiased
from scenes.scene import Scene, compose
from seco.errors import SecoError
from seco.runtime.parallel import process_map
from seco.runtime.signals import deferred
from seco.storage.contexts import CONTEXTS_FILE
from seco.storage.label_map import palette
from seco.storage.rows import write_rows

SPLITS = ("train", "val", "val_unbiased")
SMALLEST = 64
"""Below this many pixels nothing can be recognised."""


@dataclass(frozen=True)
class Job:
    """One image to make; its split and index (with the seed) fix every draw in it."""

    split: str
    index: int

    @property
    def image_id(self) -> str:
        """The name of its files."""
        return f"{self.split}_{self.index:05d}"


def write_demo(
    root: Path,
    *,
    train_images: int,
    val_images: int,
    bias: float,
    image_size: int,
    seed: int,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the splits train, val and val_unbiased (as many images as val) below `root`, replacing what is there.

    The result depends on the arguments but not on `workers`. It is written beside `root` and moved there when whole:
    a failure leaves `root` as it was. `image_size` bounds the longer side (pixels); sides vary from 80 % of it.
    `bias` is ρ of `scenes.sampling`. `workers` processes share the work, by default one a core.
    `progress` is called with (images done, images in all).

    Raises:
        SecoError: a value is impossible.
        OSError: the disk is full, or `root` cannot be written.
    """
    workers = (os.cpu_count() or 1) if workers is None else workers
    _check(train_images=train_images, val_images=val_images, bias=bias, image_size=image_size, workers=workers)
    counts = (train_images, val_images, val_images)
    jobs = [Job(split, index) for split, count in zip(SPLITS, counts, strict=True) for index in range(count)]
    with _whole_or_nothing(root) as folder:
        for name in ("JPEGImages", "SegmentationClass", "Annotations", "ImageSets/Segmentation"):
            (folder / name).mkdir(parents=True)
        make = partial(_make, folder=folder, bias=bias, image_size=image_size, seed=seed)
        plans = []
        for plan in process_map(make, jobs, workers=workers):
            plans.append(plan)
            if progress is not None:
                progress(len(plans), len(jobs))
        _write_lists(folder, jobs)
        _write_contexts(folder, jobs, plans)


def _check(*, train_images: int, val_images: int, bias: float, image_size: int, workers: int) -> None:
    faults = [
        f"{name} is {value}: it must be at least {least}"
        for name, value, least in (
            ("train_images", train_images, 1),
            ("val_images", val_images, 1),
            ("image_size", image_size, SMALLEST),
            ("workers", workers, 1),
        )
        if value < least
    ]
    if not 0.0 <= bias <= 1.0:
        faults.append(f"bias is {bias}: it must lie between 0 and 1")
    if faults:
        raise SecoError("; ".join(faults))


@contextmanager
def _whole_or_nothing(root: Path) -> Iterator[Path]:
    """Give a folder beside `root` that takes its place at the end, and vanishes on failure."""
    scratch = root.with_name(f".{root.name}.partial")
    if scratch.exists():  # a run that was killed left it
        shutil.rmtree(scratch)
    fresh = scratch / "fresh"
    try:
        fresh.mkdir(parents=True)
        yield fresh
        with deferred():
            _swap(fresh, root, former=scratch / "former")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _swap(fresh: Path, root: Path, *, former: Path) -> None:
    existed = root.exists()
    if existed:
        root.rename(former)
    try:
        fresh.rename(root)
    except OSError:
        if existed:
            former.rename(root)
        raise


def _make(job: Job, *, folder: Path, bias: float, image_size: int, seed: int) -> Plan:
    rng = np.random.default_rng((seed, SPLITS.index(job.split), job.index))
    plan = draw_unbiased(rng) if job.split == "val_unbiased" else draw_biased(rng, bias=bias)
    longer, shorter = image_size, int(rng.integers(round(0.8 * image_size), image_size + 1))
    height, width = (longer, shorter) if rng.random() < 0.35 else (shorter, longer)
    scene = compose(rng, plan, height=height, width=width)
    _write_image(folder, job.image_id, scene, quality=int(rng.integers(78, 95)))
    _write_annotation(folder, job.image_id, plan, height=height, width=width)
    return plan


def _write_image(folder: Path, image_id: str, scene: Scene, *, quality: int) -> None:
    Image.fromarray(scene.image).save(folder / "JPEGImages" / f"{image_id}.jpg", quality=quality)
    mask = Image.fromarray(scene.mask)
    mask.putpalette(palette())  # makes a palette image of it, its values untouched
    mask.save(folder / "SegmentationClass" / f"{image_id}.png")


def _write_annotation(folder: Path, image_id: str, plan: Plan, *, height: int, width: int) -> None:
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "folder").text = "demo"
    ElementTree.SubElement(root, "filename").text = f"{image_id}.jpg"
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", width), ("height", height), ("depth", 3)):
        ElementTree.SubElement(size, name).text = str(value)
    ElementTree.SubElement(root, "segmented").text = "1"
    for class_name in plan.classes:
        ElementTree.SubElement(ElementTree.SubElement(root, "object"), "name").text = class_name
    ElementTree.indent(root)
    path = folder / "Annotations" / f"{image_id}.xml"
    path.write_text(ElementTree.tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def _write_lists(folder: Path, jobs: list[Job]) -> None:
    for split in SPLITS:
        ids = [job.image_id for job in jobs if job.split == split]
        path = folder / "ImageSets" / "Segmentation" / f"{split}.txt"
        path.write_text("\n".join(ids) + "\n", encoding="utf-8")


def _write_contexts(folder: Path, jobs: list[Job], plans: list[Plan]) -> None:
    rows = [
        (job.image_id, job.split, ";".join(plan.contexts), str(int(plan.biased)))
        for job, plan in zip(jobs, plans, strict=True)
    ]
    write_rows(folder / CONTEXTS_FILE, rows, columns=("id", "split", "contexts", "biased"))
