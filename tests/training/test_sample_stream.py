"""Which record is loaded at which step."""

import pytest

from tests.tiny import stream


@pytest.mark.parametrize("num_records", [1, 5, 8])
@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_every_epoch_is_a_permutation(num_records, batch_size):
    draws = [draw for batch in stream(num_records=num_records, batch_size=batch_size, last=40) for draw in batch]
    assert [draw.position for draw in draws] == list(range(40 * batch_size))
    drawn = [draw.record for draw in draws]
    orders = [drawn[start : start + num_records] for start in range(0, len(drawn) - num_records + 1, num_records)]
    assert all(sorted(order) == list(range(num_records)) for order in orders)
    assert num_records == 1 or len(set(map(tuple, orders))) > 1


def test_a_batch_depends_on_seed_and_step_alone():
    whole = list(stream(last=20))
    for step in range(20):
        assert list(stream(first=step, last=20)) == whole[step:]
    assert list(stream(seed=6, last=20)) != whole
    assert len(stream(first=3, last=20)) == 17


def test_the_shares_of_the_ranks_make_up_the_batch():
    whole = list(stream(batch_size=5, last=7))
    parts = [list(stream(batch_size=5, share=share, last=7)) for share in (range(2), range(2, 4), range(4, 5))]
    assert [first + second + third for first, second, third in zip(*parts, strict=True)] == whole
