"""Class activation maps of the present classes, at a quarter of the image's size, and the probabilities of all classes.

One `.npz` an image.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seco.errors import SecoError
from seco.storage.atomic import atomic_write_bytes

_STRIDE = 4
_PROBABILITIES = "probabilities"


@dataclass(frozen=True, eq=False)
class StoredCam:
    """The activation maps of one image.

    Attributes:
        class_ids: uint8 `[C]`, ids 1..K of the present classes.
        maps: float32 `[C, h, w]`, 0..1, at `stored_size` of the image.
        probabilities: float32 `[K]`, of each class by the classifier; None where they were not stored.
    """

    class_ids: npt.NDArray[np.uint8]
    maps: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32] | None = None


def stored_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) of the stored maps of an image of that size: a quarter, rounded up."""
    return -(-height // _STRIDE), -(-width // _STRIDE)


def cam_path(folder: Path, image_id: str) -> Path:
    """Return the path of an image's CAM in a CAM store."""
    return folder / f"{image_id}.npz"


def write_cam(
    folder: Path,
    image_id: str,
    class_ids: npt.NDArray[np.integer],
    maps: npt.NDArray[np.floating],
    probabilities: npt.NDArray[np.floating] | None = None,
) -> None:
    """Write the maps `[C, h, w]` of the classes `[C]` of one image as float16, and the probabilities `[K]` of all.

    Raises:
        SecoError: a map or probability is not finite, or the file cannot be written.
        ValueError: the shapes do not agree or an id does not fit 1..254.
    """
    if maps.ndim != 3 or class_ids.shape != maps.shape[:1]:
        raise ValueError(f"class_ids {class_ids.shape} and maps {maps.shape} must be [C] and [C, h, w]")
    if np.any((class_ids < 1) | (class_ids > 254)):
        raise ValueError(f"class ids {class_ids.tolist()} are not all within 1..254")
    halves = maps.astype(np.float16)
    known: dict[str, Any] = {} if probabilities is None else {_PROBABILITIES: probabilities.astype(np.float32)}
    if not all(np.isfinite(values).all() for values in (halves, *known.values())):
        raise SecoError(f"the CAM of {image_id} is not finite: the model is damaged, run `seco train` again")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, class_ids=class_ids.astype(np.uint8), maps=halves, **known)
    atomic_write_bytes(cam_path(folder, image_id), buffer.getvalue())


def read_cam(folder: Path, image_id: str) -> StoredCam:
    """Return the CAM of one image, its maps as float32.

    Raises:
        SecoError: the file is missing, truncated, not a CAM, or not finite.
    """
    path = cam_path(folder, image_id)
    arrays = _read(path, ("class_ids", "maps"))
    class_ids, maps, probabilities = arrays["class_ids"], arrays["maps"], arrays.get(_PROBABILITIES)
    if maps.ndim != 3 or class_ids.shape != maps.shape[:1] or class_ids.dtype != np.uint8:
        raise SecoError(f"{path} is not a CAM of this project: run `seco export-cams` again")
    if not np.isfinite(maps).all():
        raise SecoError(f"the CAM {path} is not finite: run `seco export-cams` again")
    return StoredCam(class_ids=class_ids, maps=maps.astype(np.float32), probabilities=probabilities)


def read_probabilities(folder: Path, image_id: str, *, num_classes: int) -> npt.NDArray[np.float32] | None:
    """Return the probabilities `[K]` of the classes of one image, without its maps; None where they were not stored.

    Raises:
        SecoError: the file is missing, truncated, not a CAM, or of other classes.
    """
    path = cam_path(folder, image_id)
    probabilities = _read(path, ()).get(_PROBABILITIES)
    if probabilities is None:
        return None
    if probabilities.shape != (num_classes,) or not np.isfinite(probabilities).all():
        raise SecoError(
            f"{path} does not hold the probabilities of {num_classes} classes: run `seco export-cams` again"
        )
    return probabilities.astype(np.float32)


def _read(path: Path, names: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a CAM's file: those named, and the probabilities where they are there."""
    try:
        # numpy would leave a damaged file open if it opened it itself.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            known = [_PROBABILITIES] if _PROBABILITIES in archive.files else []
            return {name: archive[name] for name in (*names, *known)}
    except FileNotFoundError as error:
        raise SecoError(f"the CAM {path} is missing: run `seco export-cams`") from error
    except Exception as error:  # numpy and zipfile raise about a dozen kinds
        raise SecoError(f"the CAM {path} is damaged: run `seco export-cams` again") from error
