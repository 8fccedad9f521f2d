import subprocess
from pathlib import Path

from seco.reporting.blocks import Points, Prose, Table
from seco.reporting.run_facts import commit_of, run_section
from tests.reporting.page_run import FACTS


def test_the_section_tells_settings_code_data_machine_and_times() -> None:
    first, changes, code, stages = run_section(FACTS).blocks
    assert isinstance(first, Prose)
    assert first.text == "The settings are the recipe demo but for:"
    assert changes == Points(("train.steps: 5 (demo: 500)",))
    assert isinstance(code, Prose)
    assert code.text.startswith("The code is commit 0123456789ab. ")
    assert isinstance(stages, Table)
    assert stages.frame.iloc[0][["stage", "seconds", "GPU"]].tolist() == ["train", 12.3, "none"]


def test_what_is_not_known_is_said() -> None:
    facts = FACTS._replace(recipe=None, changes=(), commit=None, stages=())
    texts = [block.text for block in run_section(facts).blocks if isinstance(block, Prose)]
    assert texts[0].startswith("There are no recipes here")
    assert texts[1].startswith("The code is in no git repository. ")
    assert texts[2] == "No stage left a record of its time here."
    assert facts.in_short() == ["Images: 2 train", "Data: ba9876543210"]


def test_the_commit_is_named_with_a_word_where_code_differs(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    (tmp_path / "a.py").write_text("1")
    git = ("git", "-c", "user.name=n", "-c", "user.email=n@example.com")
    for words in (("init", "--quiet"), ("add", "a.py"), ("commit", "--quiet", "--message=m")):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    head = commit_of(tmp_path)
    assert head is not None
    assert len(head) == 12
    (tmp_path / "a.py").write_text("2")
    assert commit_of(tmp_path) == f"{head}, with changes"
