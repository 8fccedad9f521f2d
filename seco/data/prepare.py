"""Writes what the stage `prepare` produces: the manifest, masks beside it, and statistics of the data set."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seco.data.checks import CheckedDataset, CheckedImage
from seco.data.cooccurrence import PairCounts, count_pairs
from seco.data.plausibility import require_usable
from seco.storage.atomic import atomic_write_bytes, link_or_copy, temporary_path
from seco.storage.audit import Partner, audit, audited_records, write_audit
from seco.storage.contexts import CONTEXTS_FILE, read_contexts
from seco.storage.csv_file import write_csv
from seco.storage.fingerprint import DIGESTS_COLUMNS, DIGESTS_FILE
from seco.storage.manifest import MANIFEST_FILE, Manifest, write_manifest
from seco.storage.masks import mask_path
from seco.storage.pairs import lift, write_pairs

_MASK_FOLDER = "masks"


@dataclass(frozen=True, eq=False)
class DatasetStatistics:
    """What a data set holds, in numbers.

    Attributes:
        summary: the content of `summary.json`, see `summarise`.
        counts: int64 `[K+1, K+1]`, the images that two classes share.
        lifts: float64 `[K+1, K+1]`, how much more often than by chance.
        partners: what the labels of the training images say about classes that are hardly seen alone, see `audit`.
    """

    summary: dict[str, Any]
    counts: PairCounts
    lifts: npt.NDArray[np.float64]
    partners: list[Partner]


def write_dataset(folder: Path, dataset: CheckedDataset, *, root: Path, mask_cache: Path) -> DatasetStatistics:
    """Write the manifest of the sound images and what belongs to it; the manifest comes last.

    Args:
        folder: gets manifest.csv, classes.csv, cooccurrence.csv, audit.csv, digests.csv, summary.json and, where masks
            were rasterised, masks/.
        dataset: what was checked.
        root: the data set's folder; its contexts.csv, if there is one, is checked and copied.
        mask_cache: the folder that rasterised masks are kept in.

    Raises:
        SecoError: nothing can be learnt from the data set, or a file cannot be written.
    """
    require_usable(dataset)
    _copy_contexts(root / CONTEXTS_FILE, folder / CONTEXTS_FILE)
    names = dataset.class_names
    (folder / MANIFEST_FILE).unlink(missing_ok=True)  # a kill must not leave it beside the masks of other classes
    images = link_masks(dataset.images, cache=mask_cache, folder=folder)
    manifest = Manifest(tuple(item.record for item in images), names)
    label_sets = [manifest.label_ids(record) for record in manifest.records]
    counts = count_pairs(label_sets, num_classes=len(names))
    lifts = lift(counts, num_images=len(label_sets))
    summary = summarise(dataset)
    partners = audit_labels(manifest)
    write_audit(folder, partners)
    write_pairs(folder, class_names=names, counts=counts, lifts=lifts)
    digests = [(item.record.id, *item.digests) for item in dataset.images]
    write_csv(folder / DIGESTS_FILE, digests, columns=DIGESTS_COLUMNS)
    write_manifest(folder, manifest, summary=summary)
    return DatasetStatistics(summary, counts, lifts, partners)


def audit_labels(manifest: Manifest) -> list[Partner]:
    """Audit the labels of the `audited_records`."""
    names = manifest.class_names
    label_sets = [manifest.label_ids(record) for record in audited_records(manifest)]
    single = Counter(ids[0] for ids in label_sets if len(ids) == 1)
    counts = count_pairs(label_sets, num_classes=len(names))
    alone = [single[class_id] for class_id in range(1, len(names) + 1)]
    return audit(counts, alone=alone, num_images=len(label_sets), class_names=names)


def link_masks(images: Sequence[CheckedImage], *, cache: Path, folder: Path) -> list[CheckedImage]:
    """Link the masks that lie in the cache into `folder/masks`, which is replaced; return the images with these masks.

    Raises:
        SecoError: the folder cannot be written.
    """
    target = folder / _MASK_FOLDER
    linked: list[CheckedImage] = []
    with temporary_path(target) as aside:
        try:
            for item in images:
                image_id, mask = item.record.id, item.record.mask
                if mask is None or not mask.is_relative_to(cache):
                    linked.append(item)
                    continue
                link_or_copy(mask, mask_path(aside, image_id))
                linked.append(replace(item, record=replace(item.record, mask=mask_path(target, image_id))))
            if target.exists():
                shutil.rmtree(target)
            if aside.exists():
                aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return linked


def summarise(dataset: CheckedDataset) -> dict[str, Any]:
    """Count images, labels and masks of each split.

    Returns:
        `images`, `images_without_mask`, `images_corrected`, `images_without_label`: split → number; `images_a_class`:
        split → class → images; `labels_an_image`: split → number of labels → images; `images_with_unseen_labels`:
        split → images with a label that their mask does not show (normal in VOC: about 6 % of train_aug);
        `images_with_unnamed_classes`: split → images whose mask shows a class that no label names;
        `left_out_without_label`: split → images that are left out as they have no label; `problems`: the number of
        problems.
    """
    summary: dict[str, Any] = {
        "left_out_without_label": dict(dataset.unlabelled),
        "problems": len(dataset.problems),
    }
    for split in dict.fromkeys(item.record.split for item in dataset.images):
        images = [item for item in dataset.images if item.record.split == split]
        masked = [(set(item.record.labels), set(item.shown)) for item in images if item.shown is not None]
        labels = Counter(label for item in images for label in item.record.labels)
        for key, value in (
            ("images", len(images)),
            ("images_without_mask", len(images) - len(masked)),
            ("images_corrected", sum(item.record.corrected is not None for item in images)),
            ("images_without_label", sum(not item.record.labels for item in images)),
            ("images_a_class", {name: labels[name] for name in dataset.class_names}),
            ("labels_an_image", dict(sorted(Counter(len(item.record.labels) for item in images).items()))),
            ("images_with_unseen_labels", sum(bool(named - shown) for named, shown in masked)),
            ("images_with_unnamed_classes", sum(bool(shown - named) for named, shown in masked)),
        ):
            summary.setdefault(key, {})[split] = value
    return summary


def linked_folders(root: Path, images: Sequence[CheckedImage]) -> list[Path]:
    """Return the folders with images or masks below `root` that are symbolic links; `root` itself may be one."""
    files = (file for item in images for file in (item.record.image, item.record.mask) if file is not None)
    folders = {folder for parent in {file.parent for file in files} for folder in (parent, *parent.parents)}
    inside = (folder for folder in folders if folder != root and folder.is_relative_to(root))
    return sorted(folder for folder in inside if folder.is_symlink())


def _copy_contexts(source: Path, target: Path) -> None:
    if read_contexts(source):
        atomic_write_bytes(target, source.read_bytes())
    else:
        target.unlink(missing_ok=True)
