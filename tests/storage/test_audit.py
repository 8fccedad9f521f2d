import numpy as np
import pytest

from seco.errors import SecoError
from seco.storage.audit import AUDIT_FILE, Partner, audit, audit_sentences, read_audit, write_audit

NAMES = ("boat", "water", "person", "car")
# Of 300 images: boat in 210, always but for 3 with water and in 150 with person.
COUNTS = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 210, 207, 150, 0],
        [0, 207, 240, 10, 0],
        [0, 150, 10, 200, 8],
        [0, 0, 0, 8, 9],
    ]
)
FOUND = audit(COUNTS, alone=[3, 30, 60, 0], num_images=300, class_names=NAMES)


def of(name: str) -> list[Partner]:
    return [partner for partner in FOUND if partner.class_name == name]


def test_the_partners_above_chance_come_with_the_images_that_are_missing():
    # boat and water: lift 300·207/(210·240) = 1.23; 3 of 210 without, and (3 + 101) / (210 + 101) >= 1/3.
    # boat and person: lift 1.07; 60 of 210 without, and (60 + 15) / (210 + 15) = 1/3.
    assert [(row.other, row.images_without_other, row.images_needed) for row in of("boat")] == [
        ("water", 3, 101),
        ("person", 60, 15),
    ]
    assert of("boat")[0].lift == pytest.approx(300 * 207 / (210 * 240))
    assert [(row.other, row.images_needed) for row in of("car")] == [("person", 3)]  # (1 + 3) / (9 + 3)


def test_a_class_without_company_has_a_row_without_a_partner():
    counts = np.diag([0, 5, 7, 0])
    found = audit(counts, alone=[5, 7, 0], num_images=12, class_names=NAMES[:3])
    assert found == [
        Partner("boat", 5, 5, "", 0, 0.0, 0),
        Partner("water", 7, 7, "", 0, 0.0, 0),
        Partner("person", 0, 0, "", 0, 0.0, 0),
    ]
    assert audit_sentences(found) == []


def test_images_needed_are_the_fewest_that_reach_a_third():
    for images in range(1, 30):
        for met in range(1, images + 1):
            counts = np.array([[0, 0, 0], [0, images, met], [0, met, met]])
            (partner, *_) = audit(counts, alone=[0, 0], num_images=1000, class_names=NAMES[:2])
            without, needed = images - met, partner.images_needed
            assert 3 * (without + needed) >= images + needed
            assert needed == 0 or 3 * (without + needed - 1) < images + needed - 1


def test_a_sentence_a_class():
    assert audit_sentences(FOUND)[0] == (
        "boat is alone in 3 of its 210 images: 101 more without water (now 3) and 15 more without person (now 60) "
        "would make those a third of its images each"
    )
    assert audit_sentences(of("car")) == [
        "car is alone in none of its 9 images: 3 more without person (now 1) would make those a third of its images"
    ]


def test_what_is_written_is_read(tmp_path):
    write_audit(tmp_path, FOUND)
    assert read_audit(tmp_path) == [row._replace(lift=float(f"{row.lift:.6g}")) for row in FOUND]


def test_a_damaged_file_is_named(tmp_path):
    write_audit(tmp_path, FOUND)
    path = tmp_path / AUDIT_FILE
    path.write_text(path.read_text().replace(",210,", ",many,"))
    with pytest.raises(SecoError, match="line 2: holds no number"):
        read_audit(tmp_path)
