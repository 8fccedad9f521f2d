"""Repositories of made-up code, and experiments as DVC leaves them there."""

import json
import subprocess
from pathlib import Path

import yaml

SETTINGS = {"seed": 0, "weight": 0.0, "dataset": {"root": "data/raw/demo"}}
METRICS = {"cam_seed": {"train": {"miou": 0.4, "confusion_ratio": None}}, "notes": ["a note"]}
CLASSES = (
    "masks,split,class,iou_percent,precision_percent,recall_percent,confusion_ratio\n"
    'CAM seed,train,boat,40,50,60,inf\n"segmentation, crf",val,boat,25,,30,\n'
)


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


def keep_experiment(root: Path, name: str, *, settings: dict = SETTINGS, files: dict[str, str] | None = None) -> str:
    """Leave what DVC leaves of an experiment on the present commit; return the commit of its results."""
    base = git(root, "rev-parse", "HEAD")
    results = {
        "reports/metrics.json": json.dumps(METRICS),
        "reports/train/metrics.json": json.dumps({"seconds": 12.5, "loss": {"cls": 0.1}}),
        "reports/classes.csv": CLASSES,
        "params.yaml": yaml.safe_dump(settings),
    }
    write(root, results if files is None else files)
    found = commit(root)
    git(root, "update-ref", f"refs/exps/{base[:2]}/{base[2:]}/{name}", found)
    git(root, "reset", "--quiet", "--hard", base)
    return found
