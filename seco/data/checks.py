"""Decodes every image and mask of a data set once, and finds all problems."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from seco.data.listing import ListedImage, Listing
from seco.data.problems import Problem
from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.storage.atomic import atomic_write_bytes
from seco.storage.corrections import digest_of
from seco.storage.images import inspect_image
from seco.storage.label_map import BACKGROUND, IGNORE
from seco.storage.manifest import TRAIN, Record
from seco.storage.masks import MaskFacts, inspect_mask, require_sound

Facts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """A record whose files were decoded.

    Attributes:
        record: the image.
        shown: the classes that its mask shows; None where it has no mask. In VOC the labels of about 6 % of the images
            name a class that the mask does not show, which is normal.
        digests: of the content of image, mask and corrected mask; that of a missing mask is empty.
        palette: the colour of each value of the mask, packed into one number, if it has a palette.
        brightest: the highest value, 0..255, of an image of 16 bits; None for other images.
    """

    record: Record
    shown: tuple[str, ...] | None
    digests: tuple[str, str, str]
    palette: tuple[tuple[int, int], ...] = ()
    brightest: int | None = None


@dataclass(frozen=True)
class CheckedDataset:
    """A data set whose files were all decoded.

    Attributes:
        images: the sound ones.
        problems: of the others, and of the lists.
        unlabelled: split → number of images that are left out as they have no label.
        class_names: foreground classes in id order.
        notes: what the user should know of how the data set was read.
    """

    images: list[CheckedImage]
    problems: list[Problem]
    unlabelled: Mapping[str, int]
    class_names: tuple[str, ...]
    notes: Sequence[str] = ()


class FactsCache:
    """Facts about files, a few whole numbers each, that need not be found again while a file is unchanged.

    A file is unchanged while its path, size, time of change and inode are, which is what DVC goes by too. The cache is
    a JSON file, which may be deleted at any time; a damaged one is ignored.

    Args:
        folder: holds the JSON file.
        root: the data set; each has a file of its own.
    """

    def __init__(self, folder: Path, *, root: str) -> None:
        self._path = folder / f"{hashlib.sha256(root.encode()).hexdigest()[:16]}.json"
        self._known: dict[str, tuple[str, Facts]] = {}
        self._asked: dict[str, tuple[str, Facts]] = {}
        with suppress(OSError, UnicodeDecodeError, msgspec.DecodeError):
            self._known = msgspec.json.decode(self._path.read_bytes(), type=dict[str, tuple[str, Facts]])

    def facts(self, file: Path, kind: str, inspect: Callable[[Path], Facts]) -> Facts:
        """Return the facts about a file as a `kind` of thing, from the cache or `inspect`; its errors are not kept."""
        key = f"{kind}:{file}"
        stamp = _stamp(file)
        known = self._known.get(key)
        if known is None or known[0] != stamp:
            known = (stamp, inspect(file))
        self._asked[key] = known
        return known[1]

    def save(self) -> None:
        """Write the facts that were asked for; facts about files that were not asked for are dropped.

        Raises:
            SecoError: the file cannot be written.
        """
        if self._asked != self._known:
            atomic_write_bytes(self._path, msgspec.json.encode(self._asked, order="sorted"))
            self._known = dict(self._asked)


def check(listing: Listing, *, cache: FactsCache, progress: ProgressCallback | None = None) -> CheckedDataset:
    """Decode each image and mask once, in parallel.

    Args:
        listing: images with ids, splits and masks; a mask may hold the ids of its classes, 0 and 255.
        cache: facts about files that have not changed since they were decoded; it is saved.
        progress: called with (done, total) after each image.
    """
    class_names = tuple(listing.class_names)
    images: list[CheckedImage] = []
    problems = list(listing.problems)
    results = thread_map(lambda item: _check_image(item, class_names, cache), listing.images, progress=progress)
    try:
        for result in results:
            if isinstance(result, CheckedImage):
                images.append(result)
            else:
                problems.extend(result)
    finally:
        cache.save()
    return CheckedDataset(images, problems, listing.unlabelled, class_names, tuple(listing.notes))


def _check_image(item: ListedImage, class_names: tuple[str, ...], cache: FactsCache) -> CheckedImage | list[Problem]:
    problems: list[Problem] = []
    size = shown = brightest = None
    image_digest = mask_digest = ""
    palette: tuple[tuple[int, int], ...] = ()
    try:
        size, image_digest, brightest = _check_photograph(item, cache)
    except SecoError as error:
        problems.append(_problem(item, item.image, error))
    if item.mask is not None:
        try:
            shown, mask_digest, palette = check_mask(item.mask, size, class_names, cache)
        except SecoError as error:
            problems.append(_problem(item, item.mask, error))
    labels = item.labels if item.labels is not None else shown or ()
    if size is None or problems:
        return problems
    record = Record(item.id or "", item.image, item.mask, labels, item.split or TRAIN, *size)
    return CheckedImage(record, shown, (image_digest, mask_digest, ""), palette, brightest)


def _check_photograph(item: ListedImage, cache: FactsCache) -> tuple[tuple[int, int], str, int | None]:
    """Return the size (width, height) of an image, the digest of its file, and its highest value if it has 16 bits."""
    width, height, digest, *brightest = cache.facts(item.image, "photograph", _image_facts)
    if item.outlines is not None and item.outlines.size != (width, height):
        listed, found = ("x".join(map(str, size)) for size in (item.outlines.size, (width, height)))
        raise SecoError(
            f"{item.image} is {found} pixels, but its outlines were drawn on {listed} (width x height): "
            "list the size and the outlines of the image as it is seen, turned by its EXIF data"
        )
    return (width, height), f"{digest:014x}", brightest[0] if brightest else None


def check_mask(
    mask: Path, size: tuple[int, int] | None, class_names: tuple[str, ...], cache: FactsCache
) -> tuple[tuple[str, ...], str, tuple[tuple[int, int], ...]]:
    """Return the classes that a mask shows, the digest of its file, and its palette.

    Raises:
        SecoError: it cannot be read, has another size, or a value that is no class.
    """
    width, height, digest, count, *others = cache.facts(mask, "values", _mask_facts)
    values, colours = others[:count], others[count:]
    require_sound(mask, MaskFacts((width, height), tuple(values)), num_classes=len(class_names), size=size)
    shown = tuple(class_names[value - 1] for value in values if value not in (BACKGROUND, IGNORE))
    return shown, f"{digest:014x}", tuple(zip(values, colours, strict=False))


def _image_facts(path: Path) -> Facts:
    facts = inspect_image(path)
    return (*facts.size, _digest(path), *(() if facts.brightest is None else (facts.brightest,)))


def _mask_facts(path: Path) -> Facts:
    facts = inspect_mask(path)
    return (*facts.size, _digest(path), len(facts.values), *facts.values, *facts.colours)


def _digest(path: Path) -> int:
    return int(digest_of(path.read_bytes()), 16)


def _problem(item: ListedImage, file: Path, error: SecoError) -> Problem:
    """Return the problem of a file, with the place that lists it where the sentence does not name it."""
    place = "" if str(error).startswith(item.where) else f"{item.where}: "
    return Problem(file, f"{place}{error}")


def _stamp(file: Path) -> str:
    try:
        found = file.stat()
    except OSError:
        return ""  # reported when the file is opened
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"
