"""What an audit finds and suggests, and how it says so."""

from pathlib import Path

from seco.auditing.findings import audit_dataset, duplicate_rows, suggestion_rows
from seco.auditing.near_duplicates import DuplicateGroup
from seco.auditing.page import share_rows
from seco.auditing.words import in_words
from seco.data.prepare import audit_labels
from seco.storage.manifest import Manifest
from tests.auditing.photographs import NAMES, record


def manifest_of(counts: dict[tuple[str, ...], int], *, val: int = 2) -> Manifest:
    records = [
        record(f"{'-'.join(labels)}-{number}", labels=labels)
        for labels, count in counts.items()
        for number in range(count)
    ]
    records += [record(f"val-{number}", Path(), labels=(), split="val") for number in range(val)]
    return Manifest(tuple(records), NAMES)


MANIFEST = manifest_of({("boat", "water"): 60, ("water",): 40, ("car",): 3, (): 5})
FIRST, SECOND, THIRD, HELD_OUT = (
    next(item for item in MANIFEST.records if item.id == name) for name in ("car-0", "car-1", "water-0", "val-0")
)
LEAK = DuplicateGroup((FIRST, SECOND, HELD_OUT), (0, 3, 7))
CONTRADICTION = DuplicateGroup((FIRST, THIRD), (0, 2))


def test_classes_that_are_few_or_never_alone_are_named():
    found = audit_dataset(MANIFEST, audit_labels(MANIFEST), [])
    assert found.classes.to_dict("records") == [
        {"class": "boat", "images": 60, "images_alone": 0, "images_val": 0, "finding": "never alone"},
        {"class": "water", "images": 100, "images_alone": 40, "images_val": 0, "finding": ""},
        {"class": "car", "images": 3, "images_alone": 3, "images_val": 0, "finding": "few images"},
    ]
    assert found.splits.to_dict("records") == [
        {"split": "train", "images": 108, "without_label": 5},
        {"split": "val", "images": 2, "without_label": 2},
    ]
    # 30 of 60 + 30 images would be without water, of 108 + ...: a third of 90.
    wanted = [(item.action, item.what, item.images) for item in found.suggestions]
    assert wanted == [("collect", "car", 47), ("collect", "boat without water", 30)]


def test_shares_of_the_matrix_are_percent_of_the_images_of_the_row():
    shares = {(row["y"], row["x"]): row["value"] for row in share_rows(MANIFEST)}
    assert shares["boat", "water"] == 100
    assert shares["water", "boat"] == 60
    assert shares["water", "alone"] == 40
    assert shares["car", "alone"] == 100
    assert ("boat", "boat") not in shares


def test_near_duplicates_are_to_be_relabelled_or_removed():
    found = audit_dataset(MANIFEST, audit_labels(MANIFEST), [LEAK, CONTRADICTION])
    others = [item for item in found.suggestions if item.action != "collect"]
    assert [(item.action, item.what, item.ids) for item in others] == [
        ("relabel", "car, water", ("car-0", "water-0")),
        ("remove", "from val", ("val-0",)),
        ("remove", "from train", ("car-1",)),
        ("remove", "from train", ("water-0",)),
    ]
    assert list(suggestion_rows(others)["ids"]) == ["car-0;water-0", "val-0", "car-1", "water-0"]
    rows = duplicate_rows([LEAK, CONTRADICTION])
    assert rows["group"].tolist() == [1, 1, 1, 2, 2]
    assert rows["labels_differ"].tolist() == [False] * 3 + [True] * 2


def test_the_most_serious_comes_first_in_words():
    found = audit_dataset(MANIFEST, audit_labels(MANIFEST), [LEAK, CONTRADICTION])
    assert in_words(found) == [
        "1 group of near-duplicates (3 photographs) across train and val: what is measured there was learned, so take "
        "the copies out of one of the splits.",
        "1 group of near-duplicates (2 photographs) with different labels: of each, one photograph at least is "
        "labelled wrongly.",
        "boat is never alone in an image, so labels cannot tell it from what comes with it.",
        "car is in few images.",
        "Images to collect: 47 more of car, 30 more of boat without water.",
        "Looked at: the labels of 3 classes and the photographs, 108 of train, 2 of val.",
    ]
    sound = manifest_of({("boat",): 50, ("water",): 50, ("car",): 50}, val=0)
    assert in_words(audit_dataset(sound, audit_labels(sound), []))[0] == (
        "Nothing stands out in labels and photographs."
    )
