import time

import pytest
import torch

from seco.runtime.profiler import Operator, Profile, kind_of, kinds_table, profile_page, profile_steps
from tests.tiny import CPU


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        ("aten::mm", "matrix products"),
        ("aten::addmm", "matrix products"),
        ("aten::bmm", "matrix products"),
        ("aten::_scaled_dot_product_flash_attention_for_cpu_backward", "attention"),
        ("aten::_flash_attention_forward", "attention"),
        ("aten::mkldnn_convolution", "convolutions"),
        ("aten::convolution_backward", "convolutions"),
        ("aten::copy_", "copies"),
        ("aten::cat", "copies"),
        ("aten::gelu", "elementwise and others"),
        ("aten::_fused_adamw_", "elementwise and others"),
        ("aten::mul", "elementwise and others"),
    ],
)
def test_kinds_of_operators(operator, kind):
    assert kind_of(operator) == kind


def test_kinds_add_up_to_the_step_and_the_rest_counts_as_host():
    operators = [Operator("aten::mm", 3, 0.5), Operator("aten::addmm", 1, 0.125), Operator("aten::add", 9, 0.125)]
    profile = Profile(1.0, operators, steps=1)
    assert profile.kinds() == {
        "attention": 0,
        "convolutions": 0,
        "matrix products": 0.625,
        "copies": 0,
        "elementwise and others": 0.125,
        "host and waiting": 0.25,
    }
    assert "| matrix products | 625.0 | 62.5 % |" in kinds_table(profile)
    assert "| aten::mm | 3 | 500.0 | 50.0 % |" in profile_page(profile)


def test_calls_and_times_are_those_of_one_step():
    matrix = torch.ones(200, 200)

    def step() -> None:
        for _ in range(5):
            matrix @ matrix
        time.sleep(0.05)

    profile = profile_steps(step, steps=4, device=CPU)
    (product,) = (operator for operator in profile.operators if operator.name == "aten::mm")
    assert product.calls == 5
    assert 0 < product.seconds < profile.seconds
    assert profile.seconds > 0.05
    assert profile.kinds()["host and waiting"] > 0.04
    assert sum(profile.kinds().values()) == pytest.approx(profile.seconds)
