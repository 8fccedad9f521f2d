"""A loss term and a method can be added from outside: a part, and a row of METHODS."""

import torch

from seco.config.settings import METHOD_NAMES, Settings
from seco.models.network import SeCoNetwork
from seco.training.crop_pass import CropPass
from seco.training.log import TrainingLog
from seco.training.methods import METHODS, Method
from seco.training.objective import Contribution, Part
from seco.training.trainer import Trainer
from tests.demo_data import demo_manifest
from tests.settings import small_settings


class TokenDecay(Part):
    """A new term: the mean square of the final tokens; it counts its steps."""

    steps: torch.Tensor

    def __init__(self, *, weight: float) -> None:
        super().__init__(weights={"decay": weight})
        self.register_buffer("steps", torch.zeros(()))

    def forward(self, crops: CropPass) -> Contribution:
        return Contribution({"decay": crops.output.tokens.final.float().square().mean()}, update=1.0)

    def update_state(self, update: float, network: SeCoNetwork) -> None:  # noqa: ARG002
        self.steps += update


def build_decay(settings: Settings, network: SeCoNetwork) -> Part:
    return TokenDecay(weight=2.0)


def test_a_term_and_a_method_from_outside_train(tmp_path, monkeypatch):
    baseline = METHODS["baseline"]
    monkeypatch.setitem(METHODS, "dummy", Method({**baseline.parts, "decay": build_decay}, baseline.projector))
    METHOD_NAMES.append("dummy")
    try:
        settings = small_settings(
            **{"method": "dummy", "train.steps": 2, "train.warmup_steps": 1, "train.log_every": 1}
        )
    finally:
        METHOD_NAMES.remove("dummy")
    trainer = Trainer(settings, demo_manifest(tmp_path / "data"), resume_folder=tmp_path / "run")
    with TrainingLog(tmp_path / "log") as log:
        trainer.run(log, lambda increment, note: None)
    last = trainer.state.curves[-1]
    assert {"loss/cls", "loss/decay"} <= last.keys()
    assert trainer.state.models.objective.parts.get_buffer("decay.steps") == 2
