"""A project with one fast stage, for DVC to run; the stage leaves notes in a folder outside the project."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from seco.studies.clones import RunEnd, run_in_clones
from seco.studies.definitions import Variant
from seco.studies.repository import Repository
from seco.studies.runs import StudyRun

STAGE = """\
import json, pathlib, re, signal, sys, time
import seco
value = int(re.search(r"^seed: (\\d+)", pathlib.Path("params.yaml").read_text(), re.MULTILINE)[1])
notes = pathlib.Path({notes!r})


def stop(number, frame):
    pathlib.Path(".seco/resume/saved").touch()
    (notes / f"stopped-{{value}}").touch()
    sys.exit(130)


if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
    signal.signal(signal.SIGINT, stop)
(notes / f"begun-{{value}}-{{seco.VALUE}}").touch()
print("train: 3/20  15%  0:34 left", flush=True)
if value == 13:
    sys.exit("seco: 13 is not allowed")
if value == 14:
    sys.exit(3)
if value > 90:
    time.sleep(60)
reports = {{
    "metrics.json": json.dumps({{"found": 2 * value, "image": pathlib.Path("data/raw/own/image").read_text()}}),
    "train/metrics.json": json.dumps({{"seconds": 1}}),
    "classes.csv": "masks,split,class\\n",
}}
for name, text in reports.items():
    path = pathlib.Path("reports", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
"""
PIPELINE = f"""\
stages:
  evaluate:
    cmd: {sys.executable} pipeline/evaluate.py
    deps: [pipeline/evaluate.py, seco/__init__.py, "${{prepare.root}}"]
    params: [seed]
    metrics:
      - reports/metrics.json: {{cache: false}}
      - reports/train/metrics.json: {{cache: false}}
      - reports/classes.csv: {{cache: false}}
"""


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def commit(root: Path) -> str:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "A commit")
    return git(root, "rev-parse", "HEAD")


def make_repository(root: Path, *, params: str) -> Path:
    """Make a repository with settings and hardly any code."""
    pipelines = {"dvc.yaml": "stages: {a: {deps: [seco/a.py]}}\n", "demo/dvc.yaml": "stages: {}\n"}
    write(root, {"seco/a.py": "a = 1\n", "params.yaml": params, **pipelines})
    git(root, "init", "--quiet")
    for key, value in (("user.name", "test"), ("user.email", "test@localhost")):
        git(root, "config", key, value)
    commit(root)
    return root


def make_runnable(root: Path, notes: Path) -> Path:
    """Put the stage and its data, which neither git nor DVC track, into a repository."""
    files = {"pipeline/evaluate.py": STAGE.format(notes=str(notes)), "seco/__init__.py": "VALUE = 1\n"}
    write(root, files | {"dvc.yaml": PIPELINE, ".gitignore": "/data/\n/.seco/\n", "data/raw/own/image": "7"})
    for words in (("init", "--quiet"), ("config", "core.analytics", "false")):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=root, check=True, capture_output=True)
    commit(root)
    return root


def run_of(seed: int, name: str = "") -> StudyRun:
    settings = {"seed": seed, "prepare": {"root": "data/raw/own"}}
    return StudyRun(name or f"study-{seed}", "study", Variant("a", {}, "a"), seed, {"seed": seed}, settings, "0123abcd")


def conduct(root: Path, *runs: StudyRun, jobs: int = 1, on_end: Callable[[RunEnd], None] = print) -> dict[str, RunEnd]:
    """Run some runs and return how they ended, by name."""
    ended: dict[str, RunEnd] = {}
    folder = root / ".seco/experiments"
    with closing(run_in_clones(runs, Repository(root), folder=folder, jobs=jobs, on_progress=id)) as ends:
        for end in ends:
            ended[end.run.name] = end
            on_end(end)
    return ended


def experiments(root: Path) -> dict[str, str]:
    """Return the names of DVC's experiments in a project and the metrics that each has."""
    refs = [ref.split() for ref in git(root, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()]
    kept = {ref.split("/")[4]: found for ref, found in refs if ref.startswith("refs/exps/") and ref.count("/") == 4}
    return {name: git(root, "show", f"{found}:reports/metrics.json") for name, found in kept.items()}


def wait_for(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.1)
