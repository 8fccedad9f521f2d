from collections import Counter
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seco.data.listing import ListedImage
from seco.data.splits import make_splits, stratified_split


def test_every_label_is_held_out_in_its_share() -> None:
    rng = np.random.default_rng(0)
    frequencies = 1 / np.arange(1, 21)  # from every image to one in twenty
    label_sets = [tuple(str(label) for label in np.flatnonzero(rng.random(20) < frequencies)) for _ in range(4000)]
    held_out = stratified_split(label_sets, share=0.2, seed=0)
    whole = Counter(label for labels in label_sets for label in labels)
    part = Counter(label for labels, chosen in zip(label_sets, held_out, strict=True) if chosen for label in labels)
    assert all(abs(part[label] / whole[label] - 0.2) < 0.01 for label in whole)
    assert abs(sum(held_out) / 4000 - 0.2) < 0.01


def test_a_rare_label_is_kept_for_training_first() -> None:
    held_out = stratified_split([("rare",), *[("dog",)] * 9], share=0.2, seed=3)
    assert not held_out[0]
    assert sum(held_out) == 2
    assert sum(stratified_split([("rare", "dog")] * 3, share=0.25, seed=0)) == 1


@given(
    st.lists(st.lists(st.sampled_from("abcd"), unique=True, max_size=4), max_size=30),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_the_split_is_repeatable_and_near_the_share(label_sets: list[list[str]], share: float, seed: int) -> None:
    held_out = stratified_split(label_sets, share=share, seed=seed)
    assert held_out == stratified_split(label_sets, share=share, seed=seed)
    assert len(held_out) == len(label_sets)
    sizes = Counter(len(labels) == 0 for labels in label_sets)
    assert abs(sum(held_out) - share * len(label_sets)) <= 4 + (sizes[True] > 0)


def test_images_with_a_split_keep_it() -> None:
    images = [
        ListedImage(str(number), Path(f"{number}.jpg"), "", ("dog",), "test" if number == 0 else None)
        for number in range(5)
    ]
    splits = [image.split for image in make_splits(images, share=0.25, seed=0)]
    assert splits[0] == "test"
    assert Counter(splits[1:]) == {"train": 3, "val": 1}
    assert {image.split for image in make_splits(images, share=None, seed=0)} == {"test", "train"}
