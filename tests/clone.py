"""A copy of the project at a small size, and the programs that a user runs in it."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.imports import ROOT
from tests.settings import SHORT, change_settings

SMALL_PROJECT = SHORT | {
    "generate.train_images": 16,
    "generate.val_images": 4,
    "generate.image_size": 80,
    "train.steps": 6,
    "train.batch_size": 4,
    "train.judge_tags": True,
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
    """Run a program in a folder, as from that shell."""
    return subprocess.run(words, cwd=cwd, env=environment(cwd), capture_output=True, text=True, check=False)


def succeed(*words: str, cwd: Path) -> str:
    """Run a program that must succeed; return what it prints."""
    done = command(*words, cwd=cwd)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def clone(folder: Path) -> Path:
    """Copy the project, with small settings, into a folder and put it under git; nothing has run in it."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    (folder / "dvc.lock").unlink(missing_ok=True)
    change_settings(folder, SMALL_PROJECT)
    for words in ("init --quiet", "add --all", "config user.name test", "config user.email test@localhost"):
        succeed("git", *words.split(), cwd=folder)
    succeed("git", "commit", "--quiet", "--message", "Small settings", cwd=folder)
    return folder
