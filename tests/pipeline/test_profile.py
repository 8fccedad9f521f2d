"""`seco train --profile` measures, and changes nothing that a run leaves."""

from tests.pipeline.conftest import Project


def test_a_profile_prints_the_kinds_of_operations_and_writes_its_folder_alone(project: Project) -> None:
    before = project.files()
    outcome = project.run("train", "--profile")
    assert outcome.status == 0
    assert "| matrix products |" in outcome.out
    after = project.files()
    assert after.keys() - before.keys() == {"reports/profile/table.md", "reports/profile/trace.json"}
    assert all(after[name] == digest for name, digest in before.items())
    assert outcome.out in (project.root / "reports/profile/table.md").read_text()
