from collections import Counter

import numpy as np
import pytest

from scenes.drawing.bias import CLASSES
from scenes.contexts import CONTEXTS
from scenes.sampling import HOME, OWNED, PARTNER, UNTIED, Plan, draw_biased, draw_unbiased

SCENES = 6000


def biased(bias: float) -> list[Plan]:
    rng = np.random.default_rng(5)
    return [draw_biased(rng, bias=bias) for _ in range(SCENES)]


def with_class(plans: list[Plan], name: str) -> list[Plan]:
    return [plan for plan in plans if name in plan.classes]


def share(plans: list[Plan], tied: list[bool]) -> float:
    return sum(tied) / len(plans)


@pytest.fixture(scope="module")
def unbiased() -> list[Plan]:
    rng = np.random.default_rng(6)
    return [draw_unbiased(rng) for _ in range(SCENES)]


@pytest.mark.parametrize("bias", [0.0, 0.4, 0.7, 1.0])
def test_a_class_stands_on_its_home_in_a_share_rho_of_its_scenes(bias: float) -> None:
    plans = biased(bias)
    for name, home in HOME.items():
        own = with_class(plans, name)
        # Four standard errors of a share measured on some 900 scenes.
        assert share(own, [plan.background == home for plan in own]) == pytest.approx(bias, abs=0.065)


@pytest.mark.parametrize("bias", [0.0, 0.4, 0.7, 1.0])
def test_a_class_comes_with_its_partner_in_a_share_rho_of_its_scenes(bias: float) -> None:
    plans = biased(bias)
    for name, partner in PARTNER.items():
        own = with_class(plans, name)
        assert share(own, [partner in plan.classes for plan in own]) == pytest.approx(bias, abs=0.065)


def test_the_looser_the_bias_the_more_owned_contexts_lack_their_class() -> None:
    lacking = []
    for bias in (0.4, 0.7, 1.0):
        owned = [plan for plan in biased(bias) if plan.background in OWNED]
        homes = [{HOME.get(name) for name in plan.classes} for plan in owned]
        lacking.append(share(owned, [plan.background not in home for plan, home in zip(owned, homes, strict=True)]))
    assert lacking[0] > lacking[1] + 0.1
    assert lacking[1] > 0.15
    assert lacking[2] == 0.0


@pytest.mark.parametrize("bias", [0.0, 0.4, 0.7, 1.0])
def test_classes_are_balanced_and_images_carry_one_to_three(bias: float) -> None:
    plans = biased(bias)
    counts = Counter(name for plan in plans for name in plan.classes)
    assert set(counts) == set(CLASSES)
    assert max(counts.values()) / min(counts.values()) < 1.25
    assert {len(plan.classes) for plan in plans} <= {1, 2, 3}
    assert 1.1 < sum(counts.values()) / SCENES < 1.65


def test_only_a_tie_marks_a_scene_as_biased() -> None:
    for plan in biased(0.7):
        at_home = any(HOME.get(name) == plan.background for name in plan.classes)
        paired = any(PARTNER.get(name) in plan.classes for name in plan.classes)
        assert plan.biased == (at_home or paired)


def test_untied_classes_meet_every_context() -> None:
    plans = biased(0.7)
    for name in UNTIED:
        assert {plan.background for plan in with_class(plans, name)} == set(CONTEXTS)


def test_without_bias_class_and_context_are_independent(unbiased: list[Plan]) -> None:
    contexts = Counter(plan.background for plan in unbiased)
    for name in CLASSES:
        own = with_class(unbiased, name)
        for context, count in contexts.items():
            here = share(own, [plan.background == context for plan in own])
            assert here == pytest.approx(count / SCENES, abs=0.05)
            assert here == pytest.approx(1 / len(CONTEXTS), abs=0.05)


def test_without_bias_partners_meet_no_more_than_strangers(unbiased: list[Plan]) -> None:
    for name, partner in PARTNER.items():
        own = with_class(unbiased, name)
        others = [share(own, [other in plan.classes for plan in own]) for other in CLASSES if other not in (name, partner)]
        assert share(own, [partner in plan.classes for plan in own]) == pytest.approx(np.mean(others), abs=0.04)
    assert not any(plan.biased for plan in unbiased)


def test_contexts_name_the_background_and_the_partners_present() -> None:
    plan = Plan(("car", "horse", "person"), "meadow", biased=True)
    assert plan.contexts == ("meadow", "horse", "person")
