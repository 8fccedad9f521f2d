from collections import Counter
from functools import cache

import numpy as np
import pytest

from scenes.drawing.backgrounds import BACKGROUNDS
from scenes.drawing.bias import CLASSES, HOME, OWNED, PARTNER, UNTIED, SceneSpec, sample_biased, sample_unbiased

SCENES = 6000
BIASES = pytest.mark.parametrize("bias", [0.0, 0.4, 0.7, 1.0])


@cache
def biased(bias: float) -> list[SceneSpec]:
    rng = np.random.default_rng(5)
    return [sample_biased(rng, bias=bias) for _ in range(SCENES)]


@cache
def unbiased() -> list[SceneSpec]:
    rng = np.random.default_rng(6)
    return [sample_unbiased(rng) for _ in range(SCENES)]


def with_class(specs: list[SceneSpec], name: str) -> list[SceneSpec]:
    return [spec for spec in specs if name in spec.classes]


@BIASES
def test_a_class_is_tied_in_a_share_rho_of_its_scenes(bias: float) -> None:
    for name in {*HOME, *PARTNER}:
        own = with_class(biased(bias), name)
        ties = [[spec.background == HOME[name] for spec in own]] if name in HOME else []
        ties += [[PARTNER[name] in spec.classes for spec in own]] if name in PARTNER else []
        for tied in ties:
            # Four standard errors of a share measured on some 900 scenes.
            assert np.mean(tied) == pytest.approx(bias, abs=0.065)


def test_the_smaller_the_bias_the_more_owned_backgrounds_lack_their_class() -> None:
    lacking = {}
    for bias in (0.4, 0.7, 1.0):
        owned = [spec for spec in biased(bias) if spec.background in OWNED]
        lacking[bias] = np.mean([spec.background not in {HOME.get(name) for name in spec.classes} for spec in owned])
    assert lacking[0.4] > lacking[0.7] + 0.1
    assert lacking[0.7] > 0.15
    assert lacking[1.0] == 0.0


@BIASES
def test_classes_are_balanced_and_images_show_one_to_three(bias: float) -> None:
    specs = biased(bias)
    counts = Counter(name for spec in specs for name in spec.classes)
    assert set(counts) == set(CLASSES)
    assert max(counts.values()) / min(counts.values()) < 1.25
    assert {len(spec.classes) for spec in specs} <= {1, 2, 3}
    assert 1.1 < sum(counts.values()) / SCENES < 1.65


def test_only_a_tie_marks_a_scene_as_biased() -> None:
    for spec in biased(0.7):
        at_home = any(HOME.get(name) == spec.background for name in spec.classes)
        paired = any(PARTNER.get(name) in spec.classes for name in spec.classes)
        assert spec.biased == (at_home or paired)
    assert not any(spec.biased for spec in unbiased())


def test_untied_classes_meet_every_background() -> None:
    for name in UNTIED:
        assert {spec.background for spec in with_class(biased(0.7), name)} == set(BACKGROUNDS)


@pytest.mark.parametrize("name", CLASSES)
def test_without_bias_a_class_meets_all_backgrounds_and_all_classes_alike(name: str) -> None:
    own = with_class(unbiased(), name)
    for background in BACKGROUNDS:
        share = np.mean([spec.background == background for spec in own])
        assert share == pytest.approx(1 / len(BACKGROUNDS), abs=0.05)
    shares = {other: np.mean([other in spec.classes for spec in own]) for other in CLASSES if other != name}
    if name in PARTNER:
        assert shares.pop(PARTNER[name]) == pytest.approx(np.mean(list(shares.values())), abs=0.04)


def test_contexts_name_the_background_and_the_partners_present() -> None:
    assert SceneSpec(("car", "horse", "person"), "meadow", biased=False).contexts == ("meadow", "horse", "person")
