"""Images of one's own, a folder for each class: `<class>/<any sub-folders>/<any name>.jpg`."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from seco.data.candidates import Candidate, Reading
from seco.data.paths import IMAGE_SUFFIXES, path_below, unreadable
from seco.data.problems import Problem
from seco.errors import SecoError

_PHOTOGRAPHS = {".arw", ".avif", ".cr2", ".dng", ".heic", ".heif", ".jp2", ".jxl", ".nef", ".psd"}


def read_folders(root: Path, folders: Mapping[str | None, str]) -> Reading:
    """List the images below class folders; files that are no photographs are passed over.

    Args:
        root: the folder of the data set.
        folders: split → the folder below `root` that holds the class folders; under None one whose split is to be made.

    Raises:
        SecoError: there is no such folder.
    """
    reading = Reading()
    for split, name in folders.items():
        folder = path_below(root, name, outside_root=False)
        if not folder.is_dir():
            raise SecoError(f"{folder} is no folder: correct prepare.root or prepare.lists")
        for image in _walk(folder, reading.problems):
            suffix = image.suffix.lower()
            label, *rest = image.relative_to(folder).parts
            if suffix in _PHOTOGRAPHS:
                fault = f"{image}: {suffix} files cannot be read: convert it to JPEG or PNG, or move it elsewhere"
            elif suffix in IMAGE_SUFFIXES and not rest:
                fault = f"{image} lies in no class folder: move it into {folder / '<class>'}"
            elif suffix in IMAGE_SUFFIXES:
                reading.candidates.append(Candidate(None, image, str(image), (label,), split))
                continue
            else:
                continue
            reading.problems.append(Problem(image, fault))
    return reading


def _walk(folder: Path, problems: list[Problem], above: tuple[tuple[int, int], ...] = ()) -> Iterator[Path]:
    """Yield every file below a folder, in order; hidden ones are left out, links are followed unless in a circle."""
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
    except OSError:  # whoever opens it will say what is wrong with it
        return False
