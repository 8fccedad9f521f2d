import pytest
import torch

from seco.errors import SecoError
from seco.storage.method_record import RECORD_FILE, MethodRecord, read_method_record, write_method_record

RECORD = MethodRecord(
    prototypes=torch.eye(3, 5),
    snapshots=torch.eye(3, 5).half().expand(2, 3, 5),
    steps=torch.tensor([10, 20]),
    tags=torch.arange(16).view(4, 4),
    judged=torch.tensor(True),
    curves={"step": torch.tensor([10.0, 20.0]).double(), "patches/class": torch.tensor([0.5, torch.nan]).double()},
)


def test_what_is_written_is_read_and_no_record_removes_it(tmp_path):
    write_method_record(tmp_path, RECORD)
    found = read_method_record(tmp_path)
    assert found is not None
    for one, other in zip(found[:-1], RECORD[:-1], strict=True):
        assert torch.equal(one, other)
        assert one.dtype == other.dtype
    assert found.curves.keys() == RECORD.curves.keys()
    torch.testing.assert_close(found.curves["patches/class"], RECORD.curves["patches/class"], equal_nan=True)
    write_method_record(tmp_path, None)
    assert read_method_record(tmp_path) is None
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "changed",
    [
        {"tags": torch.zeros(4, 3, dtype=torch.int64)},
        {"prototypes": torch.zeros(3)},
        {"steps": torch.tensor([1])},
        {"curves": {"patches/class": torch.zeros(2)}},
    ],
)
def test_a_record_that_does_not_fit_together_is_refused(tmp_path, changed):
    write_method_record(tmp_path, RECORD._replace(**changed))
    with pytest.raises(SecoError, match="is not the record of a training: run `seco train` again"):
        read_method_record(tmp_path)


def test_a_damaged_record_is_refused(tmp_path):
    write_method_record(tmp_path, RECORD)
    path = tmp_path / RECORD_FILE
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SecoError, match="cannot be read"):
        read_method_record(tmp_path)
