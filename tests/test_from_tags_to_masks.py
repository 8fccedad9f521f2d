"""docs/from-tags-to-masks.md: its commands, followed word by word at a small size."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seco.storage.manifest import read_manifest
from seco.storage.masks import read_mask
from tests.clone import change_settings, clone, succeed
from tests.data.trees import add_photo
from tests.imports import ROOT
from tests.pages import block
from tests.test_own_images import SCALE, SIZE

pytestmark = pytest.mark.slow
PAGE = (ROOT / "docs/from-tags-to-masks.md").read_text(encoding="utf-8")
PLACE = "data/raw/own-images"
TINY = SCALE | {"train.head_epochs": 2, "cam.pool_sharpness": 0.25}


def commands(heading: str) -> list[list[str]]:
    """Return the commands of a section, each as its words."""
    return [shlex.split(line) for line in block(PAGE, heading, "bash").splitlines()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the whole page was followed."""
    folder = clone(tmp_path_factory.mktemp("walk") / "seco")
    setup, activate, use, make_folder = commands("1. Tags")
    assert (setup, activate) == (["make", "setup"], ["source", ".venv/bin/activate"])  # as the tests' own environment
    succeed(*use, "--force", cwd=folder)
    change_settings(folder, TINY)
    succeed(*make_folder, cwd=folder)
    table = block(PAGE, "1. Tags", "csv")
    for line in table.splitlines()[1:]:
        add_photo(folder / PLACE / line.rsplit(",", 1)[0], size=SIZE)
    (folder / PLACE / "images.csv").write_text(table)
    for heading in ("2. Audit", "3. Train, and draw masks", "4. Check the tags against the model"):
        for words in commands(heading):
            succeed(*words, cwd=folder)
    job, add, repro = commands("5. Correct the masks that matter most")
    succeed(*job, cwd=folder)
    paint(folder)
    for words in (add, repro, *commands("6. Hand the masks over")):
        succeed(*words, cwd=folder)
    return folder


def paint(folder: Path) -> None:
    """Do what the page asks of the reader: paint a class into each mask of the job, and keep the palette."""
    for path in (folder / "job/masks").rglob("*.png"):
        with Image.open(path) as mask:
            values, palette = np.array(mask), mask.getpalette()
        values[:] = 0
        values[8:40, 8:40] = 1
        image = Image.fromarray(values)
        assert palette is not None
        image.putpalette(palette)
        image.save(path)


def test_audit_check_and_queue_leave_their_pages(project):
    for page in ("reports/audit/index.html", "reports/labels/index.html", "reports/index.html", "job/index.html"):
        assert "<html" in (project / page).read_text(encoding="utf-8")[:200], page


def test_the_five_corrections_are_what_training_sees(project):
    manifest = read_manifest(project / "data/prepare")
    corrected = {record.id: record.corrected for record in manifest.records if record.corrected is not None}
    assert corrected.keys() == {path.stem for path in (project / "job/masks").rglob("*.png")}
    assert len(corrected) == 5
    for path in corrected.values():
        assert path.is_relative_to(project / "corrections")
        assert set(np.unique(read_mask(path, num_classes=len(manifest.class_names), size=SIZE))) == {0, 1}


def test_masks_are_handed_over_with_the_corrections_in_place(project):
    handed = json.loads((project / "masks.json").read_text())
    names = {category["id"]: category["name"] for category in handed["categories"]}
    manifest = read_manifest(project / "data/prepare")
    corrected = {Path(record.image).name for record in manifest.records if record.corrected is not None}
    painted = {
        image["id"]: [
            (names[each["category_id"]], each["area"])
            for each in handed["annotations"]
            if each["image_id"] == image["id"]
        ]
        for image in handed["images"]
        if Path(image["file_name"]).name in corrected
    }
    assert len(painted) == 5
    assert all(found == [(manifest.class_names[0], 32 * 32)] for found in painted.values())
