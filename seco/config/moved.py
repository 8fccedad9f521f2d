"""Keys that params.yaml had before: of sections that were named after stages since, and of a choice that is gone."""

from collections.abc import Mapping
from typing import Any

_SECTIONS = {"dataset": "prepare", "training": "train", "cam": "export"}
_MOVED_FROM_CAM = ("background", "image_size", "batch_size")
_CRF = (
    "refine.crf, predict.crf: the CRF's settings are now one section, crf: move them there, and leave in refine.crf and"
    " predict.crf what differs from it"
)


def rename_old_keys(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of an older params.yaml under today's keys, and a sentence for each key that has moved."""
    renamed = {name: dict(section) if isinstance(section, Mapping) else section for name, section in values.items()}
    sentences: list[str] = []
    for old, new in _SECTIONS.items():
        moved = [key for key in _section(values, old) if old != "cam" or key in _MOVED_FROM_CAM]
        for key in moved:
            sentences.append(f"{old}.{key}: this key is now {new}.{key}: rename it")
            value = renamed[old].pop(key)
            if isinstance(section := renamed.setdefault(new, {}), dict):
                section.setdefault(key, value)
        if moved and not renamed[old]:
            del renamed[old]
    refine, predict = (_section(_section(values, stage), "crf") for stage in ("refine", "predict"))
    if "crf" not in values and refine and refine.keys() == predict.keys():
        sentences.append(_CRF)
        renamed["crf"] = refine
    for prefix, holder in {"": renamed, "refine.": renamed.get("refine"), "predict.": renamed.get("predict")}.items():
        if isinstance(holder, dict) and "engine" in (crf := _section(holder, "crf")):
            sentences.append(f"{prefix}crf.engine: this key is gone, the dense CRF always runs in torch: delete it")
            holder["crf"] = {key: value for key, value in crf.items() if key != "engine"}
    return renamed, sentences


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    return section if isinstance(section, Mapping) else {}
