"""Activation checkpointing and compilation change no result."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from seco.errors import SecoError
from seco.training.crop_pass import Inputs
from seco.training.methods import Models
from seco.training.objective import StepResult
from tests.settings import small_settings
from tests.tiny import crop_pass, is_compiled, tiny_inputs, tiny_models

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
PHASES = {"train.contrast_start": 0, "train.segmentation_start": 0, "backbone.depth": 2}


def stepped(inputs: Inputs, **changes) -> tuple[StepResult, Models]:
    settings = small_settings(**(PHASES | changes))
    models = Models(*(module.to(inputs.weak.device) for module in tiny_models(settings)))
    result = models.objective(crop_pass(models, settings, inputs=inputs))
    result.total.backward()
    return result, models


def gradients(models: Models) -> dict[str, Tensor]:
    return {name: weight.grad for name, weight in models.network.named_parameters() if weight.grad is not None}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_activation_checkpointing_changes_no_result(precision):
    inputs, kind = tiny_inputs(), {"train.precision": precision}
    plain, models = stepped(inputs, **kind)
    saving, saving_models = stepped(inputs, **kind, **{"train.activation_checkpointing": True})
    near = {"rtol": 1e-5, "atol": 1e-7} if precision == "fp32" else {"rtol": 0.02, "atol": 0.02}
    torch.testing.assert_close(saving.terms, plain.terms, **near)
    torch.testing.assert_close(gradients(saving_models), gradients(models), **near)


def test_activation_checkpointing_saves_less_for_the_backward_pass():
    kept = {}
    for saving in (False, True):
        settings = small_settings(**(PHASES | {"backbone.depth": 4, "train.activation_checkpointing": saving}))
        models, sizes = tiny_models(settings), []
        with torch.autograd.graph.saved_tensors_hooks(lambda kept, sizes=sizes: sizes.append(kept.nbytes) or kept, id):
            models.network.encoder(tiny_inputs().weak)
        kept[saving] = sum(sizes)
    assert kept[True] < 0.2 * kept[False]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler hides its own warnings, which pytest has made errors
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NEEDS_GPU)])
def test_compilation_changes_no_result_and_no_name(tmp_path, monkeypatch, device: str):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    inputs = Inputs(*(part.to(device) for part in tiny_inputs()))
    plain, models = stepped(inputs)
    compiled, compiled_models = stepped(inputs, **{"train.compile": True})
    torch.testing.assert_close(compiled.terms, plain.terms, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(gradients(compiled_models), gradients(models), rtol=1e-4, atol=1e-5)
    settings = small_settings(**PHASES)
    cams = [crop_pass(each, settings, inputs=inputs).cams for each in (compiled_models, models)]
    torch.testing.assert_close(*cams, rtol=1e-4, atol=1e-5)
    for part, module in models.modules().items():
        assert compiled_models.modules()[part].state_dict().keys() == module.state_dict().keys()
    assert is_compiled(compiled_models) == [True, True]
    assert is_compiled(models) == [False, False]


@pytest.mark.filterwarnings("ignore")
def test_a_missing_compiler_is_an_error_with_a_sentence(tmp_path, monkeypatch):
    import torch._inductor.config as inductor

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    with inductor.patch({"cpp.cxx": (None, str(Path("/nowhere/g++")))}):
        torch.compiler.reset()
        with pytest.raises(SecoError, match=r"torch\.compile does not work here \(InvalidCxxCompiler.*train\.compile"):
            tiny_models(small_settings(**{"train.compile": True}))
