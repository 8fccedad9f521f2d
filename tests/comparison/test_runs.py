import shutil
import subprocess
from pathlib import Path

import pytest

from seco.comparison.runs import read_run
from seco.errors import SecoError
from seco.scores.counts_file import COUNTS_FILE
from tests.comparison.make_runs import MASKS, write_run

GIT = ("git", "-c", "user.name=n", "-c", "user.email=n@example.com")
PIPELINE = """
stages:
  evaluate:
    cmd: mkdir -p reports && cp gain-$(cat gain.txt).npz reports/counts.npz
    deps: [gain.txt]
    outs: [reports/counts.npz]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two commits, tagged "low" and "high", whose counts DVC keeps."""
    for gain in ("0", "60"):
        folder = write_run(tmp_path / f"run{gain}", int(gain))
        (folder / "reports" / COUNTS_FILE).rename(tmp_path / f"gain-{gain}.npz")
        shutil.rmtree(folder)
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text("seed: 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    for words in (("git", "init", "--quiet"), ("dvc", "init", "--quiet")):
        subprocess.run(words, check=True)
    for gain, tag in (("0", "low"), ("60", "high")):
        (tmp_path / "gain.txt").write_text(gain)
        subprocess.run(["dvc", "repro", "--quiet"], check=True)
        subprocess.run([*GIT, "add", "--all"], check=True)
        subprocess.run([*GIT, "commit", "--quiet", "--message", tag], check=True)
        subprocess.run(["git", "tag", tag], check=True)
    return tmp_path


@pytest.mark.slow
def test_revisions_are_read_from_dvcs_cache(project: Path) -> None:
    low, high, here = read_run("low"), read_run("high"), read_run(".")
    scores = [run.counts(MASKS)[0].total().iou()[1] for run in (low, high, here)]
    assert scores == pytest.approx([10 / 39, 70 / 99, 70 / 99])
    assert low.settings == {"seed": "3"}
    with pytest.raises(SecoError, match="there is no run 'lwo', neither a folder nor a revision or experiment here"):
        read_run("lwo")
    shutil.rmtree(project / ".dvc/cache")
    with pytest.raises(SecoError, match=r"counts.npz of the run low is not in DVC's cache: run `dvc fetch`"):
        read_run("low")
    subprocess.run(["git", "rm", "--quiet", "--cached", "dvc.yaml", "dvc.lock"], check=True)
    subprocess.run([*GIT, "commit", "--quiet", "--message", "no stage"], check=True)
    with pytest.raises(SecoError, match=r"the run HEAD has no reports/counts.npz: check it out and run `dvc repro"):
        read_run("HEAD")


def test_a_folder_of_reports_finds_its_settings(tmp_path: Path) -> None:
    root = write_run(tmp_path / "a", 0)
    assert read_run(str(root / "reports")).settings == read_run(str(root)).settings == {"seed": "0"}


def test_a_folder_that_was_not_evaluated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecoError, match=r"reports/counts\.npz is missing: run `seco evaluate`"):
        read_run(str(tmp_path))


def test_a_revision_needs_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SecoError, match="there is no run 'main', neither a folder nor"):
        read_run("main")
