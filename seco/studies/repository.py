"""The project's git repository, where DVC keeps experiments: a commit each, below refs/exps."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from seco.errors import SecoError

_CONDUCT = (":(exclude)seco/experiments", ":(exclude)pipeline/experiment.py")  # plans runs and reports them
CODE = ("seco", "pipeline", "dvc.yaml", "demo/dvc.yaml", "assets", *_CONDUCT)
"""What decides, beside the settings, what a run finds."""

SETTINGS = "params.yaml"


class Experiment(NamedTuple):
    """An experiment that DVC has kept.

    Attributes:
        commit: that of its results.
        base: the commit of the project on which it ran.
    """

    name: str
    commit: str
    base: str


class Repository:
    """The repository of a project.

    Raises:
        SecoError: it is none, has no commit, or git does not know whose commits to make.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            self.head = self._git("rev-parse", "--verify", "HEAD").strip()
        except subprocess.CalledProcessError as error:
            raise SecoError(
                f"{root.resolve()} is no git repository with a commit, which experiments need: `git init`, `git add "
                "--all` and `git commit`"
            ) from error
        if not (self._succeeds("config", "user.name") and self._succeeds("config", "user.email")):
            raise SecoError(
                "experiments are commits: tell git whose, `git config user.name` and `git config user.email`"
            )

    def require_clean(self) -> None:
        """Make sure that the code and the settings are those of the commit that the results will name.

        Raises:
            SecoError: a tracked file was changed since.
        """
        told = self._git("status", "--porcelain", "--untracked-files=no", "--", *CODE, SETTINGS)
        names = [line[3:] for line in told.splitlines()]
        if names:
            raise SecoError(
                f"{', '.join(names[:5])}{' and others' * (len(names) > 5)} changed since the last commit, which the "
                "results are to name: commit first"
            )

    def changed(self) -> bool:
        """Say whether the present commit is no longer that of the beginning."""
        return self._git("rev-parse", "--verify", "HEAD").strip() != self.head

    def experiments(self) -> list[Experiment]:
        """Return the experiments of all commits, those of the present one first."""
        told = self._git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps")
        found = []
        for line in told.splitlines():
            ref, _, commit = line.partition(" ")
            parts = ref.split("/")  # refs/exps/12/34567890.../name
            if len(parts) == 5 and len(parts[2]) == 2:
                found.append(Experiment(parts[4], commit, parts[2] + parts[3]))
        return sorted(found, key=lambda experiment: experiment.base != self.head)

    def forget(self, name: str) -> None:
        """Remove an experiment on the present commit, if there is one; what its stages wrote stays in DVC's cache."""
        self._succeeds("update-ref", "-d", f"refs/exps/{self.head[:2]}/{self.head[2:]}/{name}")

    def same_code(self, commit: str) -> bool:
        """Say whether the code of another commit is the present one's."""
        return self._succeeds("diff", "--quiet", commit, self.head, "--", *CODE)

    def read(self, commit: str, path: str) -> str | None:
        """Return a file of a commit; None where it has none."""
        try:
            return self._git("show", f"{commit}:{path}")
        except subprocess.CalledProcessError:
            return None

    def ignores(self, path: str) -> bool:
        """Say whether git leaves a path out."""
        return self._succeeds("check-ignore", "--quiet", path)

    def _git(self, *words: str) -> str:
        return subprocess.run(["git", *words], cwd=self.root, capture_output=True, text=True, check=True).stdout

    def _succeeds(self, *words: str) -> bool:
        return subprocess.run(["git", *words], cwd=self.root, capture_output=True, check=False).returncode == 0
