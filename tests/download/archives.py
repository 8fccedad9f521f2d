"""Archives for the tests, sound and hostile, and rows of the table of archives."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def tar_of(path: Path, files: Mapping[str, bytes], others: Sequence[tarfile.TarInfo] = (), mode: str = "w") -> Path:
    """Write a tar file of plain files, then of other members as they are."""
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in others:
            archive.addfile(member)
    return path


def tar_member(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """Return a member of a tar file that is no plain file."""
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


def zip_of(path: Path, files: Mapping[str, bytes], *, mode: int | None = None) -> Path:
    """Write a compressed zip file; `mode` is the Unix mode of the last file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files.items(), start=1):
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if mode is not None and number == len(files):
                info.external_attr = mode << 16
            archive.writestr(info, content)
    return path


def archive_of(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive of the kind that its name tells."""
    return (
        zip_of(path, files)
        if path.suffix == ".zip"
        else tar_of(path, files, mode="w:gz" if path.suffix == ".tgz" else "w")
    )


def table_row(file: str, url: str, content: bytes, **fields: Any) -> dict[str, Any]:
    """Return the row of an archive of at most 10 files and 10 000 bytes, unless `fields` say otherwise."""
    row = {"file": file, "urls": [url], "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return row | {"md5": None, "below": "", "into": "", "gives": ["a"], "most_files": 10, "most_bytes": 10_000} | fields
