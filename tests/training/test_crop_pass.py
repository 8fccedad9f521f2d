import torch

from seco.compute.pixels import normalise
from seco.training.crop_pass import to_device
from tests.tiny import CPU, tiny_batch


def test_views_are_normalised_and_zero_outside_the_image():
    batch = tiny_batch(labels=((0.0, 1.0, 0.0), (1.0, 0.0, 1.0)), boxes=((0, 0, 64, 64), (8, 0, 64, 60)))
    inputs = to_device(batch, CPU)
    assert inputs.class_ids.tolist() == [[2, 0], [3, 1]]
    assert inputs.inside[0].all()
    assert inputs.inside[1].sum() == 56 * 60
    for before, after in ((batch.weak, inputs.weak), (batch.strong, inputs.strong)):
        torch.testing.assert_close(after[0], normalise(before[0]))
        torch.testing.assert_close(after[1, :, 8:, :60], normalise(before[1])[:, 8:, :60])
        assert (after[1, :, :8] == 0).all()
        assert (after[1, :, :, 60:] == 0).all()
    torch.testing.assert_close(inputs.second, normalise(batch.second))


def test_masks_are_class_ids_and_views_that_were_not_made_stay_empty():
    batch = tiny_batch()
    inputs = to_device(batch, CPU)
    assert inputs.masks.dtype == torch.int64
    assert torch.equal(inputs.masks, batch.masks.long())
    nothing = torch.empty(2, 0, dtype=torch.uint8)
    bare = to_device(batch._replace(strong=nothing, second=nothing, masks=nothing), CPU)
    assert [bare.strong.numel(), bare.second.numel(), bare.masks.numel()] == [0, 0, 0]
    assert torch.equal(bare.weak, inputs.weak)
