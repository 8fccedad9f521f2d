"""The masks that are converted: their files, classes and photographs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from seco.errors import SecoError
from seco.runtime.parallel import ProgressCallback, thread_map
from seco.storage.images import upright_size
from seco.storage.label_map import IGNORE
from seco.storage.masks import MaskArray, read_mask

Result = TypeVar("Result")


class Item(NamedTuple):
    """A mask and what is known of its photograph.

    Attributes:
        id: the name of both, without suffix; may hold "/".
        mask: the file.
        photo: the photograph; None where the photographs are not known.
        file_name: its path below `MaskSet.photo_folder`, with "/"; None likewise.
        size: its (width, height) in pixels; None where its file says so.
        split: "train", "val", …
        note: what is to be said of the mask, for formats that can.
    """

    id: str
    mask: Path
    photo: Path | None
    file_name: str | None
    size: tuple[int, int] | None
    split: str
    note: str = ""

    @property
    def known_photo(self) -> tuple[Path, str]:
        """The photograph and its file name, for formats that need them."""
        if self.photo is None or self.file_name is None:
            raise ValueError(f"the photograph of {self.id!r} is not known: the format does not say that it needs it")
        return self.photo, self.file_name


class MaskSet:
    """Masks of class ids, read one after the other.

    Attributes:
        items: in the order in which they are written.
        class_names: the foreground classes in id order.
        photo_folder: what `Item.file_name` is relative to; None where the photographs are not known.
        corrected: the number of masks that somebody has corrected.
        uncertain: the number of masks read by `each` that hold 255.
    """

    def __init__(
        self, items: Sequence[Item], class_names: Sequence[str], photo_folder: Path | None, *, corrected: int = 0
    ) -> None:
        self.items, self.class_names, self.photo_folder = tuple(items), tuple(class_names), photo_folder
        self.corrected = corrected
        self.uncertain = 0

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits, in the order of their first mask."""
        return tuple(dict.fromkeys(item.split for item in self.items))

    def each(
        self, work: Callable[[Item, MaskArray], Result], progress: ProgressCallback
    ) -> Iterator[tuple[Item, Result]]:
        """Yield each item with `work(item, mask)`, in order; masks `[H, W]` are read and worked on by several threads.

        Memory holds a few masks and results at a time.

        Raises:
            SecoError: a mask is damaged, or of another size than its photograph, or has a value that is no class.
        """

        def read_and_work(item: Item) -> tuple[Result, bool]:
            mask = self._read(item)
            return work(item, mask), bool((mask == IGNORE).any())

        for item, (result, is_uncertain) in zip(
            self.items, thread_map(read_and_work, self.items, progress=progress), strict=True
        ):
            self.uncertain += is_uncertain
            yield item, result

    def require_photos(self) -> None:
        """Raise a SecoError if the file of a photograph is missing."""
        missing = [item.photo for item in self.items if item.photo is None or not item.photo.is_file()]
        if missing:
            count = f"; {len(missing)} photographs are missing" if len(missing) > 1 else ""
            raise SecoError(f"the photograph {missing[0]} does not exist{count}: restore it, or give --images")

    def _read(self, item: Item) -> MaskArray:
        size = item.size
        if size is None and item.photo is not None:
            size = upright_size(item.photo)
        return read_mask(item.mask, num_classes=len(self.class_names), size=size)
