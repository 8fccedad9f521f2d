import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.reporting.blocks import Heading, Legend, Points, Strip
from seco.reporting.failures import MISSED, NOTHING, STRAY, find_failures, predicted_pixels
from seco.reporting.gallery import Gallery, gallery_section, ranked_images, thumbnail
from seco.reporting.measurements import Measurement, measure
from seco.scores.single_images import image_scores
from seco.storage.contexts import read_contexts
from seco.storage.manifest import Manifest, Record
from seco.storage.masks import write_mask
from tests.reporting.run_tree import CLASSES, HEIGHT, WIDTH, make_run


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, Manifest, Measurement]:
    """A run whose seed of `b` takes the person for the dog, and the measurement of the training split's seeds."""
    manifest, sources = make_run(tmp_path)
    measurements = measure(manifest, sources, contexts=read_contexts(tmp_path / "contexts.csv"))
    return tmp_path, manifest, next(item for item in measurements if item.split == "train")


def _gallery(root: Path, manifest: Manifest) -> Gallery:
    masks = {"train": {"CAM seed": root / "seeds", "refined mask": root / "refined"}}
    return Gallery(manifest, cams=root / "cams", masks=masks, rows=4)


def test_images_are_ranked_by_their_own_score_and_by_what_co_occurrence_confuses(run) -> None:
    _, manifest, item = run
    records = manifest.split("train")
    dog, person = 2, 3
    worst, best, confused = ranked_images(item, records, class_names=CLASSES, pairs=[(dog, person)], rows=4)
    # Of b's three classes background is perfect, half of the dog's mask is the person, and the person is missed.
    assert [(record.id, note) for record, note in worst.images] == [("b", "mIoU 50.0 %")]
    assert [(record.id, note) for record, note in best.images] == [("a", "mIoU 100.0 %")]
    assert [(record.id, note) for record, note in confused.images] == [
        ("b", "person called dog on 25.0 % of the image")
    ]


def test_a_single_image_is_shown_once(run) -> None:
    root, manifest, _ = run
    alone = Manifest(manifest.records[:1], CLASSES)
    (item,) = measure(alone, [replace(_seeds(run), splits=("train",))], contexts=read_contexts(root / "contexts.csv"))
    (part,) = ranked_images(item, alone.records, class_names=CLASSES, pairs=[(2, 3)], rows=4)
    assert [record.id for record, _ in part.images] == ["a"]


def _seeds(run):
    return run[2].source


def test_a_strip_has_the_pictures_in_their_order_with_words_for_them(run) -> None:
    root, manifest, _ = run
    strip = _gallery(root, manifest).strip(manifest.records[1], "note")
    assert strip.title == "b: note"
    assert [picture.caption for picture in strip.pictures] == ["photograph", "truth", "CAM", "CAM seed", "refined mask"]
    assert strip.pictures[1].alt == "truth of b, an image of dog, person"
    for picture in strip.pictures:
        with Image.open(io.BytesIO(picture.image)) as image:
            assert (image.format, image.size) == ("WEBP", (WIDTH, HEIGHT))


def test_a_large_picture_becomes_small() -> None:
    with Image.open(io.BytesIO(thumbnail(np.zeros((400, 1000, 3), np.uint8)))) as image:
        assert image.size == (320, 128)


def test_the_section_lists_ranks_failures_and_examples_with_one_legend(run) -> None:
    root, manifest, item = run
    records = manifest.split("train")
    scores = image_scores(item.evaluation.by_image)
    failures = find_failures(records, scores.predicted, manifest, scores=scores)
    ranked = ranked_images(item, records, class_names=CLASSES, pairs=[], rows=1)
    section = gallery_section(_gallery(root, manifest), ranked, failures, where="seeds, train", examples=["val"])
    legend, *blocks = section.blocks
    assert isinstance(legend, Legend)
    assert [name for name, _ in legend.entries] == list(CLASSES)
    titles = [block.text for block in blocks if isinstance(block, Heading)]
    assert titles == [
        "Worst (seeds, train)",
        "Best (seeds, train)",
        "Failures (seeds, train)",
        "Examples of val, chosen by their labels alone",
    ]
    (listing,) = (block for block in blocks if isinstance(block, Points))
    assert listing.items == (f"1 image: {MISSED}",)
    strips = [block.title for block in blocks if isinstance(block, Strip)]
    assert strips[2:] == ["b: person on 25.0 % of the image is missed", "c: dog, person", "d: cat, dog"]


def _record(image_id: str, *labels: str) -> Record:
    return Record(image_id, Path("x"), None, labels, "val", 10, 10)


def test_rules_by_hand() -> None:
    manifest = Manifest((), CLASSES)
    records = [
        _record(name, *labels)
        for name, labels in (("1", ("cat",)), ("2", ("cat",)), ("3", ()), ("4", ("cat",)), ("5", ("cat",)))
    ]
    #        background, cat, dog, person, uncertain
    predicted = np.array([[90, 0, 0, 0, 10], [50, 20, 30, 0, 0], [40, 60, 0, 0, 0], [93, 3, 4, 0, 0], [0, 0, 0, 0, 0]])
    found = find_failures(records, predicted, manifest, scores=None)
    assert [(failure.record.id, failure.rule) for failure in found] == [("1", NOTHING), ("2", STRAY)]
    assert found[1].note == "dog on 30.0 % of the image, labelled cat"


def test_pixels_of_masks_are_counted_and_a_missing_mask_is_none(tmp_path: Path) -> None:
    mask = np.zeros((10, 10), np.uint8)
    mask[:3], mask[3:5] = 2, 255
    write_mask(tmp_path / "1.png", mask)
    counts = predicted_pixels([_record("1"), _record("2")], tmp_path, num_classes=3)
    assert counts.tolist() == [[50, 0, 30, 0, 20], [0, 0, 0, 0, 0]]
