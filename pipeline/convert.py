"""`seco convert`: masks in the formats that other tools load. No stage of the pipeline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import PREPARED
from seco.conversion.formats import FORMATS

if TYPE_CHECKING:
    from seco.conversion.mask_set import MaskSet

convert = typer.Typer(help="Convert masks to the formats that other tools load.", no_args_is_help=True)


@convert.command("masks")
def convert_masks(
    masks: Annotated[Path, typer.Argument(help="Folder of masks, such as data/refine.", show_default=False)],
    to: Annotated[str, typer.Option("--to", help=f"Format: {', '.join(FORMATS)}.", show_default="none")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="File or folder to write.", show_default="none")] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder of the manifest.", show_default=f"{PREPARED} without --classes"),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="Classes instead of the manifest's: cat,dog or a file of one a line, or voc or coco.",
            show_default="the manifest's",
        ),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of the photographs, with --classes.", show_default="the manifest's")
    ] = None,
    polygons: Annotated[bool, typer.Option("--polygons", help="Polygons (coco, labelme).", show_default="no")] = False,
    coco_images: Annotated[
        Path | None,
        typer.Option(help="Annotations whose ids are used (coco-results).", show_default="numbers of coco"),
    ] = None,
    ids: Annotated[Path | None, typer.Option(help="List of the test images (voc-test).", show_default="none")] = None,
    url: Annotated[
        str | None,
        typer.Option(help="Before the photographs' names (label-studio).", show_default="/data/local-files/?d="),
    ] = None,
    with_images: Annotated[
        bool, typer.Option("--with-images", help="Add the photographs (voc, cvat).", show_default="no")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an older file or result.", show_default="no")] = False,
) -> None:
    """Convert a folder of masks to VOC, COCO, CVAT, Label Studio, labelme or pictures."""
    from seco.conversion.convert import Options, convert
    from seco.conversion.formats import find_format
    from seco.conversion.output import require_place
    from seco.errors import SecoError
    from seco.runtime.progress import progress

    if not to or out is None:
        raise SecoError(f"give the format and the place: --to FORMAT --out PATH; the formats are {', '.join(FORMATS)}")
    form = find_format(to)
    options = Options(polygons=polygons, ids=ids, coco_images=coco_images, url=url, with_images=with_images)
    options.require_used(to)
    found = _find_masks(masks, data=data, classes=classes, images=images)
    if (form.needs_photos or with_images) and found.photo_folder is None:
        raise SecoError(f"the format {to} needs the photographs here: give --images FOLDER")
    require_place(out, suffixes=form.suffixes, masks=masks, force=force)
    with progress("convert", len(found.items)) as count:
        convert(found, to, out, options, progress=count.reach)
    typer.echo(f"{out} holds {len(found.items)} masks of {len(found.class_names)} classes in the format {to}.")
    if form.needs_photos and not form.opens_photos:
        typer.echo(f"The file names of photographs are relative to {found.photo_folder}.")
    if found.uncertain and not form.keeps_ignore:
        typer.echo(
            f"{found.uncertain} masks have uncertain pixels (255), which {to} cannot hold: they have no class there."
        )


def _find_masks(masks: Path, *, data: Path | None, classes: str | None, images: Path | None) -> "MaskSet":
    from seco.conversion.class_names import read_class_names
    from seco.conversion.sources import masks_of_folders, masks_of_manifest
    from seco.errors import SecoError
    from seco.storage.manifest import MANIFEST_FILE, read_manifest

    if classes is not None:
        if data is not None:
            raise SecoError("--data and --classes both name the classes: leave out one of them")
        return masks_of_folders(masks, read_class_names(classes), images=images)
    if images is not None:
        raise SecoError("--images is for masks outside of a project: give --classes too, or leave it out")
    folder = data or PREPARED
    if not (folder / MANIFEST_FILE).is_file():
        raise SecoError(f"{folder} holds no {MANIFEST_FILE}: run `seco prepare`, or name the classes with --classes")
    return masks_of_manifest(masks, read_manifest(folder))
