import contextlib
import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from seco.errors import SecoError
from seco.inference.cam_store import cam_path, read_cam, read_probabilities, stored_size, write_cam

IDS = np.array([3, 15], np.uint8)
MAPS = np.random.default_rng(0).random((2, 5, 7)).astype(np.float32)


def with_nan() -> np.ndarray:
    maps = MAPS.copy()
    maps[1, 2, 3] = np.nan
    return maps


def test_a_cam_survives_the_round_trip_to_half_precision(tmp_path: Path) -> None:
    write_cam(tmp_path, "a.b", IDS, MAPS)
    cam = read_cam(tmp_path, "a.b")
    assert cam.class_ids.tolist() == [3, 15]
    assert cam.maps.dtype == np.float32
    assert np.array_equal(cam.maps, MAPS.astype(np.float16).astype(np.float32))


def test_the_probabilities_of_all_classes_are_read_with_the_cam_and_alone(tmp_path: Path) -> None:
    write_cam(tmp_path, "a", IDS, MAPS, np.array([0.25, 0.125, 1]))
    write_cam(tmp_path, "old", IDS, MAPS)
    probabilities = read_cam(tmp_path, "a").probabilities
    assert probabilities is not None
    assert probabilities.tolist() == [0.25, 0.125, 1]
    assert read_cam(tmp_path, "old").probabilities is None
    assert np.array_equal(read_probabilities(tmp_path, "a", num_classes=3), probabilities)
    assert read_probabilities(tmp_path, "old", num_classes=3) is None
    with pytest.raises(SecoError, match=r"a\.npz does not hold the probabilities of 4 classes: run `seco export-cams`"):
        read_probabilities(tmp_path, "a", num_classes=4)


def test_the_stored_size_is_a_quarter_rounded_up() -> None:
    assert stored_size(224, 225) == (56, 57)
    assert stored_size(1, 3) == (1, 1)


def test_an_image_without_a_class_has_an_empty_cam(tmp_path: Path) -> None:
    write_cam(tmp_path, "a", np.zeros(0, np.int64), np.zeros((0, 5, 7), np.float32))
    assert read_cam(tmp_path, "a").maps.shape == (0, 5, 7)


def test_the_bytes_do_not_depend_on_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cam(tmp_path, "a", IDS, MAPS)
    later = time.localtime(time.time() + 1e6)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    write_cam(tmp_path, "b", IDS, MAPS)
    assert cam_path(tmp_path, "a").read_bytes() == cam_path(tmp_path, "b").read_bytes()


@pytest.mark.parametrize("keep", [0, 10, 200, None])
def test_a_missing_or_truncated_cam_names_the_command(tmp_path: Path, keep: int | None) -> None:
    if keep is not None:
        write_cam(tmp_path, "a", IDS, MAPS)
        cam_path(tmp_path, "a").write_bytes(cam_path(tmp_path, "a").read_bytes()[:keep])
    with pytest.raises(SecoError, match=r"is (missing|damaged): run `seco export-cams`"):
        read_cam(tmp_path, "a")


@pytest.mark.parametrize(
    ("class_ids", "maps", "sentence"),
    [
        (IDS, np.array([{}, {}], dtype=object), "is damaged"),  # a pickle, which is never loaded
        (IDS[:1], MAPS, "is not a CAM"),
        (IDS, with_nan(), "is not finite: run `seco export-cams`"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, class_ids: np.ndarray, maps: np.ndarray, sentence: str) -> None:
    np.savez(cam_path(tmp_path, "a"), class_ids=class_ids, maps=maps)
    with pytest.raises(SecoError, match=sentence):
        read_cam(tmp_path, "a")


def test_a_file_that_claims_more_than_it_holds_is_damaged(tmp_path: Path) -> None:
    with zipfile.ZipFile(cam_path(tmp_path, "a"), "w") as archive:
        for name, shape in (("class_ids", (2,)), ("maps", (2, 10**7, 10**7))):
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, {"descr": "<f2", "fortran_order": False, "shape": shape})
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(100))
    with pytest.raises(SecoError, match="is damaged"):
        read_cam(tmp_path, "a")


@pytest.mark.parametrize("seed", range(100))
def test_changed_bytes_are_found_or_harmless(tmp_path: Path, seed: int) -> None:
    write_cam(tmp_path, "a", IDS, MAPS)
    generator, path = np.random.default_rng(seed), cam_path(tmp_path, "a")
    content = np.frombuffer(path.read_bytes(), np.uint8).copy()
    content[generator.integers(len(content), size=3)] = generator.integers(256, size=3)
    path.write_bytes(content.tobytes())
    with contextlib.suppress(SecoError):
        found = read_cam(tmp_path, "a")
        assert np.array_equal(found.maps, MAPS.astype(np.float16))


def test_a_cam_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match="the CAM of a is not finite"):
        write_cam(tmp_path, "a", IDS, with_nan())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ids", [[1], [0, 1], [1, 255]])
def test_ids_that_do_not_fit_are_refused(tmp_path: Path, ids: list[int]) -> None:
    with pytest.raises(ValueError, match="ids"):
        write_cam(tmp_path, "a", np.array(ids), MAPS)
