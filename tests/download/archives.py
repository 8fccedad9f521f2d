"""Archives for the tests, sound and hostile."""

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path


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


def member(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """Return a member of a tar file that is no plain file."""
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, link
    return found


def zip_of(path: Path, files: Mapping[str, bytes], *, mode: int | None = None) -> Path:
    """Write a zip file, packed; ``mode`` is what Unix says of the last one's kind."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files.items(), start=1):
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if mode is not None and number == len(files):
                info.external_attr = mode << 16
            archive.writestr(info, content)
    return path
