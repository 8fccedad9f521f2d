"""Several views of an image by one network: maps at two scales, mirrored, of an earlier block, and of the decoder."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seco.compute.device import autocast
from seco.compute.resize import rescale, resize
from seco.inference.cam_store import stored_size
from seco.inference.photographs import Photo, Resizing
from seco.inference.predictor import Predictor
from seco.method.cam import normalise_cam, present_classes

HALF = 0.5
"""The second scale; a pass at it costs a quarter of one at the whole size."""


class Views(NamedTuple):
    """What the network shows of one image; maps are ``[C, g, g]`` in 0..1, at a quarter of the square that it sees."""

    photo: Photo
    class_ids: Tensor
    """``[C]``, of the image's labels, or of the classes predicted where labels are not known."""
    whole: Tensor
    """The CAM at the whole size, of the image and its mirror image."""
    plain: Tensor
    """The CAM at the whole size, of the image alone."""
    mirrored: Tensor
    """The same of the mirror image, mirrored back."""
    half: Tensor
    """The CAM at half the size, of both."""
    auxiliary: Tensor
    """CAM_aux at the whole size, of both."""
    decoder: Tensor
    """``[K + 1, g, g]``: the decoder's probabilities, mean over both sizes and mirror images."""
    probabilities: Tensor
    """``[K]``: of each class by the classifier, mean over the image and its mirror image at the whole size."""


class _Pass(NamedTuple):
    """One pass of the network, mirrored back if it was of mirror images."""

    cam: Tensor
    auxiliary: Tensor
    decoder: Tensor
    logits: Tensor


@torch.inference_mode()
def views_of(
    predictor: Predictor, photos: Sequence[Photo], *, side: int, batch_size: int, done: Collection[str] = ()
) -> Iterator[Views]:
    """Yield the views of each photo, in their order.

    Args:
        predictor: the trained network.
        photos: the images.
        side: in pixels of the square at which the network sees them.
        batch_size: images a batch.
        done: ids of photos that need no views; they change no batch.

    Raises:
        SecoError: an image cannot be used.
    """
    for group in predictor.groups(photos, resizing=Resizing(square=side), batch_size=batch_size, done=done):
        class_ids, found = present_classes(predictor.labels_of(group)).to(predictor.device), list[Views]()

        def look(
            images: Tensor, photos: list[Photo] = group.photos, ids: Tensor = class_ids, found: list[Views] = found
        ) -> Tensor:
            found += _look(predictor, images, photos, ids)
            return images

        group.over(look)
        yield from (views for views in found if views.photo.id not in done)


def _look(predictor: Predictor, images: Tensor, photos: Sequence[Photo], class_ids: Tensor) -> Iterator[Views]:
    plain, mirrored, *small = (
        _pass(predictor, images, class_ids, scale=scale, mirror=mirror)
        for scale in (1.0, HALF)
        for mirror in (False, True)
    )
    maps = [
        normalise_cam(cam)
        for cam in (
            torch.maximum(plain.cam, mirrored.cam),
            plain.cam,
            mirrored.cam,
            torch.maximum(small[0].cam, small[1].cam),
            torch.maximum(plain.auxiliary, mirrored.auxiliary),
        )
    ]
    decoder = torch.stack([one.decoder for one in (plain, mirrored, *small)]).mean(dim=0)
    probabilities = torch.stack([plain.logits, mirrored.logits]).float().sigmoid().mean(dim=0)
    for index, photo in enumerate(photos):
        count = int((class_ids[index] > 0).sum())  # empty slots come last
        whole, plain_cam, mirrored_cam, half, auxiliary = (one[index, :count] for one in maps)
        yield Views(
            photo,
            class_ids[index, :count],
            whole,
            plain_cam,
            mirrored_cam,
            half,
            auxiliary,
            decoder[index],
            probabilities[index],
        )


def _pass(predictor: Predictor, images: Tensor, class_ids: Tensor, *, scale: float, mirror: bool) -> _Pass:
    network, size = predictor.network, stored_size(*images.shape[-2:])
    scaled = rescale(images, scale, multiple=network.encoder.patch_size)
    with autocast(predictor.device, predictor.precision):
        tokens = network.encoder(scaled.flip(-1) if mirror else scaled)
        logits = network.classifier(tokens.final)
        decoded = network.decoder(tokens.final, tokens.grid)
    cams = network.activations(tokens, class_ids)
    cam, auxiliary, decoder = (
        one.flip(-1) if mirror else one
        for one in (resize(cams.final, size).relu(), resize(cams.auxiliary, size).relu(), resize(decoded, size))
    )
    return _Pass(cam, auxiliary, decoder.softmax(dim=1), logits)
