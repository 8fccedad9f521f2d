"""Annotations of PASCAL VOC: an XML file for each image."""

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from seco.errors import SecoError
from seco.storage.regular import read_file


class Object(NamedTuple):
    """An object that an annotation names."""

    name: str
    is_difficult: bool


def read_objects(path: Path) -> list[Object]:
    """Return the objects of an annotation; parts of an object are no class.

    Raises:
        FileNotFoundError: there is no such file.
        SecoError: the file is no XML, or declares a document type.
    """
    content = read_file(path)
    parser = ElementTree.XMLParser(target=_NoDoctype())
    try:
        parser.feed(content)
        root = parser.close()
    except SecoError as error:
        raise SecoError(f"{path} is refused since {error}: remove the declaration") from error
    except Exception as error:  # expat raises other errors than its own on unknown encodings
        raise SecoError(f"{path} is not readable XML ({error}): replace it") from error
    objects = [Object(_text(item, "name"), _text(item, "difficult") == "1") for item in root.iterfind("object")]
    return [item for item in objects if item.name]


class _NoDoctype(ElementTree.TreeBuilder):
    """A tree builder that stops at a document type, the only place that can declare entities (XML bombs)."""

    def doctype(self, name: str, *_: str | None) -> None:
        """Refuse the document type `name`."""
        raise SecoError(f"it declares the document type {name!r}")


def _text(item: ElementTree.Element, name: str) -> str:
    return (item.findtext(name) or "").strip()
