"""The data formats. A new format is a row here and a reader in `seco/data/readers`.

This module imports nothing heavy, so that the rules on settings can use it.
"""

from typing import NamedTuple


class Format(NamedTuple):
    """How data of a format is read, and what it needs of the settings."""

    reader: str
    """The function that lists its images, as "module:function": it takes a `ReaderInput` and returns a `Listing`."""
    needs_lists: bool = False
    """Whether each split must be named in `prepare.lists`."""
    needs_classes: bool = False
    """Whether the classes must be named, as masks hold numbers and labels come in no order."""
    takes_source: bool = False
    """Whether `prepare.source` may name one file in place of `prepare.lists`."""
    takes_difficult: bool = False
    """Whether objects may be marked as difficult."""


FORMATS: dict[str, Format] = {
    "voc": Format("seco.data.readers.voc:read_voc", needs_lists=True, needs_classes=True, takes_difficult=True),
    "coco": Format("seco.data.readers.coco:read_coco", needs_lists=True),
    "csv": Format("seco.data.readers.csv_table:read_csv_listing", takes_source=True),
    "one_hot": Format("seco.data.readers.one_hot:read_one_hot", takes_source=True),
    "json": Format("seco.data.readers.coco:read_json", takes_source=True),
    "cvat": Format("seco.data.readers.cvat:read_cvat"),
    "labelme": Format("seco.data.readers.labelme:read_labelme"),
    "yolo": Format("seco.data.readers.yolo:read_yolo"),
    "folders": Format("seco.data.readers.folders:read_folders"),
    "auto": Format("seco.data.readers.auto:read_any"),
}
