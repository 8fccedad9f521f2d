"""The project's git repository: the commit that runs are made from, and their experiments."""

import subprocess
from pathlib import Path

from seco.config.stages import PIPELINES, stage_code
from seco.errors import SecoError


class Repository:
    """The repository of a project, at the commit that it has now.

    Raises:
        SecoError: the folder is no repository, has no commit, or git lacks the user's name and address.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        try:
            self.head = self._git("rev-parse", "--verify", "HEAD")
        except SecoError as error:
            raise SecoError(
                f"{self.root} is no git repository with a commit, which experiments need: `git init`, `git add --all` "
                "and `git commit`"
            ) from error
        try:
            self._identity = [f"{key}={self._git('config', key)}" for key in ("user.name", "user.email")]
        except SecoError as error:
            raise SecoError(
                "experiments are commits: tell git their author, `git config user.name` and `git config user.email`"
            ) from error

    @property
    def code(self) -> list[str]:
        """The paths that decide, beside the settings, what a run finds: the code of all stages of dvc.yaml."""
        return sorted({*PIPELINES, "assets"}.union(*stage_code(self.root).values()))

    def require_clean(self) -> None:
        """Raise SecoError where the code or the settings are not those of the commit, which runs are made from."""
        status = self._git("status", "--porcelain", "--untracked-files=no", "--", *self.code, "params.yaml")
        names = [line.split(maxsplit=1)[1] for line in status.splitlines()]
        if names:
            raise SecoError(
                f"{', '.join(names[:5])}{' and others' * (len(names) > 5)} changed since the last commit, from which "
                "runs are made: commit first"
            )

    def same_code(self, commit: str) -> bool:
        """Say whether the code of another commit is the present one's; False where there is no such commit."""
        try:
            return not self._git("diff", "--name-only", commit, self.head, "--", *self.code)
        except SecoError:
            return False

    def clone_to(self, folder: Path) -> None:
        """Check the commit out in a new folder, as a clone that shares the objects of this repository."""
        identity = [word for pair in self._identity for word in ("--config", pair)]
        self._git("clone", "--quiet", "--shared", "--no-checkout", *identity, str(self.root), str(folder))
        self._git("-C", str(folder), "checkout", "--quiet", "--detach", self.head)

    def fetch_experiment(self, folder: Path, name: str) -> None:
        """Fetch an experiment from a clone; it replaces one of the same name on the same commit."""
        self._git("fetch", "--quiet", str(folder), f"+refs/exps/*/{name}:refs/exps/*/{name}")

    def _git(self, *words: str) -> str:
        return output_of("git", *words, cwd=self.root)


def output_of(*words: str, cwd: Path) -> str:
    """Return what a command prints; raises SecoError with its error message where it fails."""
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SecoError(f"{' '.join(words[:3])} failed in {cwd}: {done.stderr.strip()}")
    return done.stdout.strip()
