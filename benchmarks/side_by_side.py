"""CAMs of several trained models side by side, on images that cover the classes evenly.

    python -m benchmarks.side_by_side baseline=runs/a/data/train SeCo=data/train --output cams.png

Each row is an image of the split, with its true mask and the CAM of each model (the strongest of its classes) under the
outlines of the true mask.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from seco.errors import SecoError
from seco.inference.photographs import Resizing, photo_of
from seco.inference.trained import load_predictor
from seco.reporting.examples import choose_examples, legend_of
from seco.reporting.figures import overview_figure
from seco.reporting.overlays import RGB, heat_overlay, mask_overlay, outlined
from seco.storage.atomic import atomic_write_bytes
from seco.storage.label_map import BACKGROUND
from seco.storage.manifest import read_manifest
from seco.storage.masks import read_mask

GREY = 60  # of the ground in place of a photograph


def main(
    models: Annotated[list[str], typer.Argument(metavar="TITLE=FOLDER...", help="Folders of trained models.")],
    data: Annotated[Path, typer.Option(help="Folder of the manifest.")] = Path("data/prepare"),
    split: Annotated[str, typer.Option(help="Split whose images are shown.")] = "val",
    images: Annotated[int, typer.Option(help="Number of images.", min=1)] = 10,
    image_size: Annotated[int, typer.Option(help="Images are resized to squares of this side, in pixels.")] = 224,
    maps_alone: Annotated[
        bool, typer.Option("--maps-alone", help="Leave out the photographs, to publish maps of those of others.")
    ] = False,
    output: Annotated[Path, typer.Option(help="The picture.")] = Path("cams.png"),
) -> None:
    """Write a picture with a row an image and a column a model."""
    try:
        made = picture(models, data, split=split, images=images, image_size=image_size, maps_alone=maps_alone)
        atomic_write_bytes(output, made)
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault


def picture(
    models: list[str], data: Path, *, split: str, images: int, image_size: int, maps_alone: bool = False
) -> bytes:
    """Return the PNG.

    Raises:
        SecoError: a word is not TITLE=FOLDER, no image of the split has a mask, or a file is missing or damaged.
    """
    manifest = read_manifest(data)
    records = choose_examples([record for record in manifest.split(split) if record.mask is not None], images)
    if not records:
        raise SecoError(f"{split} of {data} has no image with a mask: name another split")
    rows: list[dict[str, RGB]] = []
    shown: set[int] = set()
    for record in records:
        assert record.mask is not None, "those without are left out above"
        size = (record.width, record.height)
        mask = read_mask(record.mask, num_classes=len(manifest.class_names), size=size)
        shown |= {int(value) for value in np.unique(mask)} - {BACKGROUND}
        rows.append({"truth": mask})
    photos = [photo_of(record) for record in records]
    for model in models:
        title, equals, folder = model.partition("=")
        if not (title and equals and folder):
            raise SecoError(f"{model!r} is not TITLE=FOLDER")
        predictor = load_predictor(Path(folder), class_names=manifest.class_names)
        found = predictor.cams(photos, resizing=Resizing(square=image_size), scales=[1.0], batch_size=len(records))
        for row, cam in zip(rows, found, strict=True):
            photo = np.full_like(cam.pixels, GREY) if maps_alone else cam.pixels
            row.setdefault("photograph", photo)
            row[title] = outlined(heat_overlay(photo, cam.maps.amax(dim=0).cpu().numpy()), row["truth"])
    for row in rows:
        row["truth"] = mask_overlay(row["photograph"], row["truth"])
    first = ["truth"] if maps_alone else ["photograph", "truth"]
    titles = [*first, *(model.partition("=")[0] for model in models)]
    ordered = [{title: row[title] for title in titles} for row in rows]
    return overview_figure(ordered, legend=legend_of(shown, manifest.class_names))


if __name__ == "__main__":
    typer.run(main)
