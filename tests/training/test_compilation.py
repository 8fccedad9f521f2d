"""`train.compile: auto` compiles where it pays, remembers the choice, and leaves everything else as it is."""

import re
from pathlib import Path

import pytest
import torch

from seco.training import compilation
from seco.training.compilation import TIMED, Trial, choose, worth_a_trial
from seco.training.trainer import Trainer
from tests.demo_data import demo_manifest
from tests.settings import small_settings
from tests.tiny import CPU, is_compiled, snapshot, tiny_models

PHASES = {"train.prototype_start": 0, "train.contrast_start": 0, "train.segmentation_start": 0}
LONG = PHASES | {"train.compile": "auto", "train.steps": 1000}
TIMES = re.compile(
    r"a step takes \S+ s, compiled \S+ s, and compiling took \d+ s: for 1000 steps the encoder is .*compiled"
)


def trainer_of(folder: Path, **changes) -> Trainer:
    return Trainer(small_settings(**LONG | changes), demo_manifest(folder / "data"), resume_folder=folder / "run")


class Clock:
    """Says how many seconds each step took, in place of real ones; nothing is compiled."""

    def __init__(self) -> None:
        self.waiting: list[float] = []

    def expect(self, eager: float, compiled: float, *, drift: float = 1.0) -> None:
        """Let the next trial find these times; all take ``drift`` times as long after each pair."""
        self.waiting += [eager, 0.0]  # the first eager step, and the one in which the encoders are compiled
        self.waiting += [seconds * drift**pair for pair in range(TIMED) for seconds in (eager, compiled)]

    def __call__(self, *_: object) -> float:
        return self.waiting.pop(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    seconds = Clock()
    monkeypatch.setattr(compilation, "_timed", seconds)
    monkeypatch.setattr(compilation, "compiler_fault", lambda device: None)
    return seconds


@pytest.mark.parametrize(
    ("steps", "compiled", "pays"), [(1000, 1.9, True), (299, 1.9, False), (301, 1.9, True), (10**6, 2.0, False)]
)
def test_what_is_saved_must_exceed_the_time_of_compiling(steps: int, compiled: float, pays: bool):
    assert Trial(eager=2.0, compiled=compiled, compiling=30.0).pays(steps) is pays


def test_the_encoders_are_left_as_is_faster(clock):
    models = tiny_models(small_settings())
    clock.expect(2.0, 2.5)
    assert not choose(models, lambda: None, steps=1000, device=CPU).compiled
    assert is_compiled(models) == [False, False]
    clock.expect(2.0, 1.5)
    assert choose(models, lambda: None, steps=1000, device=CPU).reason.endswith(
        "for 1000 steps the encoder is compiled"
    )
    assert is_compiled(models) == [True, True]


@pytest.mark.parametrize("drift", [0.8, 1.25])
def test_a_machine_that_changes_its_speed_does_not_decide(clock, drift: float):
    models = tiny_models(small_settings())
    clock.expect(2.0, 2.1, drift=drift)
    assert not choose(models, lambda: None, steps=1000, device=CPU).compiled
    clock.expect(2.1, 2.0, drift=drift)
    assert choose(models, lambda: None, steps=1000, device=CPU).compiled


def test_eager_and_compiled_steps_take_turns(clock, monkeypatch):
    models, order = tiny_models(small_settings()), []
    monkeypatch.setattr(compilation, "_timed", lambda step, device: order.append(is_compiled(models)[0]) or 1.0)
    choose(models, lambda: None, steps=1000, device=CPU)
    assert order == [False, True, *[False, True] * TIMED]


def test_a_short_run_compiles_nothing(clock):
    models = tiny_models(small_settings())
    clock.waiting += [0.59]
    assert choose(models, lambda: None, steps=1000, device=CPU) == (False, "")
    assert not worth_a_trial(CPU, precision="fp32", steps=49)


@pytest.mark.parametrize(
    ("own", "precision", "worth"), [(True, "bf16", False), (True, "fp32", True), (False, "bf16", True)]
)
def test_nothing_is_timed_where_eager_steps_have_a_faster_kernel(monkeypatch, own: bool, precision: str, worth: bool):
    monkeypatch.setattr(compilation, "beats_fused_kernel", lambda: own)
    assert worth_a_trial(CPU, precision=precision, steps=1000) is worth


def test_every_rank_takes_the_choice_of_rank_0(clock, monkeypatch):
    models, told = tiny_models(small_settings()), [2000.0, Trial(2.0, 1.0, 30.0)]
    monkeypatch.setattr(compilation, "from_rank_0", lambda own: told.pop(0))
    clock.expect(2.0, 3.0)
    assert choose(models, lambda: None, steps=1000, device=CPU).compiled
    assert is_compiled(models) == [True, True]


def test_without_a_compiler_auto_says_so_and_stays_eager(clock, monkeypatch):
    models = tiny_models(small_settings())
    clock.waiting += [2.0]
    monkeypatch.setattr(compilation, "compiler_fault", lambda device: "no g++")
    sentence = "torch.compile does not work here (no g++): nothing is compiled"
    assert choose(models, lambda: None, steps=1000, device=CPU) == (False, sentence)
    assert is_compiled(models) == [False, False]


def test_a_step_that_does_not_compile_stays_eager(monkeypatch):
    models, calls = tiny_models(small_settings()), []
    monkeypatch.setattr(compilation, "compiler_fault", lambda device: None)
    monkeypatch.setattr(compilation, "SHORTEST", 0.0)

    def step() -> None:
        calls.append(is_compiled(models))
        if any(calls[-1]):
            raise NotImplementedError

    choice = choose(models, step, steps=1000, device=CPU)
    assert choice == (False, "torch.compile does not work here (NotImplementedError): nothing is compiled")
    assert calls[-2:] == [[False, False], [True, True]]
    assert is_compiled(models) == [False, False]


@pytest.mark.parametrize("compiled", [1.0, 3.0])
def test_a_run_that_continues_does_as_it_did(tmp_path, clock, compiled: float):
    trainer = trainer_of(tmp_path)
    clock.expect(2.0, compiled)
    assert TIMES.fullmatch(trainer.settle_compilation())
    trainer.state.save()
    trainer.state.finish()
    again = trainer_of(tmp_path)
    again.settle_compilation()  # would find no measurement
    assert is_compiled(again.state.models) == is_compiled(trainer.state.models) == [compiled < 2.0] * 2


@pytest.mark.parametrize("chosen", [False, "auto"])
def test_a_run_that_ends_soon_or_must_not_compile_times_nothing(tmp_path, clock, chosen):
    trainer = trainer_of(tmp_path, **{"train.compile": chosen, "train.steps": 3})
    assert trainer.settle_compilation() == ""
    assert is_compiled(trainer.state.models) == [False, False]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler hides its own warnings, which pytest has made errors
def test_a_real_trial_changes_neither_weights_nor_random_numbers(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(compilation, "SHORTEST", 0.0)
    trainer = trainer_of(tmp_path)
    before, numbers = snapshot(trainer.state.models), torch.get_rng_state()
    assert TIMES.fullmatch(trainer.settle_compilation())
    assert torch.equal(torch.get_rng_state(), numbers)
    torch.testing.assert_close(snapshot(trainer.state.models), before, rtol=0, atol=0)
    assert trainer.state.step == 0
    assert all(weight.grad is None for weight in trainer.state.models.network.parameters())
    assert is_compiled(trainer.state.models) == [trainer.state.compiled] * 2
