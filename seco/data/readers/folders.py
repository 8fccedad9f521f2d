"""A folder for each class: `<class>/<any sub-folders>/<any name>.jpg`."""

from collections.abc import Iterator
from pathlib import Path

from seco.data.listing import ListedImage, Listing, ReaderInput
from seco.data.problems import Problem
from seco.data.readers.paths import path_below, unreadable
from seco.errors import SecoError

_READABLE = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
_UNREADABLE = {".arw", ".avif", ".cr2", ".dng", ".heic", ".heif", ".jp2", ".jxl", ".nef", ".psd"}


def read_folders(data: ReaderInput) -> Listing:
    """List the images below class folders; other files are ignored.

    Args:
        data: `places` names for each split the folder that holds the class folders.

    Raises:
        SecoError: there is no such folder.
    """
    listing = Listing()
    for split, name in data.places.items():
        folder = path_below(data.root, name, outside_root=False)
        if not folder.is_dir():
            raise SecoError(f"{folder} is no folder: correct prepare.root or prepare.lists")
        for path in _walk(folder, listing.problems):
            suffix = path.suffix.lower()
            label, *rest = path.relative_to(folder).parts
            if suffix in _UNREADABLE:
                fault = f"{path}: {suffix} files cannot be read: convert it to JPEG or PNG, or move it elsewhere"
                listing.problems.append(Problem(path, fault))
            elif suffix in _READABLE and not rest:
                fault = f"{path} lies in no class folder: move it into {folder / '<class>'}"
                listing.problems.append(Problem(path, fault))
            elif suffix in _READABLE:
                listing.images.append(ListedImage(None, path, str(path), (label,), split))
    return listing


def _walk(folder: Path, problems: list[Problem], above: tuple[tuple[int, int], ...] = ()) -> Iterator[Path]:
    """Yield every file below a folder, sorted; skip hidden ones, follow links, report links to a parent folder."""
    try:
        found = folder.stat()
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        problems.append(Problem(folder, str(unreadable(folder, error))))
        return
    identity = (found.st_dev, found.st_ino)
    if identity in above:
        problems.append(Problem(folder, f"{folder} is a link to a folder that it lies in: remove it"))
        return
    for path in paths:
        if _is_folder(path):
            yield from _walk(path, problems, (*above, identity))
        else:
            yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # reported when the image is opened
        return False
