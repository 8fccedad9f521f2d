import torch

from seco.models.encoder import Tokens
from seco.models.patch_tokens import tokens_under


def tokens(values: torch.Tensor) -> Tokens:
    """Tokens of width 1 on a grid ``[h, w]``; those of block λ have ten times the value."""
    final = values.reshape(1, -1, 1)
    return Tokens(torch.zeros(1, 1), final, 10 * final, (values.shape[0], values.shape[1]))


def test_a_token_counts_by_the_area_that_it_shares_with_the_patch():
    crop = tokens(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    # Tokens of 4 pixels, a patch of 4: one token exactly, half of two, and a quarter each of four.
    corners = torch.tensor([[[0, 4], [4, 2], [2, 6]]])
    under = tokens_under(crop, corners, patch_size=4, token_size=4)
    assert under.class_token.flatten().tolist() == [2.0, 4.5, 4.0]
    assert torch.equal(under.final.squeeze(1), under.class_token)
    assert under.intermediate.flatten().tolist() == [20.0, 45.0, 40.0]


def test_gradients_reach_the_tokens_under_the_patch_alone():
    crop = tokens(torch.arange(6.0).reshape(2, 3))
    leaf = crop.final.requires_grad_()
    tokens_under(crop, torch.tensor([[[0, 0]]]), patch_size=8, token_size=4).class_token.sum().backward()
    assert leaf.grad is not None
    assert leaf.grad.flatten().tolist() == [0.25, 0.25, 0.0, 0.25, 0.25, 0.0]
