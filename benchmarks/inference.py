"""CAMs, segmentations and the dense CRF: ours beside the plain way of the published pipeline, on the same photographs.

    python -m benchmarks.inference data/raw/voc2012/VOCdevkit/VOC2012

The plain way takes one image at a time in fp32, with attention written out and maps of all classes, stores
probabilities on the disk, and gives all classes to the CRF. Ours is what `export-cams`, `refine` and `predict` run.
Weights are random: for the CRF, scores are made from the true masks as in `benchmarks.refinement`, and each class that
is not in the image gets 0.1 %.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from benchmarks.measuring import device_name
from benchmarks.records import write_record
from benchmarks.reference_crf import by_pydensecrf, has_pydensecrf
from benchmarks.refinement import cam_like, records_of
from benchmarks.sizes import SIZES, settings_of
from pipeline.export import write_cams
from seco.compute.pixels import normalise
from seco.data.class_sets import VOC
from seco.errors import SecoError
from seco.inference.photographs import Photo, Resizing, photo_of
from seco.inference.predictor import Predictor
from seco.inference.scoring import score_cams, score_segmentations
from seco.method.cam import multi_hot
from seco.models.encoder import build_encoder
from seco.models.network import SeCoNetwork
from seco.refinement.labelling import ScoredImage, write_label
from seco.runtime.memory import keep_freed_memory
from seco.storage.images import read_image
from seco.storage.manifest import Record
from seco.storage.masks import mask_path, read_mask, write_mask
from tests.plain.cams import multi_scale_cams
from tests.plain.encoder import encode

SIDE = 448
SIZE = (375, 500)  # of the photographs, height and width: that of most in VOC
CAM_SCALES = (1.0, 0.5, 0.75, 1.5)
SCALES = (1.0, 1.25, 1.5)
BATCH = 8
TRAIN_AUG = 10_582  # images of VOC
ABSENT = 0.001  # probability of each class that is not in the image, for the CRF

Way = Callable[[Path], None]
"""Writes its results to a folder."""


class Seconds(NamedTuple):
    """Seconds an image, each time that both ways were timed."""

    plain: list[float]
    ours: list[float]


def main(
    folder: Annotated[Path, typer.Argument(help="VOC2012, with JPEGImages and SegmentationClassAug or -Class.")],
    images: Annotated[int, typer.Option(min=1, help="Photographs that the network looks at.")] = 8,
    smoothed: Annotated[int, typer.Option(min=1, help="Photographs for the CRF.")] = 64,
    rounds: Annotated[int, typer.Option(min=1, help="Both ways take turns so many times.")] = 3,
    record: Annotated[Path | None, typer.Option(help="JSON file for `benchmarks.compare`.")] = None,
) -> None:
    """Print a Markdown table with a row for each task."""
    try:
        if not has_pydensecrf():
            raise SecoError("the plain way needs pydensecrf: `make test` builds it where there is a C++ compiler")
        records = [record for record in records_of(folder, 10**6) if read_image(record.image).size == SIZE[::-1]]
    except SecoError as fault:
        raise typer.BadParameter(str(fault)) from fault
    keep_freed_memory()  # as the commands do; the plain way gains from it too
    records = records[:smoothed]
    predictor = random_predictor()
    photos = [photo_of(record)._replace(labels=labels_of(record)) for record in records[:images]]
    print(f"{device_name(predictor.device)}, torch {torch.__version__}; {len(photos)} photographs of 375 × 500, for")
    print(f"the CRF {len(records)}; medians of {rounds} rounds.\n")
    print("| task | plain, s an image | ours, s an image | plain / ours |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch)
        tasks: dict[str, tuple[Way, Way]] = {
            "multi-scale CAM": (partial(plain_cams, predictor, photos), partial(our_cams, predictor, photos)),
            "segmentation, 3 scales": (partial(plain_masks, predictor, photos), partial(our_masks, predictor, photos)),
        }
        found = {}
        for name, (plain, ours) in tasks.items():
            found[name] = compared(plain, ours, len(photos), rounds, store)
            show(name, found[name])
        scored = [scores_of(record, number) for number, record in enumerate(records)]
        found["dense CRF, one core"] = compare_crfs(scored, store)
        show("dense CRF, one core", found["dense CRF, one core"])
    if record is not None:
        write_record(record, {f"{name}, {way}": each for name in found for way, each in found[name]._asdict().items()})
    size = cam_store_size(records)
    print(f"\nA stored CAM of these photographs takes {size / 1e3:.1f} kB: {size * TRAIN_AUG / 1e6:.0f} MB for VOC.")


def show(name: str, found: Seconds) -> None:
    """Print a row of medians."""
    plain, ours = map(np.median, found)
    print(f"| {name} | {plain:.2f} | {ours:.2f} | {plain / ours:.1f}× |", flush=True)


def random_predictor() -> Predictor:
    """Return a ViT-B/16 with random weights for VOC's classes."""
    torch.manual_seed(0)
    settings = settings_of(SIZES["b16-448"])
    encoder = build_encoder(settings.backbone.name, pretrained=False)
    return Predictor(SeCoNetwork(encoder, num_classes=len(VOC)), VOC, precision=settings.train.precision)


def labels_of(record: Record) -> tuple[str, ...]:
    """Return the classes of a photograph's mask."""
    assert record.mask is not None, "records_of gives each one a mask"
    found = np.unique(read_mask(record.mask, num_classes=len(VOC), size=None))
    return tuple(VOC[value - 1] for value in found if 0 < value <= len(VOC))


