"""CAMs and segmentations of whole images by a trained network."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional as tv

from seco.compute.device import autocast, pick_device
from seco.compute.pixels import normalise
from seco.compute.resize import rescale, resize
from seco.errors import SecoError
from seco.method.cam import multi_hot, multi_scale_cam, normalise_cam, present_classes
from seco.models.encoder import Normalisation, build_encoder
from seco.models.network import SeCoNetwork
from seco.runtime.loader import SafeDataset, load_batches
from seco.storage.images import read_image
from seco.storage.manifest import TRAIN, Record
from seco.storage.model import read_model

_LOADERS = 2  # processes; two decode faster than a ViT takes the images


class _Backbone(msgspec.Struct):
    name: str
    depth: int | None
    normalisation: Normalisation
    antialias: bool


class _Cam(msgspec.Struct):
    pool_sharpness: float | None


class _Train(msgspec.Struct):
    precision: Literal["auto", "fp32", "bf16"]


class _UsedSettings(msgspec.Struct):
    """What is used of the settings that a model was trained with."""

    backbone: _Backbone
    cam: _Cam
    train: _Train


class Photograph(NamedTuple):
    """A decoded image, and what the network takes of it."""

    record: Record
    pixels: NDArray[np.uint8]
    """``[H, W, 3]`` at the image's own size. An array, since tensors of loader processes fill /dev/shm."""
    square: Tensor
    """``[3, S, S]``, resized to a square and normalised."""


class Photographs(SafeDataset[int, Photograph]):
    """The photographs of some records; each is decoded once."""

    def __init__(self, records: Sequence[Record], *, image_size: int) -> None:
        self.records = records
        self.image_size = image_size

    def __len__(self) -> int:
        return len(self.records)

    def load(self, key: int) -> Photograph:
        """Load the photograph of the record at that index."""
        record = self.records[key]
        pixels = np.array(read_image(record.image))
        colours = torch.from_numpy(pixels).permute(2, 0, 1)  # [3, H, W]
        square = tv.resize(colours, [self.image_size, self.image_size], antialias=True)
        return Photograph(record, pixels, normalise(square))


class CamResult(NamedTuple):
    """The CAM of one image."""

    record: Record
    pixels: NDArray[np.uint8]
    """The image, ``[H, W, 3]``."""
    class_ids: Tensor
    """``[C]`` on the CPU: the classes of its labels, or those predicted where labels are not known."""
    maps: Tensor
    """``[C, S, S]`` in 0..1 on the model's device, over the image resized to a square."""


class SegmentationResult(NamedTuple):
    """The segmentation of one image: probabilities ``[K + 1, S, S]`` over the image resized to a square."""

    record: Record
    pixels: NDArray[np.uint8]
    """The image, ``[H, W, 3]``."""
    single_scale: Tensor
    """Of the first scale, not mirrored; on the model's device."""
    multi_scale: Tensor
    """The mean over scales and mirror images; on the model's device."""


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

        Labelled images have maps for their labels; unlabelled ones for the classes predicted (logit above 0), but for
        those of "train", which show no class.
        """
        for photographs, images in self._batches(records, image_size, batch_size):
            class_ids = present_classes(self._labels(photographs, images))
            (sums,) = multi_scale_cam(
                self._maps_of,
                images,
                class_ids.to(self.device),
                scales=scales,
                multiple=self.network.encoder.patch_size,
            )
            for photograph, ids, maps in zip(photographs, class_ids, normalise_cam(sums), strict=True):
                count = int((ids > 0).sum())  # empty slots come last
                yield CamResult(photograph.record, photograph.pixels, ids[:count], maps[:count])

    @torch.inference_mode()
    def segmentations(
        self, records: Sequence[Record], *, image_size: int, scales: Sequence[float], batch_size: int
    ) -> Iterator[SegmentationResult]:
        """Yield the class probabilities of each record, in order."""
        for photographs, images in self._batches(records, image_size, batch_size):
            plain = [self._probabilities(images, scale) for scale in scales]
            mirrored = [self._probabilities(images.flip(-1), scale).flip(-1) for scale in scales]
            mean = torch.stack([*plain, *mirrored]).mean(dim=0)
            for photograph, single, multi in zip(photographs, plain[0], mean, strict=True):
                yield SegmentationResult(photograph.record, photograph.pixels, single, multi)

    def _batches(
        self, records: Sequence[Record], image_size: int, batch_size: int
    ) -> Iterator[tuple[list[Photograph], Tensor]]:
        """Yield photographs and their squares ``[B, 3, S, S]`` on the model's device."""
        dataset = Photographs(records, image_size=image_size)
        for photographs in load_batches(dataset, batch_size=batch_size, num_workers=_LOADERS):
            yield photographs, torch.stack([photograph.square for photograph in photographs]).to(self.device)

    def _maps_of(self, images: Tensor, class_ids: Tensor) -> list[Tensor]:
        with autocast(self.device, self.precision):
            tokens = self.network.encoder(images)
        return [self.network.activations(tokens, class_ids).final]

    def _labels(self, photographs: Sequence[Photograph], images: Tensor) -> Tensor:
        """Return multi-hot labels ``[B, K]`` on the CPU: the given ones, or predicted ones where they are not known."""
        given = torch.stack([multi_hot(photograph.record.labels, self.class_names) for photograph in photographs])
        is_train = torch.tensor([[photograph.record.split == TRAIN] for photograph in photographs])
        unlabelled = (given.sum(dim=1, keepdim=True) == 0) & ~is_train
        if not unlabelled.any():
            return given
        with autocast(self.device, self.precision):
            predicted = self.network.classifier(self.network.encoder(images).final).cpu() > 0
        return torch.where(unlabelled, predicted.float(), given)

    def _probabilities(self, images: Tensor, scale: float) -> Tensor:
        """Return ``[B, K + 1, S, S]`` of images ``[B, 3, S, S]`` that the network sees at a scale."""
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
        used = msgspec.convert(stored.settings, _UsedSettings)
    except msgspec.ValidationError as error:
        raise SecoError(f"config.json in {folder} is not that of a model ({error}): run `seco train` again") from error
    weights = {name: weight for name, weight in stored.weights.items() if _is_used(name)}
    with torch.device("meta"):  # without memory for the weights, which a damaged config could ask any amount of
        expected = _shapes_of(_network_of(used, len(class_names)).state_dict())
    if (found := _shapes_of(weights)) != expected:
        differs = min(name for name in found | expected if found.get(name) != expected.get(name))
        detail = f"{differs}: {found.get(differs, 'absent')} and not {expected.get(differs, 'absent')}"
        raise SecoError(
            f"the weights in {folder} are of another architecture than its config.json says ({detail}): "
            "run `seco train` again"
        )
    network = _network_of(used, len(class_names))
    network.load_state_dict(weights)
    return Predictor(network, stored.class_names, precision=used.train.precision)


def _network_of(used: _UsedSettings, num_classes: int) -> SeCoNetwork:
    encoder = build_encoder(pretrained=False, **msgspec.structs.asdict(used.backbone))
    return SeCoNetwork(encoder, num_classes=num_classes, pool_sharpness=used.cam.pool_sharpness)


def _shapes_of(weights: Mapping[str, Tensor]) -> dict[str, list[int]]:
    return {name: list(weight.shape) for name, weight in weights.items()}


def _is_used(weight: str) -> bool:
    """Return whether a weight of the network is used after training."""
    return not weight.startswith("projector.")
