"""A project of one stage that takes no time, run by DVC itself; what the stage does leaves notes beside the project."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from seco.studies.execution import Execution
from seco.studies.plan import Run
from seco.studies.repository import Repository
from seco.studies.studies import Variant
from tests.studies.repositories import commit, git, write

STAGE = """\
import json, pathlib, signal, sys, time
import marker
value = json.loads(pathlib.Path("params.yaml").read_text().partition(": ")[2])
notes = pathlib.Path({notes!r})


def stop(number, frame):
    (notes / f"stopped-{{value}}").touch()
    sys.exit(130)


if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
    signal.signal(signal.SIGINT, stop)
(notes / f"begun-{{value}}-{{marker.VALUE}}").touch()
if value == 13:
    print("a line of its own")
    sys.exit("seco: 13 is no good number")
if value == 14:
    sys.exit(3)
patience = time.monotonic() + 60
while value == 50 and not (notes / "go on").exists() and time.monotonic() < patience:
    time.sleep(0.1)
if value > 90:
    time.sleep(60)
reports = {{"metrics.json": {{"found": 2 * value}}, "training/metrics.json": {{"seconds": 1}}}}
for name, found in reports.items():
    path = pathlib.Path("reports", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
pathlib.Path("reports/classes.csv").write_text("masks,split,class\\n")
"""
PIPELINE = """\
stages:
  find:
    cmd: %s stage.py
    deps: [stage.py, marker.py]
    params: [value]
    metrics:
      - reports/metrics.json: {cache: false}
      - reports/train/metrics.json: {cache: false}
      - reports/classes.csv: {cache: false}
"""


def make_place(project: Path, notes: Path) -> Path:
    """Put a pipeline into a repository."""
    files = {
        "stage.py": STAGE.format(notes=str(notes)),
        "marker.py": "VALUE = 1\n",
        "dvc.yaml": PIPELINE % sys.executable,
        "params.yaml": "value: 1\n",
        "notes": str(notes),
    }
    write(project, files)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], cwd=project, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "dvc", "config", "core.analytics", "false"], cwd=project, check=True)
    commit(project)
    return project


def notes(place: Path) -> set[str]:
    return {path.name for path in Path((place / "notes").read_text()).iterdir()}


def run_of(value: int) -> Run:
    changes = {"value": value}
    return Run(f"study-{value}", "study", Variant(str(value), changes, ""), 0, changes, changes, "0123abcd")


def execution(place: Path, *, jobs: int) -> Execution:
    return Execution(Repository(place), logs=place / "logs", jobs=jobs, extra={}, hear=lambda run, line: None)


def kept(place: Path) -> set[str]:
    refs = git(place, "for-each-ref", "--format=%(refname)", "refs/exps").splitlines()
    return {ref.rpartition("/")[2] for ref in refs if ref.count("/") == 4}


def wait_for(happens: Callable[[], bool]) -> None:
    patience = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < patience
        time.sleep(0.1)


def found_by(place: Path, name: str) -> str:
    (kept_at,) = git(place, "for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{name}").splitlines()
    return git(place, "show", f"{kept_at}:reports/metrics.json")
