"""`seco pretrain`: a weights file that training starts from, and its refusals."""

import pytest

from scenes import pretraining
from tests.pipeline.conftest import Project

SMALL = ("--images", "6", "--size", "32", "--steps", "1", "--batch-size", "2")


def test_training_starts_from_the_file_that_it_writes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "process_map", map)  # in this process: others take seconds to start
    before = project.files()
    assert project.run("pretrain", *SMALL, "--output", "assets/encoder.safetensors").status == 0
    assert project.files().keys() - before.keys() == {"assets/encoder.safetensors"}
    project.set(**{"backbone.pretrained": "assets/encoder.safetensors"})
    assert project.run("train").status == 0


def test_a_size_that_the_vit_cannot_cut_into_patches(project: Project) -> None:
    told = project.refusal("pretrain", "--size", "40")
    assert told == "--size 40 is not allowed: must be a multiple of the ViT's patch (16)"


def test_a_file_that_cannot_be_written_is_told_before_any_work(project: Project) -> None:
    (project.root / "taken").write_text("a file")
    assert project.refusal("pretrain", "--output", "taken/encoder.safetensors").startswith("cannot write taken: ")
