import os

import pytest

from seco.runtime.loader import SafeDataset, load_batches


class Squares(SafeDataset[int, int]):
    def __len__(self) -> int:
        return 6

    def load(self, key: int) -> int:
        return key * key


@pytest.mark.parametrize("workers", [0, 1, (os.cpu_count() or 1) + 1])
def test_batches_come_in_order_and_without_a_warning_from_any_number_of_processes(workers: int) -> None:
    batches = load_batches(Squares(), num_workers=workers, batch_size=4)
    assert list(batches) == [[0, 1, 4, 9], [16, 25]]
