"""Pictures of class activation maps over their photographs: one an image and class, `<id>.<class>.jpg` or `.png`."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from seco.conversion.containers import Folder
from seco.conversion.output import written_aside
from seco.conversion.overlays import BAND, encoded
from seco.conversion.sources import find_photo
from seco.data.readers.finder import FileFinder
from seco.data.readers.walk import files_below
from seco.errors import SecoError
from seco.inference.cam_store import cam_path, read_cam, stored_size
from seco.reporting.overlays import heat_overlay
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.storage.images import read_image
from seco.storage.manifest import Manifest
from seco.storage.names import BACKGROUND_NAME, file_parts


def photos_of_manifest(cams: Path, manifest: Manifest) -> dict[str, Path]:
    """Return id → photograph of the CAMs in a folder; raises a SecoError if one is of no image of the manifest."""
    known = {record.id: record.image for record in manifest.records}
    for image_id in (ids := _ids_in(cams)):
        if image_id not in known:
            raise SecoError(
                f"{cam_path(cams, image_id)} is the CAM of no image of the manifest: name the folder that "
                "`seco export-cams` wrote, or give --classes and --images"
            )
    return {image_id: known[image_id] for image_id in ids}


def photos_of_folder(cams: Path, images: Path) -> dict[str, Path]:
    """Return id → photograph of the CAMs in a folder: the files of these names, with any suffix, in another folder.

    Raises:
        SecoError: a folder does not exist, there is no CAM, or one has no photograph.
    """
    ids = _ids_in(cams)
    if not images.is_dir():
        raise SecoError(f"the folder of photographs {images} does not exist: correct --images")
    finder = FileFinder(images)
    return {image_id: find_photo(finder, image_id, images) for image_id in ids}


def write_heat_maps(
    cams: Path,
    photos: Mapping[str, Path],
    class_names: Sequence[str],
    out: Path,
    *,
    suffix: str,
    progress: ProgressCallback,
) -> int:
    """Draw the CAM of each class over its photograph, into a folder that is replaced when all are drawn.

    Args:
        cams: the CAM store.
        photos: id → photograph.
        class_names: of the model, in id order.
        out: the folder, as `require_place` accepts it.
        suffix: ".jpg" or ".png".
        progress: called with (done, total) after each photograph.

    Returns:
        The number of pictures.

    Raises:
        SecoError: a CAM or a photograph is missing or damaged, or they do not fit each other or the classes; or `out`
            cannot be written.
    """
    parts, count = file_parts((BACKGROUND_NAME, *class_names)), 0
    draw = partial(_pictures, cams, photos, suffix=suffix, classes=len(class_names))
    with written_aside(out, is_folder=True) as aside:
        folder = Folder(aside)
        for image_id, pictures in zip(photos, thread_map(draw, list(photos), progress=progress), strict=True):
            for class_id, picture in pictures.items():
                folder.add(f"{image_id}.{parts[class_id]}{suffix}", picture)
            count += len(pictures)
    return count


def draw_heat(photo: Image.Image, heat: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return `heat_overlay` of a photograph, `[H, W, 3]`, drawn in bands so that large ones do not fill the memory."""
    full = Image.fromarray(heat).resize(photo.size, Image.Resampling.BILINEAR)
    picture = np.empty((photo.height, photo.width, 3), np.uint8)
    height = max(BAND // photo.width, 1)
    for top in range(0, photo.height, height):
        box = (0, top, photo.width, min(top + height, photo.height))
        picture[top : box[3]] = heat_overlay(np.asarray(photo.crop(box)), np.asarray(full.crop(box)))
    return picture


def _pictures(cams: Path, photos: Mapping[str, Path], image_id: str, *, suffix: str, classes: int) -> dict[int, bytes]:
    """Return class id → picture of the CAMs of an image."""
    path, cam = cam_path(cams, image_id), read_cam(cams, image_id)
    if cam.class_ids.size and cam.class_ids.max() > classes:
        raise SecoError(
            f"{path} has a map of the class {cam.class_ids.max()}, but there are {classes}: correct --classes"
        )
    photo = read_image(photos[image_id])
    if cam.maps.shape[1:] != stored_size(photo.height, photo.width):
        raise SecoError(
            f"{path} is not the CAM of {photos[image_id]}, which has {photo.width}x{photo.height} pixels: run "
            "`seco export-cams` again, or correct --images"
        )
    return {
        int(class_id): encoded(draw_heat(photo, heat), suffix=suffix)
        for class_id, heat in zip(cam.class_ids, cam.maps, strict=True)
    }


def _ids_in(cams: Path) -> list[str]:
    if not cams.is_dir():
        raise SecoError(f"the folder of CAMs {cams} does not exist: name one that `seco export-cams` wrote")
    files = files_below(cams, suffixes=(".npz",))
    if not files:
        raise SecoError(f"{cams} holds no CAM (*.npz): name a folder that `seco export-cams` wrote")
    return sorted(path.relative_to(cams).with_suffix("").as_posix() for path in files)
