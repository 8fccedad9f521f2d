"""The formats that masks can be converted to. A new format is a row here and a writer beside this module.

This module imports nothing heavy, so that the command line can use it.
"""

from typing import NamedTuple

from seco.errors import SecoError, did_you_mean


class Format(NamedTuple):
    """How masks are written in a format, and what it needs."""

    writer: str
    """The function that writes them, as "module:function"; it takes what `seco.conversion.convert.Writer` says."""
    suffixes: tuple[str, ...] = ()
    """How the name of the file may end; none: the format is a folder."""
    needs_photos: bool = False
    """Whether it names the photographs."""
    opens_photos: bool = False
    """Whether it reads the photographs themselves, beyond their sizes."""
    keeps_ignore: bool = False
    """Whether it can hold 255; elsewhere these pixels become background."""
    options: tuple[str, ...] = ()
    """The fields of `Options` that it uses."""


_HERE = "seco.conversion"

FORMATS: dict[str, Format] = {
    "voc": Format(f"{_HERE}.voc:write_voc", keeps_ignore=True, options=("with_images",)),
    "voc-test": Format(
        f"{_HERE}.voc_test:write_voc_test",
        suffixes=(".tgz", ".tar.gz", ".zip"),
        needs_photos=True,
        keeps_ignore=True,
        options=("ids",),
    ),
    "coco": Format(f"{_HERE}.coco:write_coco", suffixes=(".json",), needs_photos=True, options=("polygons",)),
    "coco-results": Format(f"{_HERE}.coco_results:write_results", suffixes=(".json",), options=("coco_images",)),
    "cvat": Format(f"{_HERE}.cvat:write_cvat", suffixes=(".zip",), options=("with_images",)),
    "label-studio": Format(f"{_HERE}.label_studio:write_label_studio", needs_photos=True, options=("url",)),
    "labelme": Format(f"{_HERE}.labelme:write_labelme", needs_photos=True, options=("polygons",)),
    "overlays": Format(f"{_HERE}.overlays:write_jpegs", needs_photos=True, opens_photos=True, keeps_ignore=True),
    "overlays-png": Format(f"{_HERE}.overlays:write_pngs", needs_photos=True, opens_photos=True, keeps_ignore=True),
    "gallery": Format(f"{_HERE}.gallery:write_gallery", needs_photos=True, opens_photos=True, keeps_ignore=True),
}


def find_format(name: str) -> Format:
    """Return the format of that name.

    Raises:
        SecoError: there is none.
    """
    if name not in FORMATS:
        raise SecoError(f"there is no format {name!r}: {did_you_mean(name, list(FORMATS))}")
    return FORMATS[name]
