"""What was run: settings, code, data and machine, and how long each stage took."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from seco.reporting.blocks import Block, Points, Prose, Section, Table
from seco.storage.stage_records import StageRecord


class RunFacts(NamedTuple):
    """What a reader must know to repeat a run."""

    recipe: str | None
    """The recipe that the settings come from, or the nearest; None where there is none."""
    changes: tuple[str, ...]
    """A line for each setting that differs from it."""
    commit: str | None
    """The commit of the code, with a word where files differ from it; None outside a repository."""
    data: str
    """The fingerprint of the data set, as of ``data_fingerprint``."""
    images: Mapping[str, int]
    """Split → images."""
    stages: Sequence[StageRecord]

    def in_short(self) -> list[str]:
        """Return the facts of the line at the top of a page."""
        changed = f", {len(self.changes)} changed" if self.changes else ""
        sizes = ", ".join(f"{count:,} {split}" for split, count in self.images.items())
        short = [f"Recipe: {self.recipe}{changed}"] if self.recipe else []
        short += [f"Images: {sizes}", f"Data: {self.data}"]
        return short + ([f"Commit: {self.commit}"] if self.commit else [])


def commit_of(folder: Path) -> str | None:
    """Return the short commit of a folder's repository, and whether tracked files differ; None outside a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    head = _git(git, folder, "rev-parse", "--short=12", "HEAD")
    if not head:
        return None
    changed = _git(git, folder, "status", "--porcelain", "--untracked-files=no", "--", "*.py", "*.yaml")
    return head + (", with changes" if changed else "")


def _git(git: str, folder: Path, *words: str) -> str:
    done = subprocess.run([git, *words], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def run_section(facts: RunFacts) -> Section:
    """Return the section "what was run"."""
    blocks: list[Block] = []
    if facts.recipe is None:
        blocks.append(Prose("There are no recipes here to compare the settings with: params.yaml holds them all."))
    elif facts.changes:
        blocks += [Prose(f"The settings are the recipe {facts.recipe} but for:"), Points(facts.changes)]
    else:
        blocks.append(Prose(f"The settings are those of the recipe {facts.recipe}, without any change."))
    code = f"The code is commit {facts.commit}" if facts.commit else "The code is in no git repository"
    blocks.append(Prose(f"{code}. The data's fingerprint, over every image and mask, is {facts.data}."))
    if facts.stages:
        frame = pd.DataFrame([_row(record) for record in facts.stages])
        blocks.append(Table(frame, caption="Each stage, when it last ran here", decimals=1))
    else:
        blocks.append(Prose("No stage left a record of its time here."))
    return Section("run", "What was run?", tuple(blocks))


def _row(record: StageRecord) -> dict[str, Any]:
    return {
        "stage": record.stage,
        "seconds": record.seconds,
        "ended (UTC)": record.ended,
        "processor": f"{record.processor} ({record.cores} cores)",
        "GPU": record.gpu or "none",
        "torch": record.torch or "–",
    }
