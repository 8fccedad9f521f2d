"""Class probabilities beside a mask, at the image's size: one `.npz` an image, or one 16-bit grey PNG a class.

Runs in worker processes, like the labelling. Classes are written one after the other, so that memory holds one map of
a large image at a time.
"""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seco.refinement.labelling import ScoredImage, Variants, smooth_variants, variants_memory, write_label
from seco.storage.atomic import atomic_path
from seco.storage.masks import mask_path
from seco.storage.names import BACKGROUND_NAME, file_parts

Form = Literal["npz", "png"]

_WHITE = 65535  # the value of a probability of 1 in a PNG
_BYTES = 14  # a pixel, of one map on its way into a file


def result_paths(folder: Path, image_id: str, *, form: Form, class_names: Sequence[str]) -> list[Path]:
    """Return the files that `write_with_probabilities` writes of an image."""
    return [*_probability_paths(folder, image_id, form, class_names), mask_path(folder, image_id)]


def probabilities_memory(variants: Variants, *, crf: Mapping[str, Any] | None) -> int:
    """Return how many bytes `write_with_probabilities` takes, about."""
    height, width = variants.multi_scale.size
    return variants_memory(variants, crf=crf) + _BYTES * height * width


def write_with_probabilities(
    variants: Variants, *, folder: Path, form: Form, class_names: Sequence[str], crf: Mapping[str, Any] | None
) -> None:
    """Write the probabilities of an image at several scales, before the CRF, and its mask, after it unless it is None.

    Args:
        variants: the image; with its scores after the CRF where that has run already.
        folder: gets the mask, and `ID.npz` with `probabilities` float16 `[K + 1, H, W]`, `class_ids` and `class_names`;
            or for each class `ID.CLASS.png` of 16 bits, whose value is 65535 times the probability, rounded.
        form: which of the two.
        class_names: of the K classes; background comes first.
        crf: as of `smooth`.

    Raises:
        SecoError: a file cannot be written.
    """
    if crf is not None:
        variants = smooth_variants(variants, crf=crf)
    paths = _probability_paths(folder, variants.id, form, class_names)
    if form == "png":
        for path, plane in zip(paths, _planes(variants.multi_scale), strict=True):
            with atomic_path(path) as temporary:
                Image.fromarray(np.rint(plane * _WHITE).astype(np.uint16)).save(temporary, format="PNG")
    else:
        _write_npz(paths[0], variants.multi_scale, (BACKGROUND_NAME, *class_names))
    write_label(variants.crf or variants.multi_scale, folder=folder, crf=None)  # last: the image is complete


def _probability_paths(folder: Path, image_id: str, form: Form, class_names: Sequence[str]) -> list[Path]:
    if form == "npz":
        return [folder / f"{image_id}.npz"]
    return [folder / f"{image_id}.{part}.png" for part in file_parts((BACKGROUND_NAME, *class_names))]


def _planes(scored: ScoredImage) -> Iterator[NDArray[np.float32]]:
    """Yield the probability of each class, `[H, W]`, at the image's own size."""
    if scored.scores.shape[1:] == scored.size:
        yield from scored.scores
        return
    import torch  # a second for each worker, where images are large

    from seco.compute.resize import resize_maps

    for scores in scored.scores:
        yield resize_maps(torch.from_numpy(scores)[None], scored.size)[0].numpy()


def _write_npz(path: Path, scored: ScoredImage, names: Sequence[str]) -> None:
    shape = (len(scored.class_ids), *scored.size)
    small = {"class_ids": np.asarray(scored.class_ids, np.uint8), "class_names": np.asarray(names)}
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in small.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
        with archive.open("probabilities.npy", "w", force_zip64=True) as file:
            header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float16)), "fortran_order": False}
            np.lib.format.write_array_header_1_0(file, header | {"shape": shape})
            for plane in _planes(scored):
                file.write(plane.astype(np.float16).tobytes())
