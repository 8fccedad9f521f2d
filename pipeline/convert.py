"""`seco convert`: masks in the formats that other tools load. No stage of the pipeline."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.options import PREPARED
from seco.conversion.formats import FORMATS, Format

if TYPE_CHECKING:
    from seco.conversion.mask_set import MaskSet
    from seco.storage.manifest import Manifest

convert = typer.Typer(
    help="Convert masks to the formats that other tools load, and CAMs to pictures.", no_args_is_help=True
)


OfManifest = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the manifest.", show_default=f"{PREPARED} without --classes"),
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="Classes instead of the manifest's: cat,dog or a file of one a line, or voc or coco.",
        show_default="the manifest's",
    ),
]
PhotoFolder = Annotated[
    Path | None, typer.Option(help="Folder of the photographs, with --classes.", show_default="the manifest's")
]
Replace = Annotated[bool, typer.Option("--force", help="Replace an older file or result.", show_default="no")]


class Picture(str, Enum):
    """The format of a picture."""

    jpg = "jpg"
    png = "png"


@convert.command("masks")
def convert_masks(
    masks: Annotated[Path, typer.Argument(help="Folder of masks, such as data/refine.", show_default=False)],
    to: Annotated[str, typer.Option("--to", help=f"Format: {', '.join(FORMATS)}.", show_default="none")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="File or folder to write.", show_default="none")] = None,
    data: OfManifest = None,
    classes: Classes = None,
    images: PhotoFolder = None,
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
    machine_only: Annotated[
        bool,
        typer.Option("--machine-only", help="Leave corrected masks out, use the folder's.", show_default="no"),
    ] = False,
    force: Replace = False,
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
    found = _find_masks(masks, data=data, classes=classes, images=images, machine_only=machine_only)
    if (form.needs_photos or with_images) and found.photo_folder is None:
        raise SecoError(f"the format {to} needs the photographs here: give --images FOLDER")
    require_place(out, suffixes=form.suffixes, masks=masks, force=force)
    with progress("convert", len(found.items)) as count:
        convert(found, to, out, options, progress=count.reach)
    tell_converted(found, to, out, form)


def tell_converted(found: "MaskSet", to: str, out: Path, form: Format) -> None:
    """Say where masks were written, what the file names in it are relative to, and what the format cannot hold."""
    typer.echo(f"{out} holds {len(found.items)} masks of {len(found.class_names)} classes in the format {to}.")
    if found.corrected:
        typer.echo(f"{found.corrected} of them are corrections.")
    if form.needs_photos and not form.opens_photos:
        typer.echo(f"The file names of photographs are relative to {found.photo_folder}.")
    if found.uncertain and not form.keeps_ignore:
        typer.echo(
            f"{found.uncertain} masks have uncertain pixels (255), which {to} cannot hold: they have no class there."
        )


@convert.command("cams")
def convert_cams(
    cams: Annotated[Path, typer.Argument(help="Folder of CAMs, such as data/export/cams.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write.", show_default="none")] = None,
    to: Annotated[Picture, typer.Option("--to", help="Format of the pictures.")] = Picture.jpg,
    data: OfManifest = None,
    classes: Classes = None,
    images: PhotoFolder = None,
    force: Replace = False,
) -> None:
    """Draw the class activation map of each class over its photograph, as a heat map."""
    from seco.conversion.heat_maps import photos_of_folder, photos_of_manifest, write_heat_maps
    from seco.conversion.output import require_place
    from seco.errors import SecoError
    from seco.runtime.progress import progress

    if out is None:
        raise SecoError("give the place: --out FOLDER")
    manifest, names = _classes_of(data=data, classes=classes, images=images)
    if manifest is not None:
        photos = photos_of_manifest(cams, manifest)
    elif images is not None:
        photos = photos_of_folder(cams, images)
    else:
        raise SecoError("heat maps need the photographs: give --images FOLDER")
    require_place(out, suffixes=(), masks=cams, force=force)
    with progress("convert", len(photos)) as count:
        pictures = write_heat_maps(cams, photos, names, out, suffix=f".{to.value}", progress=count.reach)
    typer.echo(f"{out} holds {pictures} heat maps of {len(photos)} photographs.")


def _find_masks(
    masks: Path, *, data: Path | None, classes: str | None, images: Path | None, machine_only: bool
) -> "MaskSet":
    from seco.conversion.sources import masks_of_folders, masks_of_manifest

    manifest, names = _classes_of(data=data, classes=classes, images=images)
    if manifest is None:
        return masks_of_folders(masks, names, images=images)
    return masks_of_manifest(masks, manifest, with_corrections=not machine_only)


def _classes_of(
    *, data: Path | None, classes: str | None, images: Path | None
) -> "tuple[Manifest | None, tuple[str, ...]]":
    """Return the manifest, None where the command line names the classes, and the classes."""
    from seco.conversion.class_names import read_class_names
    from seco.errors import SecoError
    from seco.storage.manifest import MANIFEST_FILE, read_manifest

    if classes is not None:
        if data is not None:
            raise SecoError("--data and --classes both name the classes: leave out one of them")
        return None, read_class_names(classes)
    if images is not None:
        raise SecoError("--images is for files outside of a project: give --classes too, or leave it out")
    folder = data or PREPARED
    if not (folder / MANIFEST_FILE).is_file():
        raise SecoError(f"{folder} holds no {MANIFEST_FILE}: run `seco prepare`, or name the classes with --classes")
    manifest = read_manifest(folder)
    return manifest, manifest.class_names
