"""The drawn data on disk, in VOC's layout."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from scenes.drawing.bias import sample_biased, sample_unbiased
from scenes.drawing.composition import Scene, compose_scene
from scenes.drawing.defects.composition import compose_surface
from scenes.drawing.defects.sampling import sample_surface
from seco.runtime.parallel import process_map
from seco.runtime.signals import deferred
from seco.storage.atomic import swap_folder
from seco.storage.contexts import CONTEXTS_FILE, ImageContexts, write_contexts
from seco.storage.masks import encode_mask, mask_path

SPLITS = ("train", "val", "val_unbiased")


class Spec(Protocol):
    """What an image shows."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes, in id order; none in an image of nothing."""
        ...

    @property
    def contexts(self) -> tuple[str, ...]:
        """What surrounds them, for contexts.csv."""
        ...

    @property
    def biased(self) -> bool:
        """Whether the bias put class and context together."""
        ...


class Kind(NamedTuple):
    """A kind of images: how it is chosen what one shows, and how that is drawn."""

    biased: Callable[[np.random.Generator, float], Spec]
    """Of train and val; the number is the bias ρ, 0..1."""
    unbiased: Callable[[np.random.Generator], Spec]
    """Of val_unbiased."""
    compose: Callable[..., Scene]
    """The generator and what `biased` or `unbiased` chose, `height` and `width` to the picture with its mask."""


KINDS = {
    "demo": Kind(lambda rng, bias: sample_biased(rng, bias=bias), sample_unbiased, compose_scene),
    "defects": Kind(
        lambda rng, bias: sample_surface(rng, bias=bias), lambda rng: sample_surface(rng, bias=0.0), compose_surface
    ),
}
"""By the name that `generate.kind` gives it."""


@dataclass(frozen=True)
class Job:
    """One image to draw; its split and index (with the seed) fix everything random in it."""

    split: str
    index: int

    @property
    def image_id(self) -> str:
        """The name of its files."""
        return f"{self.split}_{self.index:05d}"


def write_demo(
    root: Path,
    *,
    kind: str = "demo",
    train_images: int,
    val_images: int,
    bias: float,
    image_size: int,
    seed: int,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the splits train, val and val_unbiased (as many images as val) below `root`, replacing what is there.

    The files depend on the arguments but not on `workers`. They are written beside `root` and moved there when all are
    written: a failure leaves `root` as it was.

    Args:
        root: the folder.
        kind: a key of `KINDS`.
        train_images: at least 1.
        val_images: at least 1.
        bias: ρ of `scenes.drawing.bias` or `scenes.drawing.defects.sampling`, 0..1.
        image_size: the longer side in pixels; the shorter one varies from 80 % of it.
        seed: of everything random.
        workers: processes; None: one a core.
        progress: called with (images done, images in all) after each image.

    Raises:
        SecoError: contexts.csv cannot be written, or a process was killed.
        OSError: the disk is full, or `root` cannot be written.
    """
    counts = (train_images, val_images, val_images)
    jobs = [Job(split, index) for split, count in zip(SPLITS, counts, strict=True) for index in range(count)]
    with _replacing(root) as folder:
        for name in ("JPEGImages", "SegmentationClass", "Annotations", "ImageSets/Segmentation"):
            (folder / name).mkdir(parents=True)
        write = partial(_write_image, folder=folder, kind=kind, bias=bias, image_size=image_size, seed=seed)
        specs = []
        for spec in process_map(write, jobs, workers=workers):
            specs.append(spec)
            if progress is not None:
                progress(len(specs), len(jobs))
        _write_lists(folder, jobs)
        images = zip(jobs, specs, strict=True)
        contexts = [ImageContexts(job.image_id, job.split, spec.contexts, spec.biased) for job, spec in images]
        write_contexts(folder / CONTEXTS_FILE, contexts)


@contextmanager
def _replacing(root: Path) -> Iterator[Path]:
    """Yield a new folder beside `root` that takes its place at the end, or is removed on failure."""
    scratch = root.with_name(f".{root.name}.partial")
    if scratch.exists():  # left by a run that was killed
        shutil.rmtree(scratch)
    fresh = scratch / "fresh"
    try:
        fresh.mkdir(parents=True)
        yield fresh
        with deferred():
            swap_folder(fresh, root, former=scratch / "former")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write_image(job: Job, *, folder: Path, kind: str, bias: float, image_size: int, seed: int) -> Spec:
    """Draw an image and write its photograph, mask and annotation; return what it shows."""
    rng = np.random.default_rng((seed, SPLITS.index(job.split), job.index))
    sort = KINDS[kind]
    spec = sort.unbiased(rng) if job.split == "val_unbiased" else sort.biased(rng, bias)
    longer, shorter = image_size, int(rng.integers(round(0.8 * image_size), image_size + 1))
    height, width = (longer, shorter) if rng.random() < 0.35 else (shorter, longer)
    scene = sort.compose(rng, spec, height=height, width=width)
    photograph = folder / "JPEGImages" / f"{job.image_id}.jpg"
    Image.fromarray(scene.image).save(photograph, quality=int(rng.integers(78, 95)))
    mask_path(folder / "SegmentationClass", job.image_id).write_bytes(encode_mask(scene.mask))
    note = folder / "Annotations" / f"{job.image_id}.xml"
    _write_annotation(note, photograph, spec, folder=kind, height=height, width=width)
    return spec


def _write_annotation(path: Path, photograph: Path, spec: Spec, *, folder: str, height: int, width: int) -> None:
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "folder").text = folder
    ElementTree.SubElement(root, "filename").text = photograph.name
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", width), ("height", height), ("depth", 3)):
        ElementTree.SubElement(size, name).text = str(value)
    ElementTree.SubElement(root, "segmented").text = "1"
    for class_name in spec.classes:
        ElementTree.SubElement(ElementTree.SubElement(root, "object"), "name").text = class_name
    ElementTree.indent(root)
    path.write_text(ElementTree.tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def _write_lists(folder: Path, jobs: Sequence[Job]) -> None:
    for split in SPLITS:
        ids = [job.image_id for job in jobs if job.split == split]
        (folder / "ImageSets/Segmentation" / f"{split}.txt").write_text("\n".join(ids) + "\n", encoding="utf-8")
