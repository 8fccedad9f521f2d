"""What a row keeps of how right patch tags were while a run trained."""

import pytest

from seco.studies.tag_curves import read_tag_curves

FILES = {
    "right": "step\tright\n10\t0.5\n20\t0.7\n50\t0.6\n100\t0.9\n",
    "right_2": "step\tright_2\n91\t0.25\n",
}


def read(path: str) -> str | None:
    assert path.startswith("reports/train/plots/metrics/tags/")
    return FILES.get(path.rpartition("/")[2].removesuffix(".tsv"))


def test_points_are_averaged_in_tenths_of_the_training():
    assert read_tag_curves(read, ["background", "boat", "car"]) == {
        "tags/all/1": 0.5,
        "tags/all/2": 0.7,
        "tags/all/5": 0.6,
        "tags/all/10": 0.9,
        "tags/car/10": 0.25,
    }


def test_several_points_of_a_tenth_are_one_value():
    files = {"right": "step\tright\n" + "".join(f"{step}\t{step / 1000}\n" for step in range(10, 501, 10))}
    found = read_tag_curves(lambda path: files.get(path.rpartition("/")[2][:-4]), [])
    assert found["tags/all/1"] == pytest.approx(0.03)  # of steps 10 to 50
    assert found["tags/all/10"] == pytest.approx(0.48)
    assert len(found) == 10


def test_a_run_whose_tags_were_not_judged_has_none():
    assert read_tag_curves(lambda path: None, ["background", "boat"]) == {}
