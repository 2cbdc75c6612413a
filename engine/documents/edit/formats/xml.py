"""XML of edits, read within bounds: no entities, not too deep, not too large."""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from engine.documents.edit.timeline import EditError

_DEEPEST, _MOST_ELEMENTS = 64, 2_000_000


def parse(data: bytes, name: str) -> Element:
    """Read a document.

    Raises
    ------
    EditError
        If it is none, declares entities, or is too deep or too large.
    """
    parser, builder = expat.ParserCreate(), TreeBuilder()
    depth = count = 0

    def refuse(*_: object) -> NoReturn:
        raise EditError(f"{name}: declares entities of XML; no editor does that, do not use it")

    def doctype(*declared: object) -> None:
        if declared[-1]:  # what is declared inside it; a name, as Final Cut writes it, does nothing
            refuse()

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST or count > _MOST_ELEMENTS:
            raise EditError(f"{name}: too deep or too large to be an edit")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = doctype, refuse
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, UnicodeError, LookupError, ValueError) as error:
        if isinstance(error, EditError):
            raise
        raise EditError(f"{name}: not XML that can be read: {error}") from None
