"""A plain folder for any tool, and a page that shows what is in it.

```
photographs/<id>.jpg
masks/<id>.png           pixel values are class ids, 255 is uncertain
overlays/<id>.jpg        the photograph in grey under the colours of the classes
legend.csv               class, id, colour
index.html               small pictures of all, in their order, with what is said of each
```
"""

import numpy as np

from seco.conversion.containers import Folder
from seco.conversion.convert import Options, Target
from seco.conversion.mask_set import Item, MaskSet
from seco.conversion.overlays import drawn_over, encoded
from seco.reporting.blocks import Block, Legend, Picture, Section, Strip
from seco.reporting.examples import legend_of
from seco.reporting.gallery import thumbnail
from seco.reporting.overlays import class_colours
from seco.reporting.page.compose import compose
from seco.storage.csv_file import write_csv
from seco.storage.images import read_image
from seco.storage.masks import MaskArray, encode_mask
from seco.storage.regular import read_file


def write_gallery(masks: MaskSet, target: Target, _options: Options) -> None:
    """Write photographs, masks, overlays and the page; a `Writer`."""
    folder, blocks = Folder(target.path), list[Block]()
    seen: set[int] = set()
    for item, (mask, overlay, pictures, values) in masks.each(_parts, target.progress):
        photo, _ = item.known_photo
        folder.add(f"photographs/{item.id}{photo.suffix}", read_file(photo))
        folder.add(f"masks/{item.id}.png", mask)
        folder.add(f"overlays/{item.id}.jpg", overlay)
        blocks.append(Strip(f"{len(blocks) + 1}. {item.id}{f': {item.note}' if item.note else ''}", pictures))
        seen |= values
    colours = class_colours()
    rows = [
        (name, str(class_id), f"#{bytes(colours[class_id].tolist()).hex()}")
        for class_id, name in enumerate(masks.class_names, start=1)
    ]
    write_csv(target.path / "legend.csv", rows, columns=("class", "id", "colour"))
    legend = Legend(tuple(legend_of(seen - {0}, masks.class_names)))
    section = Section("masks", f"{len(blocks)} masks", (legend, *blocks))
    page = compose([section], title=target.final.name, answer="The full pictures lie beside this page.")
    (target.path / "index.html").write_text(page, encoding="utf-8")


def _parts(item: Item, mask: MaskArray) -> tuple[bytes, bytes, tuple[Picture, ...], set[int]]:
    """Return the mask, its overlay, small pictures of photograph and overlay, and the ids in the mask."""
    photo, _ = item.known_photo
    overlay = drawn_over(item, mask)
    pictures = (
        Picture(thumbnail(np.asarray(read_image(photo))), f"photograph {item.id}", "photograph"),
        Picture(thumbnail(overlay), f"mask of {item.id}", "mask"),
    )
    return encode_mask(mask), encoded(overlay, suffix=".jpg"), pictures, set(np.unique(mask).tolist())
