"""The folders of PASCAL VOC's layout, and its image sets, in the forms in which tools write them.

A line of an image set is an id, perhaps with the suffix of its photograph and followed by 1, 0 or -1 (as in the lists
of one class in `ImageSets/Main`); or the paths of a photograph and its mask.
"""

import re
from pathlib import Path
from typing import NamedTuple

from seco.data.readers.finder import FileFinder
from seco.data.readers.paths import names_in
from seco.errors import SecoError
from seco.storage.names import id_fault
from seco.storage.regular import read_file

PHOTOS = "JPEGImages"
LIST_FOLDERS = tuple(Path("ImageSets") / name for name in ("Segmentation", "Main", "Layout", ""))
_DEEPEST = 3  # folders between the root and the tree
_MARKS = ("1", "0", "-1")


class Entry(NamedTuple):
    """A line of an image set: the text of an image, that of its mask if there is one, and the place, for sentences."""

    image: str
    mask: str | None
    where: str


class VocImage(NamedTuple):
    """An image of the tree."""

    id: str
    path: Path
    mask: Path | None


class VocTree:
    """The tree below a folder, which may lie some levels above it.

    Args:
        root: the folder of the data set.
        mask_folders: where masks lie; the first that has an image's mask counts.

    Raises:
        SecoError: there is no folder JPEGImages, or a folder cannot be read.
    """

    def __init__(self, root: Path, *, mask_folders: tuple[str, ...]) -> None:
        self.root = find_tree(root)
        self.finder = FileFinder(self.root)
        self._mask_folders = mask_folders

    def entries(self, name: str) -> list[Entry]:
        """Return the lines of an image set; `name` is that of the file, with or without .txt.

        Raises:
            SecoError: the list is missing, empty or no text.
        """
        stem = name.removesuffix(".txt")
        file = self.list_file(stem)
        if file is None:
            known = ", ".join(sorted(set(self.list_names()))) or "none"
            place = self.root / LIST_FOLDERS[0] / f"{stem}.txt"
            raise SecoError(f"the list {place} does not exist: the lists there are {known}")
        try:
            lines = read_file(file).decode("utf-8-sig").splitlines()
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise SecoError(f"the list {file} cannot be read ({error}): save it as UTF-8 text") from error
        found = [
            self._entry(line.strip(), f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip()
        ]
        if not found:
            raise SecoError(f"the list {file} names no image: write one id a line")
        return found

    def list_file(self, stem: str) -> Path | None:
        """Return the file of an image set; None where there is none."""
        return self.finder.look(f"{stem}.txt", places=LIST_FOLDERS)

    def list_names(self) -> list[str]:
        """Return the names of all image sets."""
        names = (name for folder in LIST_FOLDERS for name in names_in(self.root / folder))
        return [name.removesuffix(".txt") for name in names if name.endswith(".txt")]

    def image(self, entry: Entry) -> VocImage:
        """Return the image that a line names.

        Raises:
            SecoError: it cannot be an image's id, or the photograph or the mask that is named does not exist.
        """
        if id_fault(entry.image.replace("\\", "/").lstrip("/")):
            raise SecoError(f"{entry.image!r} cannot be an image's id: name a file below {PHOTOS}")
        places = (PHOTOS, "")
        texts = (f"{entry.image}.jpg", entry.image, f"{entry.image.removesuffix('.xml')}.jpg")
        found = (self.finder.look(text, places=places) for text in texts)
        path = next(filter(None, found), None) or self.finder.find(texts[0], places=places)
        folder = next((parent for parent in path.parents if parent.name.lower() == PHOTOS.lower()), self.root)
        image_id = path.relative_to(folder).with_suffix("").as_posix()
        return VocImage(image_id, path, self._mask(image_id, entry.mask))

    def has(self, folder: str) -> bool:
        """Return whether there is a folder of that name, in any case."""
        return any(name.lower() == folder.lower() for name in names_in(self.root))

    def file(self, name: str, *, folder: str) -> Path:
        """Return the file of that name in a folder of the tree, whether it is there or not."""
        return self.finder.look(name, places=(folder,)) or self.root / folder / name

    def _mask(self, image_id: str, text: str | None) -> Path | None:
        if text is not None:
            return self.finder.find(text, places=("", *self._mask_folders))
        return self.finder.look(f"{image_id}.png", places=self._mask_folders)

    def _entry(self, line: str, where: str) -> Entry:
        image, *others = re.split(r"[\s,]+", line)
        if not others or self.finder.look(f"{line}.jpg", places=(PHOTOS,)):
            return Entry(line, None, where)
        start, last = line[: -len(others[-1])].rstrip(), others[-1]
        if last in _MARKS:
            return Entry(start, None, where)
        if len(others) == 1 and "." in image and "." in last:
            return Entry(image, last, where)
        return Entry(line, None, where)


def find_tree(root: Path) -> Path:
    """Return the one folder at or below `root` that holds JPEGImages.

    Raises:
        SecoError: there is none, or more than one.
    """
    level = [root]
    for _ in range(_DEEPEST):
        found = [folder for folder in level if any(name.lower() == PHOTOS.lower() for name in names_in(folder))]
        if len(found) > 1:
            raise SecoError(f"{' and '.join(map(str, found[:3]))} hold {PHOTOS}: set prepare.root to one of them")
        if found:
            return found[0]
        level = [folder / name for folder in level for name in names_in(folder) if (folder / name).is_dir()]
    raise SecoError(f"{root} holds no folder {PHOTOS}: set prepare.root to the folder that does")
