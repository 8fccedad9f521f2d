"""Converts a set of masks to a format."""

import pkgutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

from seco.conversion.formats import FORMATS, Format, find_format
from seco.conversion.mask_set import MaskSet
from seco.conversion.output import written_aside
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback


@dataclass(frozen=True)
class Options:
    """What some formats are told beside the masks; None and False: nothing.

    Attributes:
        polygons: whether outlines are polygons instead of run lengths or bitmaps.
        ids: a text file of the ids that there must be, one a line.
        coco_images: a JSON file of COCO's form, which has the ids of images and categories.
        url: the text that precedes the photographs' file names.
        with_images: whether the photographs are put beside their masks.
    """

    polygons: bool = False
    ids: Path | None = None
    coco_images: Path | None = None
    url: str | None = None
    with_images: bool = False

    def require_used(self, name: str) -> None:
        """Raise a SecoError if an option is set that the format of that name does not use."""
        for field in fields(self):
            if getattr(self, field.name) != field.default and field.name not in FORMATS[name].options:
                takers = [other for other, row in FORMATS.items() if field.name in row.options]
                option = f"--{field.name.replace('_', '-')}"
                raise SecoError(
                    f"{option} does nothing for the format {name}, only for {', '.join(takers)}: leave it out"
                )


@dataclass(frozen=True)
class Target:
    """Where a writer writes.

    Attributes:
        path: a folder, which is empty but for hidden files, or the path of a file to be made.
        final: what the folder or file will be called.
        progress: called with (done, total) after each mask.
    """

    path: Path
    final: Path
    progress: ProgressCallback


class Writer(Protocol):
    """Writes masks in one format."""

    def __call__(self, masks: MaskSet, target: Target, options: Options) -> None:
        """Write the masks.

        Raises:
            SecoError: a mask, a name or an option does not suit the format.
            OSError: the system refused to write.
        """
        ...


def convert(masks: MaskSet, name: str, out: Path, options: Options, *, progress: ProgressCallback) -> Format:
    """Write masks in the format of that name to `out`, which is replaced when all of them are written.

    Args:
        masks: the masks; with photographs if the format needs them.
        name: a key of `FORMATS`.
        out: the file or folder, as `require_place` accepts it.
        options: of the format.
        progress: called with (done, total) after each mask.

    Returns:
        The format's row.

    Raises:
        SecoError: a mask, a name or an option does not suit the format, or `out` cannot be written.
    """
    row = find_format(name)
    options.require_used(name)
    if row.opens_photos or options.with_images:
        masks.require_photos()
    write: Writer = pkgutil.resolve_name(row.writer)
    with written_aside(out, is_folder=not row.suffixes) as aside:
        write(masks, Target(aside, out, progress), options)
    return row
