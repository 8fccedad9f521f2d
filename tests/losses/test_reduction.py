import torch

from seco.losses.reduction import masked_mean


def test_only_what_the_mask_holds_is_averaged():
    values = torch.tensor([1.0, 2.0, torch.inf, 6.0])
    assert masked_mean(values, torch.tensor([True, True, False, True])) == 3.0


def test_an_infinite_value_that_is_masked_out_leaves_the_gradient_whole():
    values = torch.tensor([torch.inf, 2.0, 4.0], requires_grad=True)
    masked_mean(values, torch.tensor([False, True, True])).backward()
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 0.5, 0.5]


def test_an_empty_mask_gives_zero_with_a_graph():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    mean = masked_mean(values, torch.tensor([False, False]))
    mean.backward()
    assert mean == 0
    assert values.grad is not None
    assert (values.grad == 0).all()
