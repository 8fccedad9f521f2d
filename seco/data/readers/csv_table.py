"""Images listed in a CSV file: `image,labels[,split][,mask]`, or a line for each label of an image.

Labels are separated by `;`, `|` or `,`; paths are relative to the folder of the data set. An empty cell of labels says
that the image shows none of the classes.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.finder import FileFinder
from seco.data.readers.tables import IMAGE, MISSING, UNEVEN, Row, Table, read_table
from seco.errors import SecoError, did_you_mean
from seco.storage.manifest import TRAIN
from seco.storage.names import split_fault

LABELS = "labels"
_COLUMNS = (IMAGE, LABELS, "split", "mask")
_IGNORED = ("width", "height", "xmin", "ymin", "xmax", "ymax")  # a box, where a tool writes a line for each object
_LABEL_SEPARATOR = re.compile("[;|,]")
_PLACES = ("", "images", "data")
_MASK_PLACES = ("", "masks")


def read_csv_listing(data: ReaderInput) -> Listing:
    """List the images of CSV files; one for another split than "train" needs no labels.

    Args:
        data: `places` names a file for each split. One under None may have a column `split`.

    Raises:
        SecoError: a file is missing, no CSV, or has other columns.
    """
    listing, finder = Listing(), FileFinder(data.root, outside_root=data.outside_root)
    for split, name in data.places.items():
        file = finder.find(name, remedy=MISSING)
        table = read_table(file)
        _check_header(file, table, split)
        add_rows(listing, finder, file, table.rows, split=split)
    finder.settle(listing)
    return listing


def add_rows(listing: Listing, finder: FileFinder, file: Path, rows: Sequence[Row], *, split: str | None) -> None:
    """Add the image of each row to a listing; rows whose image cannot be found become problems.

    Args:
        listing: gets images and problems.
        finder: finds the files.
        file: the table.
        rows: with the columns image and perhaps labels, split and mask.
        split: of all rows; None where they have a column for it, or a split is to be made.
    """
    for row in rows:
        text = row.cells.get(IMAGE, "")
        try:
            image = finder.find(text, places=(*_PLACES, finder.folder_of(file)))
            listing.images.append(_listed(finder, file, row, image, split))
        except SecoError as error:
            listing.problems.append(Problem(file, f"{row.where}: {error}"))


def split_labels(cell: str) -> tuple[str, ...]:
    """Return the labels of a cell, which may be written as a list in brackets, with quotes around the labels."""
    inner = cell[1:-1] if cell[:1] + cell[-1:] in ("[]", "()", "{}") else cell
    labels = (label.strip() for label in _LABEL_SEPARATOR.split(inner))
    return tuple(name for label in labels if (name := _unquoted(label)))


def _unquoted(label: str) -> str:
    is_quoted = len(label) > 1 and label[0] == label[-1] and label[0] in "'\""
    return label[1:-1].strip() if is_quoted else label


def _listed(finder: FileFinder, file: Path, row: Row, image: Path, split: str | None) -> ListedImage:
    try:
        if not row.is_complete:
            raise SecoError(UNEVEN)
        split = row.cells.get("split", split)
        if split is not None and (fault := split_fault(split)):
            raise SecoError(f"the split {split!r} {fault}")
        text = row.cells.get("mask")
        mask = finder.find(text, places=(*_MASK_PLACES, finder.folder_of(file))) if text else None
    except SecoError as error:
        return ListedImage(None, image, row.where, (), split, fault=str(error))
    return ListedImage(None, image, row.where, split_labels(row.cells.get(LABELS, "")), split, mask)


def _check_header(file: Path, table: Table, split: str | None) -> None:
    where, form = f"{file}, line 1", "the first line must be image,labels[,split][,mask]"
    allowed = [name for name in _COLUMNS if split is None or name != "split"]
    needed = (IMAGE, LABELS) if split in (None, TRAIN) else (IMAGE,)
    if not {IMAGE, LABELS} & set(table.columns):
        raise SecoError(f"{where}: the header is missing: {form}")
    for name in table.columns:
        if name not in allowed and name.lower() not in _IGNORED:
            one_hot = "" if LABELS in table.columns else "; if each class has a column, set prepare.format to one_hot"
            raise SecoError(f"{where}: the column {name!r} is unknown: {did_you_mean(name, allowed)}{one_hot}")
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise SecoError(f"{where}: the column {missing[0]!r} is missing: {form}")
