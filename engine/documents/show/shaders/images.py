"""Pictures that a shader sees: those that it brings along, and those that a show gives it."""

from __future__ import annotations

from engine.core.isf.header import Header
from engine.documents.builder import NoFileError, ShowBuilder
from engine.documents.layer_files import FILE, image_file
from engine.documents.schema import EffectTable
from engine.documents.show.shaders.files import picture_name

_CUBE = "cube:"
"""A cube sees a picture's file as a panorama, of this kind."""

MADE = {"lettering": ("letters",)}
"""Image inputs of shipped shaders that a layer of their kind gives them by itself."""


def brought(builder: ShowBuilder, name: str, header: Header) -> Header:
    """Read the pictures that a shader brings along; note which are missing, and what else is."""
    file = f"{name.removesuffix('.fs')}.fs"
    for found in header.imported:
        files = tuple(picture_name(name, path) for path in found.paths)
        try:
            if not files:
                raise NoFileError("it names no file")
            builder.picture(f"{name}/{found.name}", files, found.is_cube)
        except NoFileError as error:
            why = str(error)
        except ValueError as error:
            why = str(error)
            if not any(each in builder.files for each in files):
                raise  # a take whose content was altered
        else:
            continue
        line = line_of(builder.shaders[name], found.paths[0] if files else found.name)
        builder.notes.append(f"{file}:{line}: the picture {found.name} is black: {why}")
    builder.notes += [f"{file}:{line}: {text}" for line, text in header.notes]
    return header


def line_of(text: str, word: str) -> int:
    """Line of a text on which a word first stands."""
    return text.count("\n", 0, max(text.find(word), 0)) + 1


def image_bindings(
    builder: ShowBuilder, header: Header, table: EffectTable, bound: frozenset[str]
) -> dict[str, str]:
    """Say what each image input of a shader sees; read the files among them.

    Parameters
    ----------
    bound
        Image inputs that see something without being told.

    Raises
    ------
    ValueError
        ``images: what is wrong``.
    """
    kinds = {i.name: i.type for i in header.inputs if i.type in ("image", "cube")}
    kinds = {name: kind for name, kind in kinds.items() if name not in bound}
    found = {}
    for name, of in table.images.items():
        if name not in kinds:
            raise ValueError(f"images: '{name}' is not an image input of {table.shader}.fs")
        try:
            of = image_file(of)
        except ValueError as error:
            raise ValueError(f"images.{name}: {error}") from None
        if of.startswith(FILE):
            file = of.removeprefix(FILE)
            is_cube = kinds[name] == "cube"
            of = f"{_CUBE}{file}" if is_cube else of
            builder.picture(of, [file], is_cube)
        elif kinds[name] == "cube":
            raise ValueError(f"images: '{name}' is a cube: give it a panorama, 'file:NAME.jpg'")
        found[name] = of
    for name, kind in kinds.items():
        if name not in found and name not in MADE.get(table.shader, ()):
            builder.notes.append(
                f"{table.shader}: nothing is given to its {kind} input {name}, which is black: "
                f"images = {{ {name} = ... }}"
            )
    return found
