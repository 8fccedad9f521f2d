"""What other tools read of converted masks: pixels that differ from the masks, time and memory of the conversion.

`python -m benchmarks.round_trips MASKS IMAGES --readers PYTHON` prints the table. PYTHON is that of an environment with
datumaro, label-studio-sdk, labelme and pycocotools, which are too large for this project's.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.other_readers import READERS
from seco.conversion.class_names import read_class_names
from seco.conversion.formats import FORMATS

_READERS_FILE = str(Path(__file__).with_name("other_readers.py"))
_READER_NAMES = {
    **dict.fromkeys(("voc", "cvat"), "Datumaro"),
    "coco": "pycocotools",
    "label-studio": "label-studio-sdk",
    "labelme": "labelme",
}
_EXTRA = {"coco": ("", "--polygons"), "labelme": ("", "--polygons")}


def main(
    masks: Annotated[Path, typer.Argument(help="Folder of masks.")],
    images: Annotated[Path, typer.Argument(help="Folder of their photographs.")],
    readers: Annotated[Path, typer.Option(help="Python of the environment of the readers.")],
    classes: Annotated[str, typer.Option(help="As of `seco convert masks`.")] = "voc",
) -> None:
    """Convert masks to every format, read them back and print a Markdown table."""
    names = ",".join(read_class_names(classes))
    print("| format | seconds | peak memory | size | reader | regions | pixels that differ |")
    print("|---|--:|--:|--:|---|--:|--:|")
    for name, row in FORMATS.items():
        for extra in _EXTRA.get(name, ("",)):
            if name == "voc-test":  # takes masks without 255 alone
                continue
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder, f"out{row.suffixes[0] if row.suffixes else ''}")
                words = ["--to", name, "--out", str(out), "--classes", classes, "--images", str(images)]
                seconds, megabytes = _measure([str(masks), *words, *extra.split()])
                label = f"{name} {extra}".strip()
                read = ("–", "–", "–")
                if name in READERS:
                    counts = _read([str(readers), _READERS_FILE, name, str(out), str(masks), names])
                    read = (_READER_NAMES[name], str(counts["regions"]), str(counts["differing"]))
                figures = f"{seconds:.1f} | {megabytes:.0f} MB | {_size(out) / 1e6:.1f} MB"
                print(f"| `{label}` | {figures} | {' | '.join(read)} |", flush=True)


def _measure(words: list[str]) -> tuple[float, float]:
    """Run `seco convert masks`; return its seconds and the peak memory of its process in MB."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", "convert", "masks", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the conversion failed: seco convert masks {' '.join(words)}")
    return time.perf_counter() - start, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss * 1024 / 1e6


def _read(command: list[str]) -> dict[str, int]:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}  # labelme imports Qt
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    typer.run(main)
