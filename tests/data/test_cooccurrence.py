import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seco.data.cooccurrence import count_pairs


def test_pairs_are_counted_by_image() -> None:
    assert count_pairs([(1, 2), (1, 2), (1,), (3,)], num_classes=4).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 3, 2, 0, 0],
        [0, 2, 2, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ]


@given(st.lists(st.sets(st.integers(1, 4)), min_size=1, max_size=20))
def test_counts_are_symmetric_and_no_pair_outnumbers_its_classes(labels: list[set[int]]) -> None:
    pairs = count_pairs([tuple(ids) for ids in labels], num_classes=4)
    assert np.array_equal(pairs, pairs.T)
    assert (pairs <= np.diagonal(pairs)[:, None]).all()
