"""The sentences and exit statuses for errors of torch, numpy and the system."""

import errno
import os
import re
import signal
from collections.abc import Callable, Iterator
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

REMEDIES = {
    "train": "lower train.batch_size or train.crop_size, or set train.activation_checkpointing to true",
    "export": "lower export.batch_size",
    "export-cams": "lower export.batch_size",
    "refine": "lower export.batch_size",
    "predict": "lower predict.batch_size",
    "pretrain": "lower --batch-size or --size",
    "evaluate": "close other programs, or take a larger machine",
}


def raised_by(call: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011  any
        call()
    return caught.value


def sentence_of(fault: BaseException, command: str = "train") -> str:
    ending = ending_of(fault, words=command.split())
    assert ending is not None
    assert ending.status == 1
    assert "\n" not in ending.sentence
    return ending.sentence


@pytest.mark.parametrize(("command", "remedy"), REMEDIES.items())
def test_a_lack_of_memory_says_which_setting_to_lower(command: str, remedy: str) -> None:
    for allocate in (lambda: torch.empty(1 << 50), lambda: np.empty(1 << 50)):
        assert sentence_of(raised_by(allocate), command) == f"this machine is out of memory: {remedy}"
    for key in re.findall(r"[a-z]+\.[a-z_]+", remedy):
        assert key in keys_of(yaml.safe_load((ROOT / "params.yaml").read_text()))


@pytest.mark.parametrize(
    "fault",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 11 GiB"),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_a_lack_of_gpu_memory_names_the_gpu(fault: RuntimeError) -> None:
    assert sentence_of(fault, "predict") == "the GPU is out of memory: lower predict.batch_size"


@pytest.mark.parametrize(
    "words", ["predict --images shots", "refine --model m --images=shots", "export-cams --images a"]
)
def test_a_lack_of_memory_with_photographs_names_their_options(words: str) -> None:
    fault = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
    assert sentence_of(fault, words) == "the GPU is out of memory: give a smaller --tile, or --longest"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_real_gpu_that_is_full() -> None:
    fault = raised_by(lambda: torch.empty(1 << 45, device="cuda"))
    assert sentence_of(fault).startswith("the GPU is out of memory: lower train.")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "this machine is out of memory"),
        (RuntimeError("DataLoader worker (pid 71) is killed by signal: Killed. "), "a process that loads images was"),
        (raised_by(lambda: os.open("/nowhere/at/all", os.O_RDONLY)), "the system refused a file (/nowhere/at/all): No"),
        (SecoError("train.steps is 0: must be at least 1"), "train.steps is 0: must be at least 1"),
    ],
)
def test_other_errors_of_the_user_or_the_machine_are_sentences(fault: Exception, sentence: str) -> None:
    assert sentence_of(fault).startswith(sentence)


@pytest.mark.parametrize("fault", [RuntimeError("mat1 and mat2 shapes"), ZeroDivisionError(), KeyError("step")])
def test_a_bug_keeps_its_traceback(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise fault

    monkeypatch.setattr("pipeline.app.app", fail)
    assert raised_by(main) is fault


@pytest.mark.parametrize(
    ("fault", "status", "sentence"),
    [(SecoError("rank 1 lost the others"), 1, "rank 1 lost the others"), (None, 143, "stopped (SIGTERM)")],
)
def test_a_signal_during_the_clean_up_hides_no_error(
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
