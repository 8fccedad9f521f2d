"""Objects from a VOC annotation, from XML that nobody vouches for."""

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from seco.errors import SecoError


class Objects(NamedTuple):
    """The class names of an image's objects."""

    plain: frozenset[str]
    """Classes with an object that is not marked as difficult."""
    difficult: frozenset[str]
    """Classes with an object that is."""


class _NoDoctype(ElementTree.TreeBuilder):
    """A tree builder that stops at a document type: entities, the XML bombs, can be declared nowhere else."""

    def doctype(self, name: str, *_: str | None) -> None:
        """Refuse the document type `name`."""
        raise SecoError(f"it declares the document type {name!r}")


def read_objects(path: Path) -> Objects:
    """Return the names of the objects an annotation lists; the parts of an object are no class.

    Raises:
        FileNotFoundError: there is no such file.
        SecoError: the file is no XML, or declares a document type.
    """
    parser = ElementTree.XMLParser(target=_NoDoctype())
    try:
        parser.feed(path.read_bytes())
        root = parser.close()
    except FileNotFoundError:
        raise
    except (OSError, ElementTree.ParseError) as error:
        raise SecoError(f"{path} is not readable XML ({error}): replace it") from error
    except SecoError as error:
        raise SecoError(f"{path} is refused since {error}: remove the declaration") from error
    objects = [(_text(item, "name"), _text(item, "difficult") == "1") for item in root.iterfind("object")]
    plain = frozenset(name for name, is_difficult in objects if name and not is_difficult)
    return Objects(plain, frozenset(name for name, is_difficult in objects if name and is_difficult))


def _text(item: ElementTree.Element, name: str) -> str:
    return (item.findtext(name) or "").strip()
