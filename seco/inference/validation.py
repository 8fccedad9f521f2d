"""Scores on held-out images during training; the network is not changed."""

import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from seco.compute.device import pick_device
from seco.compute.distributed import sum_over_ranks
from seco.compute.resize import resize_maps, scored_size
from seco.errors import SecoError
from seco.inference.photographs import Resizing, photo_of
from seco.inference.predictor import Predictor
from seco.inference.results import CamResult, SegmentationResult
from seco.method.cam import two_way_labels
from seco.models.network import SeCoNetwork
from seco.scores.confusion import ConfusionMatrix
from seco.scores.metrics import CONFUSION_RATIO, MIOU
from seco.storage.manifest import Manifest
from seco.storage.masks import enlarge_mask, read_mask


class Validation:
    """Measures a network's CAMs and segmentations on one split, both at scale 1 with the mirror image.

    Each rank gets a share of the images; scores are computed from the sum of their confusion matrices.

    Args:
        manifest: the data set.
        split: the held-out split.
        image_size: side in pixels of the square that images are resized to.
        batch_size: images a batch.
        background: threshold of the CAMs.
        precision: as of ``autocast``.

    Raises:
        SecoError: no image of the split has a mask.
    """

    def __init__(
        self, manifest: Manifest, *, split: str, image_size: int, batch_size: int, background: float, precision: str
    ) -> None:
        self.class_names = manifest.class_names
        self.sizes = {"resizing": Resizing(square=image_size), "scales": (1.0,), "batch_size": batch_size}
        self.background = background
        self.precision = precision
        self.records = {record.id: record for record in manifest.split(split) if record.mask is not None}
        if not self.records:
            raise SecoError(
                f"train.evaluate_every is set, but no image of the split {split} has a mask: set it to 0, or "
                "train.evaluate_split to a split with masks"
            )

    def __call__(self, network: SeCoNetwork) -> dict[str, float]:
        """Return mIoU and mean confusion ratio of CAMs and segmentations, those that are defined."""
        photos = [photo_of(record) for record in self.records.values()]
        predictor = Predictor(network, self.class_names, precision=self.precision)
        seeds = ((cam.photo.id, self._seed(cam)) for cam in predictor.cams(photos, **self.sizes))
        winners = ((found.photo.id, _winners(found)) for found in predictor.segmentations(photos, **self.sizes))
        return self._scores("cam", seeds) | self._scores("segmentation", winners)

    def _seed(self, cam: CamResult) -> Tensor:
        """Return the class ids ``[h, w]`` of a CAM cut at the threshold."""
        maps = _at_scored_size(cam.maps, cam.size, classes=len(cam.maps) + 1)
        class_ids = cam.class_ids.to(cam.maps.device)
        return two_way_labels(maps[None], class_ids[None], background=self.background)[0]

    def _scores(self, kind: str, predictions: Iterable[tuple[str, Tensor]]) -> dict[str, float]:
        counted, num_classes = ConfusionMatrix(len(self.class_names)), len(self.class_names)
        for image_id, labels in predictions:
            record = self.records[image_id]
            assert record.mask is not None, "only such records are kept"
            truth = read_mask(record.mask, num_classes=num_classes, size=(record.width, record.height))
            mask = labels.cpu().numpy().astype(np.uint8)
            counted.update(truth, enlarge_mask(mask, (record.height, record.width)))
        counted.counts = sum_over_ranks(torch.from_numpy(counted.counts).to(pick_device())).cpu().numpy()
        found = {f"val/miou_{kind}": MIOU.mean(counted), f"val/confusion_{kind}": CONFUSION_RATIO.mean(counted)}
        return {name: value for name, value in found.items() if math.isfinite(value)}


def _winners(found: SegmentationResult) -> Tensor:
    """Return the class ids ``[h, w]`` of a segmentation."""
    return _at_scored_size(found.multi_scale, found.size, classes=len(found.multi_scale)).argmax(dim=0)


def _at_scored_size(maps: Tensor, size: tuple[int, int], *, classes: int) -> Tensor:
    return resize_maps(maps, scored_size(size, classes))
