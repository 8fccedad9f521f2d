"""Time and peak memory of `seco prepare`, in a first and a second run, on synthetic data sets.

`python -m benchmarks.prepare` prints the table; `--voc-images` and `--coco-images` make it smaller.

A synthetic data set has the size, layout and image sizes of the real one; its files are hard links to 40 images.
The table has rows for VOC 2012 (12 031 photographs with masks) and COCO 2014 (a JSON file of polygons).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from seco.config.recipes import compose
from seco.data.class_sets import COCO, VOC
from seco.storage.masks import write_mask

_TEMPLATES = 40
_POINTS = 40  # corners of a polygon: the JSON file then has as many bytes an object as COCO's
_OBJECTS = 7  # objects an image


def main(
    voc_images: Annotated[int, typer.Option(help="Photographs in VOC's layout; 0 leaves it out.")] = 12_031,
    coco_images: Annotated[int, typer.Option(help="Photographs in COCO's layout; 0 leaves it out.")] = 120_000,
) -> None:
    """Measure `seco prepare` and print a Markdown table."""
    print("| data | images | run | seconds | peak memory of a process |")
    print("|---|--:|---|--:|--:|")
    for name, count, make in (("voc2012", voc_images, make_voc), ("coco2014", coco_images, make_coco)):
        if count == 0:
            continue
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder)
            make(project / "data", count)
            (project / "params.yaml").write_text(compose(Path("recipes"), name, root="data").text)
            for run in ("first", "second"):
                seconds, megabytes = measure(project)
                print(f"| {name} | {count} | {run} | {seconds:.1f} | {megabytes:.0f} MB |", flush=True)


def measure(project: Path) -> tuple[float, float]:
    """Run `seco prepare` in a folder; return its seconds, and the peak memory of its largest process in MB."""
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", _MEASURED], cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    seconds = time.perf_counter() - start
    return seconds, float((project / "peak.txt").read_text()) * 1024 / 1e6


# Runs the command and writes its peak memory, or that of its largest worker.
_MEASURED = """
import resource, sys
from pathlib import Path
from pipeline.app import main
sys.argv = ["seco", "prepare"]
try:
    main()
finally:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    Path("peak.txt").write_text(str(max(resource.getrusage(kind).ru_maxrss for kind in kinds)))
"""


def make_voc(root: Path, count: int) -> None:
    """Make `count` photographs in VOC's layout, a twelfth of them in val, with annotations and masks."""
    names = ("JPEGImages", "SegmentationClassAug", "Annotations", "ImageSets/Segmentation")
    images, masks, annotations, lists = (_folder(root / name) for name in names)
    rng = np.random.default_rng(0)
    for index in range(min(_TEMPLATES, count)):
        _photograph(images / f"{index:06}.jpg", rng)
        labels = rng.choice(len(VOC), 2, replace=False) + 1
        write_mask(masks / f"{index:06}.png", _blobs(labels, rng))
        objects = "".join(f"<object><name>{VOC[label - 1]}</name><difficult>0</difficult></object>" for label in labels)
        (annotations / f"{index:06}.xml").write_text(f"<annotation>{objects}</annotation>")
    for index in range(_TEMPLATES, count):
        for folder, suffix in ((images, "jpg"), (masks, "png"), (annotations, "xml")):
            os.link(folder / f"{index % _TEMPLATES:06}.{suffix}", folder / f"{index:06}.{suffix}")
    val = count // 12
    (lists / "val.txt").write_text("".join(f"{index:06}\n" for index in range(val)))
    (lists / "train_aug.txt").write_text("".join(f"{index:06}\n" for index in range(val, count)))


def make_coco(root: Path, count: int) -> None:
    """Make `count` photographs in COCO's layout, a third of them in val, with polygons."""
    rng = np.random.default_rng(0)
    templates = [_folder(root / "templates") / f"{index}.jpg" for index in range(_TEMPLATES)]
    for template in templates:
        _photograph(template, rng)
    val = count // 3
    for name, first, last in (("val2014", 0, val), ("train2014", val, count)):
        folder = _folder(root / name)
        for index in range(first, last):
            os.link(templates[index % _TEMPLATES], folder / f"COCO_{name}_{index:012}.jpg")
        _write_json(_folder(root / "annotations") / f"instances_{name}.json", name, range(first, last), rng)


def _write_json(path: Path, name: str, images: range, rng: np.random.Generator) -> None:
    """Write COCO's JSON, the annotations in random order of images as in COCO's file."""
    outlines = [json.dumps([_polygon(rng)]) for _ in range(997)]
    with path.open("w") as file:
        file.write('{"info": {}, "images": [')
        file.write(",".join(json.dumps(_image(name, index)) for index in images))
        file.write('], "annotations": [')
        for number, index in enumerate(rng.permutation(np.repeat(np.asarray(images), _OBJECTS)).tolist()):
            category = (index + number % 3) % len(COCO) + 1
            file.write("," if number else "")
            file.write(
                f'{{"segmentation": {outlines[number % 997]}, "iscrowd": {int(number % 100 == 0)}, '
                f'"image_id": {index}, "category_id": {category}, "id": {number}}}'
            )
        categories = [{"id": number, "name": label} for number, label in enumerate(COCO, start=1)]
        file.write(f'], "categories": {json.dumps(categories)}}}')


def _image(name: str, index: int) -> dict[str, Any]:
    return {"id": index, "file_name": f"COCO_{name}_{index:012}.jpg", "width": 500, "height": 375}


def _polygon(rng: np.random.Generator) -> list[float]:
    angles = np.sort(rng.uniform(0, 2 * np.pi, _POINTS))
    radius = rng.uniform(0.6, 1.0, _POINTS) * rng.uniform(10, 120)
    centre = rng.uniform((0, 0), (500, 375))
    points = centre + np.stack((np.cos(angles), np.sin(angles)), axis=1) * radius[:, None]
    return points.clip((0, 0), (500, 375)).round(2).ravel().tolist()


def _photograph(path: Path, rng: np.random.Generator) -> None:
    small = Image.fromarray(rng.integers(0, 256, (47, 63, 3), dtype=np.uint8))
    small.resize((500, 375), Image.Resampling.BICUBIC).save(path, quality=90)


def _blobs(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    values = np.concatenate(([0, 255], labels)).astype(np.uint8)
    coarse = Image.fromarray(rng.choice(values, (12, 16), p=(0.6, 0.05, 0.175, 0.175)))
    return np.array(coarse.resize((500, 375), Image.Resampling.NEAREST))


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    typer.run(main)
