"""What the door says of faults that are met as torch, numpy and the system raise them."""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
import yaml

from pipeline.app import main
from pipeline.faults import ending_of
from seco.errors import SecoError
from seco.runtime.signals import listen
from tests.imports import ROOT
from tests.test_pipeline_definition import keys_of

PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
REMEDIES = {
    "train": "lower train.batch_size or train.crop_size, or set train.activation_checkpointing to true",
    "export": "lower export.batch_size",
    "export-cams": "lower export.batch_size",
    "refine": "lower export.batch_size",
    "predict": "lower predict.batch_size",
    "pretrain": "lower --batch-size or --size",
    "evaluate": "close other programs, or take a larger machine",
}


def met(run) -> BaseException:
    """Return what a call raises."""
    try:
        run()
    except Exception as fault:
        return fault
    raise AssertionError("nothing was raised")


def told(fault: BaseException, command: str = "train") -> str:
    ending = ending_of(fault, command=command)
    assert ending is not None
    assert ending.status == 1
    assert "\n" not in ending.sentence
    return ending.sentence


@pytest.mark.parametrize(("command", "remedy"), REMEDIES.items())
def test_memory_that_does_not_suffice_is_told_with_what_to_lower(command: str, remedy: str) -> None:
    for shortage in (lambda: torch.empty(1 << 50), lambda: np.empty(1 << 50)):
        assert told(met(shortage), command) == f"this machine is out of memory: {remedy}"
    for named in re.findall(r"[a-z]+\.[a-z_]+", remedy):
        assert named in keys_of(PARAMS)


@pytest.mark.parametrize(
    "fault",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 11 GiB"),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_the_memory_of_a_gpu_is_told_from_that_of_the_machine(fault: RuntimeError) -> None:
    assert told(fault, "predict") == "the GPU is out of memory: lower predict.batch_size"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_real_gpu_that_is_full() -> None:
    assert told(met(lambda: torch.empty(1 << 45, device="cuda"))).startswith(
        "the GPU is out of memory: lower training."
    )


def test_a_process_that_cannot_be_started_for_lack_of_memory() -> None:
    assert told(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))).startswith("this machine is out of memory")


def test_a_lost_loader_is_named_wherever_torch_raises_it() -> None:
    fault = RuntimeError("DataLoader worker (pid 71) is killed by signal: Killed. ")
    assert told(fault).startswith("a process that loads images was killed (DataLoader worker (pid 71)")


def test_a_file_that_the_system_refuses_is_named() -> None:
    assert told(met(lambda: os.open("/nowhere/at/all", os.O_RDONLY))) == (
        "the system refused a file (/nowhere/at/all): No such file or directory"
    )


def test_a_users_fault_speaks_for_itself() -> None:
    assert told(SecoError("train.steps is 0: must be at least 1")) == "train.steps is 0: must be at least 1"


@pytest.mark.parametrize("fault", [RuntimeError("mat1 and mat2 shapes"), ZeroDivisionError(), KeyError("step")])
def test_an_error_of_the_program_keeps_its_traceback(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ending_of(fault, command="train") is None

    def fail() -> None:
        raise fault

    monkeypatch.setattr("pipeline.app.app", fail)
    with pytest.raises(type(fault)):
        main()


@pytest.mark.parametrize(
    ("fault", "status", "sentence"),
    [(SecoError("rank 1 lost the others"), 1, "rank 1 lost the others"), (None, 143, "stopped (SIGTERM)")],
)
def test_a_signal_on_the_way_out_hides_nothing(
    fault: SecoError | None,
    status: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    former = signal.getsignal(signal.SIGTERM)

    def run() -> None:
        if fault is not None:
            raise fault

    @contextmanager
    def signalled() -> Iterator[None]:
        with listen():
            yield
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("pipeline.app.app", run)
    monkeypatch.setattr("pipeline.app.listen", signalled)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capfd.readouterr().err) == (status, f"seco: {sentence}\n")
    assert signal.getsignal(signal.SIGTERM) == former


def test_the_door_imports_no_torch() -> None:
    code = "import sys, pipeline.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
