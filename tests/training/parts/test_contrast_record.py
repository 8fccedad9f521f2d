import torch

from seco.training.parts.contrast_record import SNAPSHOTS, ContrastRecord

BEFORE = torch.tensor([[1, 1, 2, 0], [2, -1, 0, 1]])
AFTER = torch.tensor([[1, -1, 2, 0], [-1, -1, -1, 1]])
RIGHT = torch.tensor([[True, False, True, True], [True, False, False, False]])


def test_prototypes_are_kept_where_a_point_is_due_and_the_last_ones_stay():
    record = ContrastRecord(1, 1, every=10)
    for step in range(1, 10 * SNAPSHOTS + 25):
        record.keep(torch.tensor([[step / 10.0]]), step=step)
    steps = [*range(30, 10 * SNAPSHOTS + 21, 10)]
    assert sorted(record.steps.tolist()) == steps
    assert sorted(record.snapshots.flatten().tolist()) == [step / 10 for step in steps]
    assert (record.snapshots.flatten() * 10 == record.steps).all()


def test_tags_are_counted_by_kind_withdrawal_and_truth():
    record = ContrastRecord(3, 1, every=10)
    record.count(BEFORE, AFTER, right=RIGHT, total=2)
    record.count(BEFORE, AFTER, right=None, total=2)
    assert record.tags.tolist() == [[4, 6, 4, 0], [2, 2, 2, 0], [1, 1, 2, 0], [0, 0, 1, 0]]
