"""CAMs and segmentations of whole images by a trained network."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seco.compute.device import autocast, pick_device
from seco.compute.resize import rescale, resize, resize_maps
from seco.errors import SecoError
from seco.inference.loading import SquareImages
from seco.method.cam import multi_hot, multi_scale_cam, normalise_cam, present_classes
from seco.method.par import PAR
from seco.method.pseudo_labels import refine_cam
from seco.models.encoder import build_encoder
from seco.models.network import SeCoNetwork
from seco.refinement.labelling import ScoredImage
from seco.runtime.loader import load_batches
from seco.storage.images import read_image
from seco.storage.label_map import BACKGROUND
from seco.storage.manifest import Record
from seco.storage.model import StoredModel, read_model

_LOADERS = 2  # decoding keeps ahead of a ViT with two processes


class CamResult(NamedTuple):
    """The CAM of one image."""

    record: Record
    class_ids: Tensor
    """``[C]``: the classes of its labels, or those predicted where it has none."""
    maps: Tensor
    """``[C, S, S]`` in 0..1, over the image squeezed to a square."""


class SegmentationResult(NamedTuple):
    """The segmentation of one image: probabilities ``[K + 1, S, S]`` over the image squeezed to a square."""

    record: Record
    single_scale: Tensor
    """Of the first scale, not mirrored."""
    multi_scale: Tensor
    """The mean over scales and mirror images."""


class Predictor:
    """A trained network, ready to use."""

    def __init__(self, network: SeCoNetwork, class_names: Sequence[str], *, precision: str) -> None:
        self.device = pick_device()
        self.network = network.to(self.device).eval()
        self.class_names = tuple(class_names)
        self.precision = precision

    @torch.inference_mode()
    def cams(
        self, records: Sequence[Record], *, image_size: int, scales: Sequence[float], batch_size: int
    ) -> Iterator[CamResult]:
        """Yield the normalised multi-scale CAM of each record, in order.

        Labelled images have maps for their labels; unlabelled ones for the classes predicted (logit above 0).
        """
        for chunk, images in self._batches(records, image_size, batch_size):
            class_ids = present_classes(self._labels(chunk, images)).to(self.device)
            (sums,) = multi_scale_cam(
                self._maps_of, images, class_ids, scales=scales, multiple=self.network.encoder.patch_size
            )
            maps = normalise_cam(sums)
            for record, ids, cam in zip(chunk, class_ids, maps, strict=True):
                yield CamResult(record, ids[ids > 0].cpu(), cam[ids > 0].cpu())

    @torch.inference_mode()
    def segmentations(
        self, records: Sequence[Record], *, image_size: int, scales: Sequence[float], batch_size: int
    ) -> Iterator[SegmentationResult]:
        """Yield the class probabilities of each record, in order."""
        for chunk, images in self._batches(records, image_size, batch_size):
            plain = [self._probabilities(images, scale) for scale in scales]
            mirrored = [self._probabilities(images.flip(-1), scale).flip(-1) for scale in scales]
            mean = torch.stack([*plain, *mirrored]).mean(dim=0)
            for record, single, multi in zip(chunk, plain[0].cpu(), mean.cpu(), strict=True):
                yield SegmentationResult(record, single, multi)

    def _batches(
        self, records: Sequence[Record], image_size: int, batch_size: int
    ) -> Iterator[tuple[Sequence[Record], Tensor]]:
        dataset = SquareImages(records, image_size=image_size)
        start = 0
        for images in load_batches(dataset, batch_size=batch_size, num_workers=_LOADERS):
            yield records[start : start + len(images)], torch.stack(images).to(self.device)
            start += len(images)

    def _maps_of(self, images: Tensor, class_ids: Tensor) -> list[Tensor]:
        with autocast(self.device, self.precision):
            tokens = self.network.encoder(images)
        return [self.network.activations(tokens, class_ids).final]

    def _labels(self, records: Sequence[Record], images: Tensor) -> Tensor:
        given = torch.stack([multi_hot(record.labels, self.class_names) for record in records])
        unlabelled = given.sum(dim=1, keepdim=True) == 0
        if not unlabelled.any():
            return given
        with autocast(self.device, self.precision):
            predicted = self.network.classifier(self.network.encoder(images).final).cpu() > 0
        return torch.where(unlabelled, predicted.float(), given)

    def _probabilities(self, images: Tensor, scale: float) -> Tensor:
        """Return ``[B, K + 1, S, S]`` of images ``[B, 3, S, S]`` seen at a scale."""
        with autocast(self.device, self.precision):
            tokens = self.network.encoder(rescale(images, scale, multiple=self.network.encoder.patch_size))
            logits = self.network.decoder(tokens.final, tokens.grid)
        return resize(logits, images.shape[-2:]).softmax(dim=1)


def load_predictor(folder: Path, *, class_names: Sequence[str]) -> Predictor:
    """Load a trained model for data with these classes.

    Raises:
        SecoError: the model is missing, damaged, of another architecture or trained for other classes.
    """
    stored = read_model(folder)
    if stored.class_names != tuple(class_names):
        raise SecoError(
            f"the model in {folder} knows the classes {', '.join(stored.class_names)}, the prepared data has "
            f"{', '.join(class_names)}: run `seco train` on this data"
        )
    try:
        network = _network_of(stored)
        network.load_state_dict({name: weight for name, weight in stored.weights.items() if _is_used(name)})
        return Predictor(network, stored.class_names, precision=stored.settings["train"]["precision"])
    except (KeyError, TypeError) as error:
        raise SecoError(f"config.json in {folder} is not that of a model ({error}): run `seco train` again") from error
    except torch.OutOfMemoryError:  # a RuntimeError too, and none of the weights
        raise
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:200]
        raise SecoError(
            f"the weights in {folder} are of another architecture than its config.json says ({detail}): "
            "run `seco train` again"
        ) from error


def _network_of(stored: StoredModel) -> SeCoNetwork:
    backbone = stored.settings["backbone"]
    return SeCoNetwork(
        build_encoder(backbone["name"], pretrained=False, depth=backbone["depth"]),
        num_classes=len(stored.class_names),
    )


def _is_used(weight: str) -> bool:
    """Say whether a weight of the network is of use after training."""
    return not weight.startswith("projector.")


def scored_cam(cam: CamResult, *, background: float, par: PAR | None) -> ScoredImage:
    """Bring a CAM to the image's own size, as scores of background (a constant) and classes; refined by ``par``."""
    image = np.asarray(read_image(cam.record.image))
    maps = resize_maps(cam.maps, image.shape[:2])
    rgb = torch.from_numpy(image.copy()).permute(2, 0, 1).float()  # [3, H, W]
    scores = refine_cam(rgb, maps, background=background, par=par)
    return ScoredImage(cam.record.id, image, scores.numpy(), (BACKGROUND, *cam.class_ids.tolist()))


def scored_segmentation(record: Record, probabilities: Tensor) -> ScoredImage:
    """Bring the probabilities ``[K + 1, S, S]`` of a record to the image's own size."""
    image = np.asarray(read_image(record.image))
    scores = resize_maps(probabilities, image.shape[:2]).numpy()
    return ScoredImage(record.id, image, scores, tuple(range(len(scores))))
