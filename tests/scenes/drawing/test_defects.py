"""Surfaces with defects: right labels, exact masks, and chalk marks that come with defects as the bias says."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label

from scenes.drawing.composition import Scene
from scenes.drawing.defects.chalk import chalk_mark, chalked
from scenes.drawing.defects.composition import compose_surface
from scenes.drawing.defects.flaws import FLAWS
from scenes.drawing.defects.sampling import SurfaceSpec, sample_surface
from scenes.drawing.defects.surfaces import SURFACES
from scenes.drawing.writer import write_demo


def drawn(spec: SurfaceSpec, seed: int = 0) -> Scene:
    return compose_surface(np.random.default_rng(seed), spec, height=80, width=96)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("flaw", FLAWS)
def test_every_defect_can_be_on_every_surface_and_changes_the_pixels_of_its_mask(surface: str, flaw: str) -> None:
    scene = drawn(SurfaceSpec(surface, (flaw,), marked=False, biased=False))
    assert scene.image.shape == (80, 96, 3)
    assert scene.image.dtype == scene.mask.dtype == np.uint8
    assert np.unique(scene.mask).tolist() == [0, 1]
    assert label(scene.mask, output=np.zeros(scene.mask.shape, np.int32)) == 1  # one piece
    assert 0.01 < scene.mask.mean() < 0.4
    colours = scene.image.astype(float).mean(axis=2)
    inside, around = colours[scene.mask == 1], colours[scene.mask == 0]
    assert abs(inside.mean() - around.mean()) > 5 or inside.std() > 1.3 * around.std()


def test_a_surface_without_defects_has_an_empty_mask_and_no_label_whether_it_is_marked_or_not() -> None:
    for marked in (False, True):
        spec = SurfaceSpec("wood", (), marked=marked, biased=False)
        assert not drawn(spec).mask.any()
        assert spec.classes == ()
        assert spec.contexts == (("wood", "chalk") if marked else ("wood",))


def test_a_mark_is_no_part_of_the_mask_and_lies_beside_the_defect() -> None:
    hidden = 0
    for seed in range(40):
        plain, marked = (
            drawn(SurfaceSpec("metal", ("hole",), marked=marked, biased=False), seed) for marked in (False, True)
        )
        np.testing.assert_array_equal(plain.mask, marked.mask)
        rng = np.random.default_rng(seed)
        white = np.full((3, 8, 8), 40.0, dtype=np.float32)
        assert (chalked(white, np.ones((8, 8), np.float32), rng) > 100).any(axis=0).all()
        hidden += not marked.mask.any()
    assert hidden == 0
    assert all(np.abs(np.concatenate(chalk_mark(np.random.default_rng(seed)))).max() < 1 for seed in range(20))


@pytest.mark.parametrize("bias", [0.0, 0.6, 1.0])
def test_marks_come_with_defects_as_often_as_the_bias_says(bias: float) -> None:
    rng = np.random.default_rng(0)
    specs = [sample_surface(rng, bias=bias) for _ in range(4000)]
    defective = [spec for spec in specs if spec.flaws]
    sound = [spec for spec in specs if not spec.flaws]
    assert len(defective) / len(specs) == pytest.approx(0.5, abs=0.03)
    assert np.mean([spec.marked for spec in defective]) == pytest.approx((1 + bias) / 2, abs=0.03)
    assert np.mean([spec.marked for spec in sound]) == pytest.approx((1 - bias) / 2, abs=0.03)
    assert {spec.biased for spec in sound} == {False}
    assert all(spec.biased == (spec.marked and bias > 0) for spec in defective)


def test_the_seed_fixes_the_files_whatever_the_number_of_workers(tmp_path: Path) -> None:
    sizes = {"train_images": 6, "val_images": 3, "image_size": 64, "bias": 0.6}
    for name, seed, workers in (("one", 3, 1), ("two", 3, 2), ("other", 4, 1)):
        write_demo(tmp_path / name, kind="defects", seed=seed, workers=workers, **sizes)
    one, two, other = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("one", "two", "other")
    )
    assert one == two
    assert one.keys() == other.keys()
    assert one != other
    assert len([path for path in one if path.suffix == ".jpg"]) == 12
