"""An image that is damaged after it was prepared: named; skipped only where that is asked for."""

from seco.storage.manifest import read_manifest
from tests.pipeline.conftest import Project


def damage(project: Project) -> str:
    """Cut off one training image in the middle; return its name."""
    record = read_manifest(project.root / "data/prepare").split("train")[3]
    record.image.write_bytes(record.image.read_bytes()[:500])
    return record.image.name


def test_training_names_the_image_and_ends(project: Project) -> None:
    name = damage(project)
    project.set(**{"train.steps": 8})  # two epochs: the image comes up
    told = project.refusal("train", "--output", "new", besides=("new", "reports", ".seco"))
    assert name in told
    assert "truncated or damaged" in told


def test_training_goes_on_without_it_where_asked_to_and_names_it_once(project: Project) -> None:
    name = damage(project)
    project.set(**{"train.steps": 8})
    outcome = project.run("train", "--output", "new", "--skip-bad")
    assert outcome.status == 0
    assert outcome.err.count(name) == 1
    assert f"{name} is truncated or damaged" in outcome.err
    assert (project.root / "new/model.safetensors").exists()
