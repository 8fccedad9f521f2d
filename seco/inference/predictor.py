"""CAMs and segmentations of whole images by a trained network."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seco.compute.device import autocast, pick_device
from seco.compute.resize import rescale, resize, resize_maps
from seco.inference.groups import Group, OnFault, groups_of, stop_at_fault
from seco.inference.photographs import ImageLike, Photo, Resizing, as_photo
from seco.inference.results import PAPER, CamResult, Defaults, SegmentationResult
from seco.inference.scoring import score_segmentations
from seco.inference.segmented import Segmented
from seco.method.cam import multi_hot, multi_scale_cam, normalise_cam, present_classes
from seco.models.network import SeCoNetwork
from seco.refinement.labelling import label_image, smooth
from seco.storage.masks import enlarge_mask


class Predictor:
    """A trained network, ready to use.

    Args:
        network: the network.
        class_names: those of its classes, in order of id from 1.
        precision: as of ``autocast``.
        defaults: how maps become masks.
    """

    def __init__(
        self, network: SeCoNetwork, class_names: Sequence[str], *, precision: str, defaults: Defaults = PAPER
    ) -> None:
        self.device = pick_device()
        self.network = network.to(self.device).eval()
        self.class_names = tuple(class_names)
        self.precision = precision
        self.defaults = defaults

    @torch.inference_mode()
    def cams(
        self,
        photos: Sequence[Photo],
        *,
        resizing: Resizing,
        scales: Sequence[float],
        batch_size: int,
        on_fault: OnFault = stop_at_fault,
        done: Collection[str] = (),
    ) -> Iterator[CamResult]:
        """Yield the normalised multi-scale CAM of each photo, in the order of ``groups_of``.

        Labelled images have maps for their labels, others for the classes predicted (logit above 0).

        Args:
            photos: the images.
            resizing: the size at which the network sees them.
            scales: factors of that size.
            batch_size: images a batch.
            on_fault: called with each image that cannot be used; by default its fault is raised.
            done: ids of photos that have their results already. The others are in the batches in which they would be
                without it, so that they get the same bits.
        """
        for group in self.groups(photos, resizing=resizing, batch_size=batch_size, on_fault=on_fault, done=done):
            class_ids = present_classes(self.labels_of(group))
            on_device = class_ids.to(self.device)

            found: list[Tensor] = []

            def sums(images: Tensor, on_device: Tensor = on_device, found: list[Tensor] = found) -> Tensor:
                ids = on_device.expand(len(images), -1)  # the tiles of an image have its classes
                patch, logits = self.network.encoder.patch_size, []
                maps_of = partial(self._maps_of, logits=logits)
                (maps,) = multi_scale_cam(maps_of, images, ids, scales=scales, multiple=patch)
                found.append(logits[0][: len(images)])  # of the first scale, not mirrored
                return maps

            maps = normalise_cam(group.over(sums))
            # The highest of an image's tiles; an image in one piece has one.
            logits = torch.cat(found).unflatten(0, (len(group.photos), -1)).amax(dim=1)
            probabilities = logits.float().sigmoid().cpu()
            for index, ids in enumerate(class_ids):
                if group.photos[index].id in done:
                    continue
                count = int((ids > 0).sum())  # empty slots come last
                image = group.photos[index], group.sizes[index], group.pixels[index]
                yield CamResult(*image, ids[:count], maps[index, :count], probabilities[index])

    @torch.inference_mode()
    def segmentations(
        self,
        photos: Sequence[Photo],
        *,
        resizing: Resizing,
        scales: Sequence[float],
        batch_size: int,
        on_fault: OnFault = stop_at_fault,
        done: Collection[str] = (),
    ) -> Iterator[SegmentationResult]:
        """Yield the class probabilities of each photo; arguments and order as of ``cams``."""

        def both(images: Tensor) -> Tensor:
            single = self._probabilities(images, scales[0])
            total = single.clone()  # a sum, not a stack of all: maps at the size of the images are large
            for scale in scales[1:]:
                total += self._probabilities(images, scale)
            for scale in scales:
                total += self._probabilities(images.flip(-1), scale).flip(-1)
            return torch.cat([single, total.div_(2 * len(scales))], dim=1)

        for group in self.groups(photos, resizing=resizing, batch_size=batch_size, on_fault=on_fault, done=done):
            probabilities = group.over(both)
            for index, photo in enumerate(group.photos):
                if photo.id in done:
                    continue
                single, multi = probabilities[index].chunk(2)
                yield SegmentationResult(photo, group.sizes[index], group.pixels[index], single, multi)

    def segment(
        self, image: ImageLike, *, size: int | None = None, scales: Sequence[float] | None = None, crf: bool = True
    ) -> Segmented:
        """Return the segmentation of an image.

        Args:
            image: a path, a PIL image, or an array ``uint8 [H, W, 3]`` or ``[H, W]``.
            size: side of the square that the network sees; None: the image keeps its size and shape.
            scales: factors of that size whose probabilities are averaged; None: those of the training run.
            crf: whether a dense CRF follows, if the training run has one.

        Raises:
            SecoError: the image cannot be read or has another kind of pixels.
        """
        return self.segment_all([image], size=size, scales=scales, crf=crf)[0]

    def segment_all(
        self,
        images: Sequence[ImageLike],
        *,
        size: int | None = None,
        scales: Sequence[float] | None = None,
        crf: bool = True,
        batch_size: int = 8,
    ) -> list[Segmented]:
        """Return the segmentations of images in their order; arguments as of ``segment``."""
        photos = [as_photo(index, image) for index, image in enumerate(images)]
        resizing = Resizing(square=size)
        results = self.segmentations(
            photos, resizing=resizing, scales=scales or self.defaults.scales, batch_size=batch_size
        )
        kernels = self.defaults.crf if crf else None
        found: dict[str, Segmented] = {}
        for scored in (variants.multi_scale for variants in score_segmentations(results)):
            winners = label_image(scored if kernels is None else smooth(scored, crf=kernels))
            photo = photos[int(scored.id)]
            found[scored.id] = Segmented(
                enlarge_mask(winners, scored.size),
                resize_maps(torch.from_numpy(scored.scores), scored.size).numpy(),
                self.class_names,
                partial(self._cam_of, photo, resizing),
            )
        return [found[photo.id] for photo in photos]

    def _cam_of(self, photo: Photo, resizing: Resizing, name: str) -> NDArray[np.float32]:
        """Return the CAM of one class, ``float32 [H, W]``."""
        wanted = photo._replace(labels=(name,))
        (cam,) = self.cams([wanted], resizing=resizing, scales=(1.0,), batch_size=1)
        return resize_maps(cam.maps, cam.size)[0].cpu().numpy()

    def groups(
        self,
        photos: Sequence[Photo],
        *,
        resizing: Resizing,
        batch_size: int,
        on_fault: OnFault = stop_at_fault,
        done: Collection[str] = (),
    ) -> Iterator[Group]:
        """Yield the photos in the groups in which the network sees them; order and errors as of ``groups_of``."""
        return groups_of(
            photos,
            resizing=resizing,
            patch=self.network.encoder.patch_size,
            classes=2 * (len(self.class_names) + 1),  # segmentations at one scale and at several
            batch_size=batch_size,
            device=self.device,
            on_fault=on_fault,
            done=done,
        )

    def _maps_of(self, images: Tensor, class_ids: Tensor, *, logits: list[Tensor]) -> list[Tensor]:
        """Return the maps of ``multi_scale_cam``, and append the logits ``[B, K]`` of the classes."""
        with autocast(self.device, self.precision):
            tokens = self.network.encoder(images)
            logits.append(self.network.classifier(tokens.final))
        return [self.network.activations(tokens, class_ids).final]

    def labels_of(self, group: Group) -> Tensor:
        """Return multi-hot labels ``[B, K]`` on the CPU: the given ones, or predicted ones where they are not known."""
        given = torch.stack([multi_hot(photo.labels or (), self.class_names) for photo in group.photos])
        unknown = torch.tensor([[photo.labels is None] for photo in group.photos])
        if not unknown.any():
            return given
        predicted = group.over(self._logits).amax(dim=(2, 3)).cpu() > 0  # in any tile
        return torch.where(unknown, predicted.float(), given)

    def _logits(self, images: Tensor) -> Tensor:
        """Return the logits of the classes as maps ``[B, K, 1, 1]``."""
        with autocast(self.device, self.precision):
            return self.network.classifier(self.network.encoder(images).final)[:, :, None, None]

    def _probabilities(self, images: Tensor, scale: float) -> Tensor:
        """Return ``[B, K + 1, S, S]`` of images ``[B, 3, S, S]`` that the network sees at a scale."""
        with autocast(self.device, self.precision):
            tokens = self.network.encoder(rescale(images, scale, multiple=self.network.encoder.patch_size))
            logits = self.network.decoder(tokens.final, tokens.grid)
        return resize(logits, images.shape[-2:]).softmax(dim=1)
