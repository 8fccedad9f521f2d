"""Stage `export`: CAMs of the trained network, and seed masks: the CAMs cut at a threshold."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.inference import load_inference, photos_of, progress_of_rank, stage_results
from pipeline.options import CAMS, MODEL, PARAMS, PREPARED, SEEDS, Data, Force, Model, Params
from seco.storage.stage_records import recorded

if TYPE_CHECKING:
    from seco.inference.results import CamResult

Cams = Annotated[Path, typer.Option("--cams", help="Folder of the CAM store.")]
Seeds = Annotated[Path, typer.Option("--masks", help="Folder for the seed masks.")]


@recorded("export")
def export(
    params: Params = PARAMS,
    data: Data = PREPARED,
    model: Model = MODEL,
    cams: Cams = CAMS,
    masks: Seeds = SEEDS,
    force: Force = False,
) -> None:
    """Write class activation maps (CAMs) and seed masks of all images."""
    with _exported_cams(params, data, model, cams, force=force):
        export_masks(params, data, cams, masks)


def export_cams(params: Path, data: Path, model: Path, cams: Path, *, force: bool) -> None:
    """Write the class activation map (CAM) of every image, at a quarter of its size."""
    with _exported_cams(params, data, model, cams, force=force):
        pass


@contextmanager
def _exported_cams(params: Path, data: Path, model: Path, cams: Path, *, force: bool) -> Iterator[None]:
    """Write the CAM of every image; a run that is stopped before the block has ended goes on with these CAMs."""
    from seco.inference.cam_store import cam_path
    from seco.inference.photographs import Resizing

    settings, manifest, predictor = load_inference(params, data, model)
    photos = photos_of(manifest, manifest.splits)
    with stage_results(
        "export",
        cams,
        settings,
        manifest,
        sections={"export"},
        inputs=(data, model),
        files_of=lambda image_id: [cam_path(cams, image_id)],
        force=force,
    ) as done:
        results = predictor.cams(
            photos,
            resizing=Resizing(square=settings.export.image_size),
            scales=(1.0,),
            batch_size=settings.export.batch_size,
            done=done,
        )
        write_cams(results, cams, count=len(photos) - len(done))
        yield


def write_cams(results: "Iterable[CamResult]", folder: Path, *, count: int) -> None:
    """Write CAMs, at a quarter of the size of their images, and show the progress."""
    from seco.compute.resize import resize_maps
    from seco.inference.cam_store import stored_size, write_cam

    with progress_of_rank("export-cams", count) as advance:
        for cam in results:
            small = resize_maps(cam.maps, stored_size(*cam.size))
            arrays = (cam.class_ids.numpy(), small.cpu().numpy(), cam.probabilities.numpy())
            write_cam(folder, cam.photo.id, *arrays)
            advance()


def export_masks(params: Params = PARAMS, data: Data = PREPARED, cams: Cams = CAMS, masks: Seeds = SEEDS) -> None:
    """Make a seed mask of every stored CAM by the threshold `export.background`."""
    import torch

    from seco.compute.resize import resize_maps, scored_size
    from seco.config.settings import load_settings
    from seco.inference.cam_store import read_cam
    from seco.method.cam import two_way_labels
    from seco.runtime.progress import progress
    from seco.storage.atomic import take_over
    from seco.storage.manifest import read_manifest
    from seco.storage.masks import mask_path, write_mask

    settings = load_settings(params)
    manifest = read_manifest(data)
    take_over(masks)
    with progress("export-masks", len(manifest.records)) as advance:
        for record in manifest.records:
            cam = read_cam(cams, record.id)
            size = (record.height, record.width)
            maps = resize_maps(torch.from_numpy(cam.maps), scored_size(size, len(cam.maps) + 1))
            class_ids = torch.from_numpy(cam.class_ids).long()
            labels = two_way_labels(maps[None], class_ids[None], background=settings.export.background)
            write_mask(mask_path(masks, record.id), labels[0].byte().numpy(), size=size)
            advance()
