"""What a training step asks of any machine: floating-point operations, and operations that compute something."""

import torch

from benchmarks.counts import count_work
from tests.plain.step import PlainObjective
from tests.plain.update import PlainUpdate
from tests.training.test_order import build, inputs_of

MOST_FLOPS, MOST_KERNELS = 400_000_000, 2350
"""A step at the size of the tests has 392,837,888 and 2306: whoever needs more raises them here, and says so."""


def test_a_matrix_product_counts_twice_its_multiplications_and_a_view_nothing():
    left, right = torch.ones(2, 3), torch.ones(3, 5)
    assert count_work(lambda: (left @ right).view(5, 2).T.relu()) == (2 * 2 * 3 * 5, 2)


def test_a_step_computes_less_than_the_plain_one_and_in_fewer_operations(tmp_path):
    trainer = build(tmp_path, **{"train.precision": "fp32"})  # casts to bf16 are operations too
    inputs, models, settings = inputs_of(trainer), trainer.state.models, trainer.settings
    ours = count_work(lambda: trainer.update(trainer.step(inputs)))
    plain, update = PlainObjective(models, settings), PlainUpdate(models, settings)
    theirs = count_work(lambda: update(inputs, plain(inputs, tags_from_auxiliary=True), rate_factor=1.0))
    assert ours.flops <= min(MOST_FLOPS, 0.75 * theirs.flops)
    assert ours.kernels <= min(MOST_KERNELS, 0.7 * theirs.kernels)
