"""A copy of the project at a small size, and the programs that a user runs in it."""

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from seco.studies.settings import changed
from tests.imports import ROOT

SMALL = {
    "patch_size": 32,
    "reservoir_size": 64,
    "generate.train_images": 16,
    "generate.val_images": 4,
    "generate.image_size": 80,
    "backbone.depth": 1,
    "backbone.pretrained": False,
    "backbone.projector_width": 32,
    "train.steps": 6,
    "train.batch_size": 4,
    "train.crop_size": 64,
    "train.second_view_size": 32,
    "train.warmup_steps": 1,
    "train.prototype_start": 0,
    "train.contrast_start": 1,
    "train.segmentation_start": 2,
    "train.tag_source_switch": 3,
    "train.num_workers": 0,
    "train.log_every": 1,
    "export.image_size": 64,
    "predict.image_size": 64,
    "evaluate.pictures": 2,
}
PROGRAMS = Path(sys.executable).parent


def environment(folder: Path) -> dict[str, str]:
    """Return the variables of a clean shell in which the environment is active."""
    return {
        "PATH": f"{PROGRAMS}:/usr/bin:/bin:/usr/local/bin",
        "HOME": str(folder.parent),
        "OMP_NUM_THREADS": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, as from a clean shell in which the environment is active."""
    return subprocess.run(words, cwd=cwd, env=environment(cwd), capture_output=True, text=True, check=False)


def succeed(*words: str, cwd: Path) -> str:
    """Run a program that must succeed; return what it prints."""
    done = command(*words, cwd=cwd)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def change_settings(folder: Path, changes: dict[str, object]) -> None:
    """Change values of params.yaml by their dotted keys."""
    values = yaml.safe_load((folder / "params.yaml").read_text())
    (folder / "params.yaml").write_text(yaml.safe_dump(changed(values, changes)))


def clone(folder: Path) -> Path:
    """Copy the project, with small settings, into a folder and put it under git; nothing has run in it."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    (folder / "dvc.lock").unlink(missing_ok=True)
    change_settings(folder, SMALL)
    succeed("git", "init", "--quiet", cwd=folder)
    succeed("git", "add", "--all", cwd=folder)
    succeed("git", "config", "user.name", "test", cwd=folder)
    succeed("git", "config", "user.email", "test@localhost", cwd=folder)
    succeed("git", "commit", "--quiet", "--message", "Small settings", cwd=folder)
    return folder