def compared(plain: Way, ours: Way, count: int, rounds: int, store: Path) -> Seconds:
    """Time both ways in turns; the first round warms up and is not counted."""
    found = Seconds([], [])
    for _ in range(1 + rounds):
        for way, seconds in zip((plain, ours), found, strict=True):
            start = time.perf_counter()
            way(store)
            seconds.append((time.perf_counter() - start) / count)
    return Seconds(*(seconds[1:] for seconds in found))


@torch.inference_mode()
def plain_cams(predictor: Predictor, photos: Sequence[Photo], store: Path) -> None:
    """Write the CAMs of all classes at the image's size, image by image."""
    network = predictor.network
    for photo in photos:
        image = squeezed(photo, predictor.device)
        labels = multi_hot(photo.labels or (), VOC)[None].to(image.device)
        inside = torch.ones(1, SIDE, SIDE, dtype=torch.bool, device=image.device)
        (cam,) = multi_scale_cams(
            lambda batch: encode(network.encoder.vit, batch, fused_attention=False),
            image,
            [network.classifier.weight],
            labels,
            inside,
            scales=CAM_SCALES,
            multiple=network.encoder.patch_size,
        )
        np.save(store / f"{photo.id}.npy", F.interpolate(cam, size=SIZE, mode="bilinear")[0].cpu().numpy())


def our_cams(predictor: Predictor, photos: Sequence[Photo], store: Path) -> None:
    """Write CAMs as `export-cams` does, at all scales."""
    resizing = Resizing(square=SIDE)
    cams = predictor.cams(photos, resizing=resizing, scales=CAM_SCALES, batch_size=BATCH)
    write_cams(cams, store, count=len(photos))


@torch.inference_mode()
def plain_masks(predictor: Predictor, photos: Sequence[Photo], store: Path) -> None:
    """Store the probabilities of all classes at the image's size, image by image; then read them and write masks."""
    network = predictor.network
    for photo in photos:
        image, total = squeezed(photo, predictor.device), torch.zeros(1, len(VOC) + 1, *SIZE, device=predictor.device)
        for scale in SCALES:
            side = round(SIDE * scale / network.encoder.patch_size) * network.encoder.patch_size
            scaled = F.interpolate(image, size=(side, side), mode="bilinear")
            for mirrored in (False, True):
                tokens = encode(network.encoder.vit, scaled.flip(-1) if mirrored else scaled, fused_attention=False)
                logits = network.decoder(tokens.final, tokens.grid)
                logits = logits.flip(-1) if mirrored else logits
                total += F.interpolate(logits, size=SIZE, mode="bilinear").softmax(dim=1)
        np.save(store / f"{photo.id}.npy", total[0].cpu().numpy())
    for photo in photos:
        stored: NDArray[np.float32] = np.load(store / f"{photo.id}.npy")
        write_mask(mask_path(store, photo.id), stored.argmax(axis=0).astype(np.uint8), size=SIZE)


def our_masks(predictor: Predictor, photos: Sequence[Photo], store: Path) -> None:
    """Write masks as `predict` does without a CRF."""
    resizing = Resizing(square=SIDE)
    found = predictor.segmentations(photos, resizing=resizing, scales=SCALES, batch_size=BATCH)
    for variants in score_segmentations(found):
        write_label(variants.multi_scale, folder=store, crf=None)


def squeezed(photo: Photo, device: torch.device) -> Tensor:
    """Return a photograph as a normalised square ``[1, 3, S, S]``."""
    assert isinstance(photo.image, Path), "photographs of this benchmark are files"
    pixels = torch.from_numpy(np.array(read_image(photo.image))).permute(2, 0, 1)[None].to(device)
    return F.interpolate(normalise(pixels), size=(SIDE, SIDE), mode="bilinear")


def scores_of(record: Record, number: int) -> ScoredImage:
    """Return probabilities of all of VOC's classes: those in the mask as bad as CAMs say, the others nearly 0."""
    assert record.mask is not None, "records_of gives each one a mask"
    truth = read_mask(record.mask, num_classes=len(VOC), size=None)
    cam = cam_like(record, truth, rng=np.random.default_rng(number))
    (few,) = score_cams([cam], background=0.5, par=None)
    scores = np.full((len(VOC) + 1, *SIZE), ABSENT, dtype=np.float32)
    scores[list(few.class_ids)] = few.scores / few.scores.sum(axis=0) * (1 - ABSENT * (len(VOC) + 1 - len(few.scores)))
    return few._replace(scores=scores, class_ids=tuple(range(len(VOC) + 1)))


def compare_crfs(scored: Sequence[ScoredImage], store: Path) -> Seconds:
    """Return the processor's seconds an image, with all classes and as `predict` does it."""
    settings = settings_of(SIZES["b16-448"])
    crf = settings.crf_of(settings.predict.crf)
    assert crf is not None, "the recipe enables the CRF"
    kernels = {key: value for key, value in crf.items() if key != "sharpness"}
    label = partial(write_label, folder=store, crf=crf)
    plain = [_seconds(partial(by_pydensecrf, item.image, item.scores, **kernels)) for item in scored]
    return Seconds(plain, [_seconds(partial(label, item)) for item in scored])


def _seconds(function: Callable[[], object]) -> float:
    """Return the seconds that the processor works for a call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def cam_store_size(records: Sequence[Record]) -> float:
    """Return the bytes of a stored CAM, mean over photographs; the maps are those of `benchmarks.refinement`."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, record in enumerate(records):
            assert record.mask is not None, "records_of gives each one a mask"
            truth = read_mask(record.mask, num_classes=len(VOC), size=None)
            write_cams([cam_like(record, truth, rng=np.random.default_rng(number))], Path(scratch), count=1)
        return float(np.mean([path.stat().st_size for path in Path(scratch).iterdir()]))


if __name__ == "__main__":
    typer.run(main)
