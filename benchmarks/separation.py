"""How well trained models separate a class from its context: by class tokens, by patches classified alone, by the CAM.

    python -m benchmarks.separation data/train other/model

SeCo's contrasts (eqs. 4 and 8) compare class tokens of patches, but CAMs come from the other tokens. The true masks
tell which patches of validation images show one class on more than half of their pixels and no other, and which patches
of the same images show no class. The area under the ROC curve is the share of pairs in which the patch of the class
scores higher than the patch of its context: 0.5 is chance, 1 is perfect.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import torch
import typer
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional as F
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as tv

from seco.errors import SecoError
from seco.inference.photographs import Resizing, load_photograph, photo_of
from seco.inference.trained import load_predictor
from seco.models.network import SeCoNetwork
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import Manifest, Record, read_manifest
from seco.storage.masks import read_mask

MIXED = -1
COLUMNS = ("class tokens of patches", "patches classified alone", "CAM of the image")


class Patches(NamedTuple):
    """Patches of one image, on a grid of half their size."""

    shown: Tensor
    """``[n]``: the class that a patch shows, 0 for none, -1 for several or for only a little of one."""
    class_tokens: Tensor
    """``[n, D]``, unit length, each patch encoded alone."""
    alone: Tensor
    """``[n, K]``: logits of each patch, encoded alone."""
    inside: Tensor
    """``[n, K]``: the strongest logit of the image's tokens below each patch."""


def main(
    models: Annotated[list[Path], typer.Argument(help="Folders of trained models.")],
    data: Annotated[Path, typer.Option(help="Folder of the manifest.")] = Path("data/prepare"),
    split: Annotated[str, typer.Option(help="Split whose images are used.")] = "val",
    image_size: Annotated[int, typer.Option(help="Images are resized to squares of this side, in pixels.")] = 224,
    patch_size: Annotated[int, typer.Option(help="Patch side in pixels, a multiple of twice the ViT's.")] = 64,
) -> None:
    """Print a Markdown table with a row a model: mean areas over the classes that have patches of both kinds."""
    try:
        manifest = read_manifest(data)
        records = [record for record in manifest.split(split) if record.mask is not None]
        if not records:
            raise SecoError(f"{split} of {data} has no image with a mask: name another split")
        print(f"| model | {' | '.join(COLUMNS)} |\n|---|{'--:|' * len(COLUMNS)}")
        for folder in models:
            network = load_predictor(folder, class_names=manifest.class_names).network
            found = [
                patches_of(network, record, manifest, image_size=image_size, patch_size=patch_size)
                for record in records
            ]
            print(f"| {folder} | {' | '.join(f'{area:.3f}' for area in areas(found))} |", flush=True)
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault


@torch.inference_mode()
def patches_of(
    network: SeCoNetwork, record: Record, manifest: Manifest, *, image_size: int, patch_size: int
) -> Patches:
    """Cut an image into patches and encode them.

    Raises:
        SecoError: the sizes do not fit the ViT's, or image or mask cannot be read.
    """
    step = network.encoder.patch_size
    if image_size % step or patch_size % (2 * step) or not 0 < patch_size <= image_size:
        raise SecoError(
            f"images of {image_size} and patches of {patch_size} pixels do not lie on the tokens' grid: take multiples"
            f" of {step} for images and of {2 * step} for patches, no larger than images"
        )
    device = next(network.parameters()).device
    image = load_photograph(photo_of(record), resizing=Resizing(square=image_size), patch=step).seen.to(device)
    assert record.mask is not None, "main leaves out images without a mask"
    mask = read_mask(record.mask, num_classes=len(manifest.class_names), size=(record.width, record.height))
    square = tv.resize(
        torch.from_numpy(mask.copy())[None], [image_size, image_size], interpolation=InterpolationMode.NEAREST_EXACT
    )
    patches = windows(image, patch_size)  # [n, 3, s, s]
    encoded = network.encoder(patches)
    whole = network.encoder(image[None])
    logits = F.linear(whole.final[0], network.classifier.weight).T.unflatten(1, whole.grid)  # [K, h, w]
    below = windows(logits, patch_size // step).amax(dim=(2, 3))  # [n, K]
    alone = network.classifier(encoded.final)
    tokens = F.normalize(encoded.class_token, dim=1)
    return Patches(shown_classes(windows(square, patch_size)[:, 0]), tokens.cpu(), alone.cpu(), below.cpu())


def windows(maps: Tensor, size: int) -> Tensor:
    """Cut ``[C, H, W]`` into windows ``[n, C, size, size]`` that overlap by half."""
    grid = maps.unfold(1, size, size // 2).unfold(2, size, size // 2)  # [C, rows, columns, size, size]
    return grid.flatten(1, 2).transpose(0, 1)


def shown_classes(masks: Tensor) -> Tensor:
    """Return what patches show by their true masks ``[n, s, s]``: a class, 0 for none, -1 for anything between."""
    found = []
    for mask in masks:
        ids, counts = mask[mask != IGNORE].unique(return_counts=True)
        share = {int(id_): int(count) / mask.numel() for id_, count in zip(ids, counts, strict=True)}
        classes = [id_ for id_ in share if id_ != BACKGROUND]
        sure = len(classes) == 1 and share[classes[0]] > 0.5
        found.append(classes[0] if sure else MIXED if classes or not share else BACKGROUND)
    return torch.tensor(found)


def areas(images: Sequence[Patches]) -> list[float]:
    """Return the areas under the three ROC curves, each the mean over classes.

    The class token of a patch scores by its similarity to the mean of the class's patches in the other half of the
    images.

    Raises:
        SecoError: no class has patches of both kinds in both halves.
    """
    num_classes = images[0].alone.shape[1]
    found = [area for class_id in range(1, num_classes + 1) if (area := _of_class(images, class_id)) is not None]
    if not found:
        raise SecoError("no class has patches that show it and patches that show nothing: take more images")
    return np.mean(found, axis=0).tolist()


def _of_class(images: Sequence[Patches], class_id: int) -> list[float] | None:
    """Return the areas of one class; None where a half of the images lacks patches of a kind."""
    showing = [image for image in images if (image.shown == class_id).any()]
    halves = [showing[::2], showing[1::2]]
    scores: list[list[float]] = []
    for own, other in (halves, halves[::-1]):
        truth = [_kept(image, class_id) for image in own]
        if not other or not any((kept == BACKGROUND).any() for kept in truth):
            return None
        centre = torch.cat([image.class_tokens[image.shown == class_id] for image in other]).mean(dim=0)
        columns = (
            [image.class_tokens @ centre for image in own],
            [image.alone[:, class_id - 1] for image in own],
            [image.inside[:, class_id - 1] for image in own],
        )
        wanted = torch.cat(truth)
        scores.append(
            [float(roc_auc_score((wanted > 0)[wanted != MIXED], torch.cat(c)[wanted != MIXED])) for c in columns]
        )
    return np.mean(scores, axis=0).tolist()


def _kept(image: Patches, class_id: int) -> Tensor:
    """Return what patches show, with those of other classes as mixed."""
    return torch.where((image.shown == class_id) | (image.shown == BACKGROUND), image.shown, MIXED)


if __name__ == "__main__":
    typer.run(main)
