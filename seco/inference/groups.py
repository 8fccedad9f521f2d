"""Photographs in groups that the network looks at together: batches of one size, and large images in tiles."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from seco.compute.distributed import rank, world_size
from seco.compute.resize import scored_size
from seco.errors import SecoError
from seco.inference.photographs import BadPhotograph, Photo, Photograph, Photographs, Resizing, open_photo, size_of
from seco.inference.tiles import blend_tiles
from seco.runtime.loader import load_batches

_LOADERS = 2  # processes; two decode faster than a ViT takes the images
_USUAL_AREA = 448 * 448  # pixels of the images that a batch size is meant for

OnFault = Callable[[BadPhotograph], None]
MapsOf = Callable[[Tensor], Tensor]
"""Normalised images ``[B, 3, H, W]`` to maps ``[B, C, h, w]``."""


class Group(NamedTuple):
    """Some photographs that the network looks at together."""

    photos: list[Photo]
    sizes: list[tuple[int, int]]
    """(height, width) of each."""
    pixels: list[NDArray[np.uint8]]
    """``[H, W, 3]`` each; smaller for an image that is cut into tiles."""
    over: Callable[[MapsOf], Tensor]
    """Returns the maps ``[B, C, h, w]`` of the photographs, those of an image in tiles blended into one."""


def stop_at_fault(bad: BadPhotograph) -> None:
    """Raise the fault of an image that cannot be used."""
    raise bad.fault


def groups_of(
    photos: Sequence[Photo],
    *,
    resizing: Resizing,
    patch: int,
    classes: int,
    batch_size: int,
    device: torch.device,
    on_fault: OnFault = stop_at_fault,
    done: Collection[str] = (),
) -> Iterator[Group]:
    """Yield photographs in groups: squares in order, others ordered by size, and those in tiles last and alone.

    Each rank gets its share of them.

    Args:
        photos: the images.
        resizing: the size at which the network sees them. Where they keep their shape, the files' headers are read
            first to learn their sizes.
        patch: side in pixels of the ViT's patches.
        classes: of the maps of a pixel, at most; limits the size of the maps of an image in tiles.
        batch_size: photographs or tiles a batch, fewer where they are larger than 448 × 448 pixels.
        device: where the network is.
        on_fault: called with each image that cannot be used; by default its fault is raised.
        done: ids of photographs that need no maps. They change no group: one that has others is yielded in full.

    Raises:
        SecoError: what ``on_fault`` raises, or a loader process was killed.
    """
    if resizing.square is not None:
        side = resizing.square
        whole, large = [((side, side), photo) for photo in photos], []
    else:
        sized = list(_sized(photos, resizing, patch, on_fault))
        whole = sorted((item for item in sized if not resizing.cuts(item[0])), key=lambda item: item[0])
        large = [item for item in sized if resizing.cuts(item[0])]
    mine = slice(rank(), None, world_size())  # of whole batches: a mask does not depend on the number of ranks
    batches = _batches(whole, batch_size, keep_size=resizing.square is not None)
    needed = [batch for batch in batches if any(photo.id not in done for photo in batch)]
    for loaded in _load(needed[mine], resizing=resizing, patch=patch, on_fault=on_fault):
        yield _group_of(loaded, device)
    tiles = max(batch_size * _USUAL_AREA // resizing.tile**2, 1)
    for seen, photo in [item for item in large if item[1].id not in done][mine]:
        try:
            image = open_photo(photo, most_pixels=resizing.most_pixels)
        except SecoError as fault:
            on_fault(BadPhotograph(photo, fault))
            continue
        size = scored_size(seen, classes)
        blend = partial(
            blend_tiles, image, seen=seen, side=resizing.tile, patch=patch, size=size, device=device, count=tiles
        )
        yield _group_in_tiles(photo, image, size, blend)


def _group_of(loaded: Sequence[Photograph], device: torch.device) -> Group:
    images = torch.stack([photograph.seen for photograph in loaded]).to(device)
    return Group(
        [photograph.photo for photograph in loaded],
        [(photograph.pixels.shape[0], photograph.pixels.shape[1]) for photograph in loaded],
        [photograph.pixels for photograph in loaded],
        lambda maps_of: maps_of(images),
    )


def _group_in_tiles(
    photo: Photo, image: Image.Image, size: tuple[int, int], blend: Callable[[MapsOf], Tensor]
) -> Group:
    height, width = size
    pixels = np.array(image.resize((width, height), Image.Resampling.BILINEAR))
    return Group([photo], [(image.height, image.width)], [pixels], lambda maps_of: blend(maps_of)[None])


def _sized(
    photos: Sequence[Photo], resizing: Resizing, patch: int, on_fault: OnFault
) -> Iterator[tuple[tuple[int, int], Photo]]:
    """Yield each photo with the (height, width) at which the network sees it."""
    for photo in photos:
        try:
            size = size_of(photo, most_pixels=resizing.most_pixels)
        except SecoError as fault:
            on_fault(BadPhotograph(photo, fault))
            continue
        yield resizing.seen(size, patch=patch), photo


def _batches(
    sized: Sequence[tuple[tuple[int, int], Photo]], batch_size: int, *, keep_size: bool
) -> Iterator[list[Photo]]:
    """Yield photographs that are seen at the same size, neighbours in the list."""
    for (height, width), alike in groupby(sized, key=lambda item: item[0]):
        photos = [photo for _, photo in alike]
        fitting = batch_size if keep_size else min(max(batch_size * _USUAL_AREA // (height * width), 1), batch_size)
        for first in range(0, len(photos), fitting):
            yield photos[first : first + fitting]


def _load(
    batches: Sequence[Sequence[Photo]], *, resizing: Resizing, patch: int, on_fault: OnFault
) -> Iterator[list[Photograph]]:
    """Yield the decoded photographs of each batch, without those that cannot be used."""
    photos = [photo for batch in batches for photo in batch]
    ends = np.cumsum([0, *map(len, batches)]).tolist()
    indices = [list(range(first, end)) for first, end in pairwise(ends)]
    # A single image is decoded here: processes would take longer to start. So is what is in memory already.
    workers = _LOADERS if len(photos) > 1 and all(isinstance(photo.image, Path) for photo in photos) else 0
    dataset = Photographs(photos, resizing=resizing, patch=patch)
    for loaded in load_batches(dataset, batch_sampler=indices, num_workers=workers):
        for bad in (item for item in loaded if isinstance(item, BadPhotograph)):
            on_fault(bad)
        good = [item for item in loaded if isinstance(item, Photograph)]
        # A header may tell another size than the pixels have: EXIF data may stand behind them, or the file has changed.
        for _, alike in groupby(good, key=lambda item: item.seen.shape):
            yield list(alike)
