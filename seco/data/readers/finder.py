"""Finds the files that the lists of a data set name, also where name and file differ in what is easily told apart."""

import difflib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from urllib.parse import unquote

from seco.data.listing import Listing
from seco.data.readers.paths import names_in, path_below
from seco.errors import SecoError

PHOTOGRAPHS = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
"""Suffixes of the image files that can be read."""

_RESTORE = "restore it or take it off the list"
_SUFFIXES = sorted(PHOTOGRAPHS)
_ABSOLUTE = re.compile(r"^(?:[A-Za-z]:)?[\\/]")
_SEARCHED = 200_000  # files below the root among which a missing one is looked for
_SMALL_FOLDER = 1_000  # files; comparing spellings with more of them takes too long for each of many missing files
_SHOWN = 3  # examples in a sentence


class FileFinder:
    """Finds files below the root of a data set by the text of a list.

    A file is taken if the text names it, or else if it is the only one that the text can mean: with another case,
    Unicode form or image suffix, back-slashes for slashes, %20 for spaces, or a path that begins above the root or on
    another computer. `settle` finds out where two texts mean one file in that way.

    Args:
        root: the folder of the data set.
        outside_root: whether paths may lead out of it.
    """

    def __init__(self, root: Path, *, outside_root: bool = False) -> None:
        self._root = root
        self._outside_root = outside_root
        self._folders: dict[Path, dict[str, list[str]]] = {}  # names in a folder, by key
        self._texts: dict[Path, dict[str, str]] = {}  # that named a file, by key
        self._respelt: dict[Path, str] = {}
        self._everywhere: dict[tuple[str, str], Path] | None = None

    def find(self, text: str, *, places: Sequence[str | Path] = ("",), remedy: str = _RESTORE) -> Path:
        """Return the file that `text` means: a path below one of the `places`, which are folders below the root.

        Args:
            text: from the list.
            places: the first in which it is found counts.
            remedy: what to do if it is not there, and nothing like it.

        Raises:
            SecoError: there is none, or more than one; the sentence says what is near.
        """
        path_below(self._root, text, outside_root=True)  # refuses what is no path at all
        found, refusal = self._look(text, places)
        if found is None:
            raise refusal or self._missing(text, places, remedy)
        return found

    def look(self, text: str, *, places: Sequence[str | Path] = ("",)) -> Path | None:
        """Return what `find` returns; None where it raises an error."""
        try:
            return self._look(text, places)[0]
        except SecoError:
            return None

    def folder_of(self, file: Path) -> Path:
        """Return the place of a file's folder."""
        return file.parent.relative_to(self._root) if file.is_relative_to(self._root) else file.parent

    def settle(self, listing: Listing) -> None:
        """Mark the images of a listing that two texts can mean as faulty, and note what was found respelt."""
        for index, image in enumerate(listing.images):
            texts = self._texts.get(image.image, {})
            if len(texts) > 1 and image.image in self._respelt:
                both = " and ".join(map(repr, texts.values()))
                fault = f"{both} can mean {image.image} alone: write the path of each file in full"
                listing.images[index] = replace(image, fault=image.fault or fault)
        if self._respelt:
            count = "1 file was" if len(self._respelt) == 1 else f"{len(self._respelt)} files were"
            file, text = next(iter(self._respelt.items()))
            listing.notes.append(f"{count} found under another spelling: {file} for {text!r}")

    def _look(self, text: str, places: Sequence[str | Path]) -> tuple[Path | None, SecoError | None]:
        """Return the file that the text means, and why the text was refused where it leads out of the root."""
        exact, refusal = self._exact(text, places)
        found = exact or self._alike(text, places)
        if found is not None:
            self._texts.setdefault(found, {}).setdefault(_key("/".join(_parts(text))), text)
            if exact is None:
                self._respelt.setdefault(found, text)
        return found, refusal

    def _exact(self, text: str, places: Sequence[str | Path]) -> tuple[Path | None, SecoError | None]:
        """Return the file that the text names, and why the text was refused where it leads out of the root."""
        refusal: SecoError | None = None
        for place, spelling in product(places, dict.fromkeys((text, text.replace("\\", "/")))):
            try:
                path = path_below(self._root, spelling, outside_root=self._outside_root, place=place)
            except SecoError as error:
                if path_below(self._root, spelling, outside_root=True, place=place).exists():
                    raise
                refusal = refusal or error
                continue
            if _is_file_or_unknown(path):
                return path, None
        return None, refusal

    def _alike(self, text: str, places: Sequence[str | Path]) -> Path | None:
        parts = _parts(unquote(text))
        # Of a path of another computer only the end can be right: the longest end that is there counts. Other paths may
        # begin above the root.
        above, is_foreign = self._root.absolute().parts, bool(_ABSOLUTE.match(text)) or ".." in parts
        ends = [
            parts[start:]
            for start in range(len(parts))
            if not start or is_foreign or tuple(parts[:start]) == above[-start:]
        ]
        for end in ends:
            for place in places:
                # Folders of a layout may be in another case too.
                found = self._descend(self._root, [*Path(place).parts, *end])
                if len(found) > 1:
                    names = " and ".join(map(str, found[:_SHOWN]))
                    raise SecoError(f"{text!r} can mean {names}: write which")
                if found:
                    return found[0]
        return None

    def _descend(self, folder: Path, parts: Sequence[str]) -> list[Path]:
        """Return the files that the parts of a path can mean in a folder, by keys of names."""
        if not parts or parts[0] == "..":
            return []
        name, *rest = parts
        names = self._names(folder)
        alike = names.get(_key(name), [])
        if rest:
            return [path for other in alike for path in self._descend(folder / other, rest)]
        if not alike:
            stems = [name, Path(name).stem] if Path(name).suffix.lower() in PHOTOGRAPHS else [name]
            alike = [other for stem in stems for suffix in _SUFFIXES for other in names.get(_key(stem) + suffix, [])]
        return [folder / other for other in alike if _is_file_or_unknown(folder / other)]

    def _names(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._folders:
            self._folders[folder] = by_key = {}
            for name in names_in(folder) if folder.is_dir() else []:
                by_key.setdefault(_key(name), []).append(name)
        return self._folders[folder]

    def _missing(self, text: str, places: Sequence[str | Path], remedy: str) -> SecoError:
        parts = _parts(text)
        path = path_below(self._root, "/".join(parts), outside_root=True, place=places[0])
        if path.is_dir():
            return SecoError(f"{path} is a folder: name a file")
        near = self._near(path)
        if near is not None:
            return SecoError(f"{path} does not exist: did you mean {near}?")
        folders = dict.fromkeys(self._root / place for place in places)
        others = [str(folder) for folder in [*folders][1:] if folder.is_dir()]
        looked = f" (nor in {', '.join(others)})" if others else ""
        return SecoError(f"{path} does not exist{looked}: {remedy}")

    def _near(self, path: Path) -> Path | None:
        """Return a file that a missing one may be: of a similar name beside it, or of the same name elsewhere."""
        listed = self._names(path.parent)
        if len(listed) <= _SMALL_FOLDER:
            everything = (name for names in listed.values() for name in names)
            names = {Path(name).stem: name for name in everything if _kind(Path(name)) == _kind(path)}
            # Names in a series differ in their numbers: another number is another image.
            alike = [stem for stem in names if _digits(stem) == _digits(path.stem)]
            similar = difflib.get_close_matches(path.stem, alike, n=1, cutoff=0.75)
            if similar:
                return path.parent / names[similar[0]]
        if self._everywhere is None:
            self._everywhere = {}
            for file in islice(_walk(self._root), _SEARCHED):
                self._everywhere.setdefault(_loose_key(file), file)
        return self._everywhere.get(_loose_key(path))


def _parts(text: str) -> list[str]:
    """Return the parts of a path, whichever separators it has; a drive is none."""
    return [part for part in re.split(r"[\\/]+", re.sub(r"^[A-Za-z]:", "", text)) if part not in ("", ".")]


def _key(name: str) -> str:
    """Return what names have in common that differ in case or in the Unicode form of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return "image" if suffix in PHOTOGRAPHS else suffix


def _loose_key(path: Path) -> tuple[str, str]:
    letters = "".join(character for character in _key(path.stem) if character.isalnum())
    return letters or path.stem, path.suffix.lower().replace("jpeg", "jpg")  # an image of another format may be a mask


def _is_file_or_unknown(path: Path) -> bool:
    """Return whether there is something other than a folder, or something that the system refuses to look at."""
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return path.is_symlink()  # one that leads nowhere is reported when it is opened
    except NotADirectoryError:
        return False
    except OSError:
        return True


def _walk(root: Path) -> Iterator[Path]:
    return (Path(folder, name) for folder, _, names in os.walk(root) for name in sorted(names))
