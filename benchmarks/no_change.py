"""How long `dvc repro` takes when nothing has changed, at the size of PASCAL VOC (train_aug and val: 12,031 images).

A copy of the project gets that many files in each folder that a stage reads or writes, and `dvc commit` records them.
Then `dvc repro` is timed: DVC compares the size and the time of change of each file with what it recorded, and runs
nothing.

    python -m benchmarks.no_change
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRAIN, VAL = 10_582, 1_449


def main() -> None:
    """Build the copy, time two runs and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="how often to time it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "seco"
        _run("git", "clone", "--quiet", str(Path(__file__).parents[1]), str(copy), cwd=Path(folder))
        (copy / "dvc.lock").unlink(missing_ok=True)
        _run("seco", "recipe", "use", "voc2012", "--force", cwd=copy)
        count = _fill(copy)
        _run("dvc", "commit", "--force", "dvc.yaml", cwd=copy)
        start = time.perf_counter()
        _run("dvc", "version", cwd=copy)
        print(f"{count} files; starting DVC alone takes {time.perf_counter() - start:.1f} s")
        for _ in range(options.runs):
            start = time.perf_counter()
            told = _run("dvc", "repro", cwd=copy)
            print(f"dvc repro with nothing changed: {time.perf_counter() - start:.1f} s")
            assert "up to date" in told


def _fill(copy: Path) -> int:
    """Write small files where the stages of a run on VOC's images have theirs; return how many."""
    ids = [f"2008_{index:06d}" for index in range(TRAIN + VAL)]
    raw, val = copy / "data/raw/voc2012", ids[TRAIN:]
    files = [raw / kind / f"{name}{end}" for kind, end in _KINDS for name in ids]
    files += [copy / "data/export" / kind / f"{name}{end}" for kind, end in _EXPORTED for name in ids]
    files += [copy / "data/refine" / f"{name}.png" for name in ids[:TRAIN]]
    files += [copy / "data/predict" / kind / f"{name}.png" for kind in _VARIANTS for name in val]
    files += [copy / "data/prepare/manifest.csv", copy / "data/train/model.safetensors"]
    files += [copy / "reports/figures/confusion.png", copy / "reports/train/plots/metrics/loss.tsv"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(file))
    for name in ("metrics.json", "train/metrics.json", "classes.csv", "pairs.csv", "contexts.csv", "report.md"):
        (copy / "reports" / name).write_text("{}")
    return len(files)


_KINDS = (("JPEGImages", ".jpg"), ("SegmentationClass", ".png"), ("Annotations", ".xml"))
_EXPORTED = (("cams", ".npz"), ("seeds", ".png"))
_VARIANTS = ("single_scale", "multi_scale", "crf")


def _run(*words: str, cwd: Path) -> str:
    """Run a program of this environment; return what it prints."""
    program = Path(sys.executable).parent / words[0]
    command = [str(program) if program.exists() else words[0], *words[1:]]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
