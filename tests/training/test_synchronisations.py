"""How often a training step makes the host wait for a GPU: once for each value or size that the host must know."""

from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from seco.training.crop_pass import Inputs
from tests.training.test_order import build, inputs_of

READS = {
    *("item", "tolist", "numpy", "cpu", "equal", "allclose", "is_nonzero"),
    *("__bool__", "__int__", "__float__", "__index__", "__contains__", "__iter__"),
    *("nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "bincount", "histc", "multinomial"),
    *("new_tensor", "as_tensor"),  # of numbers that lie in memory a GPU cannot fetch from
}


class Reads(TorchFunctionMode):
    """Counts the calls that make the host wait on a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.__name__
        if name in READS or _picks_by_mask(name, args) or _repeats_by_tensor(name, args):
            self.calls[name] += 1
        return func(*args, **(kwargs or {}))


def _picks_by_mask(name: str, args: Any) -> bool:
    if name not in {"__getitem__", "__setitem__"}:
        return False
    parts = args[1] if isinstance(args[1], tuple) else (args[1],)
    return any(isinstance(part, Tensor) and part.dtype == torch.bool for part in parts)


def _repeats_by_tensor(name: str, args: Any) -> bool:
    return name == "repeat_interleave" and len(args) > 1 and isinstance(args[1], Tensor)


@pytest.mark.parametrize(("count", "negatives"), [(1, "anywhere"), (5, "anywhere"), (5, "hard")])
def test_a_step_reads_four_values_whatever_the_batch_size(tmp_path, count, negatives):
    trainer = build(tmp_path, negative_patches=negatives)
    parts = inputs_of(trainer)._asdict()
    inputs = Inputs(**{name: part[:1].expand(count, *part.shape[1:]) for name, part in parts.items()})
    with Reads() as reads:
        trainer.update(trainer.step(inputs))
    # The extent and the two sizes of the energy's lattice, and whether loss and gradients are finite.
    assert reads.calls == {"tolist": 1, "unique_consecutive": 1, "unique": 1, "__bool__": 1}
