import torch

from seco.losses.reduction import group_mean, masked_mean


def test_masked_values_are_left_out_of_mean_and_gradient():
    values = torch.tensor([torch.inf, 2.0, 4.0], requires_grad=True)
    mean = masked_mean(values, torch.tensor([False, True, True]))
    mean.backward()
    assert mean == 3.0
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 0.5, 0.5]


def test_the_mean_of_an_empty_mask_is_0_with_a_graph():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    mean = masked_mean(values, torch.tensor([False, False]))
    mean.backward()
    assert mean == 0
    assert values.grad is not None
    assert (values.grad == 0).all()


def test_each_group_counts_the_same():
    values = torch.tensor([1.0, 3.0, 8.0, torch.inf, 5.0], requires_grad=True)
    mask = torch.tensor([True, True, True, False, False])
    mean = group_mean(values, mask, groups=torch.tensor([4, 4, 0, -1, 2]), num_groups=6)
    mean.backward()
    assert mean == 5.0  # of 2 (group 4) and 8 (group 0); groups 2 and -1 have no value that counts
    assert values.grad is not None
    assert values.grad.tolist() == [0.25, 0.25, 0.5, 0.0, 0.0]
