"""Loading of show files: TOML text in, a show out, with errors that name file, key and cure."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from engine.core.show.show import Show
from engine.documents.assets import assets_dir
from engine.documents.builder import NoFileError
from engine.documents.errors import reading, within
from engine.documents.layer_files import spelled_out
from engine.documents.modulation_tables import MODULATORS
from engine.documents.schema import ShowTable, allowed_keys, allowed_values
from engine.documents.show import bare_file
from engine.documents.show.build import assemble
from engine.documents.show.model_files import outside, with_whole_paths
from engine.documents.show.shaders import files as shader_files
from engine.system import untrusted
from engine.system.foreign import toml
from engine.system.untrusted import OutsideError, read_bytes

Table = TypeVar("Table", bound=msgspec.Struct)
LARGEST_BYTES = 1 << 20
LARGEST_FILE_BYTES = 512 << 20
SCHEMA = 1


class ShowError(ValueError):
    """A show that cannot be played; the message names file, key and cure."""


class MissingFileError(ShowError, NoFileError):
    """A show that names a file that is not there."""


class OutsideFileError(ShowError, OutsideError):
    """A show that names a file that does not lie beneath its folder."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A show with what it was made from.

    Parameters
    ----------
    path
        File it was read from, None inside a take.
    text
        Of the show file, with the paths of its models written out.
    shader_paths
        Shader name → file; for hot reload.
    replaced
        Model file → hash, of those that were replaced since the show was last read.
    """

    show: Show
    table: ShowTable
    path: Path | None
    text: str
    shader_paths: Mapping[str, Path]
    replaced: Mapping[str, str] = field(default_factory=dict)


def find_show(name: str) -> Path:
    """Find a show by path, or by name among the shipped ones; or a file to make one around.

    Raises
    ------
    ShowError
        If there is none.
    """
    path = Path(name)
    with contextlib.suppress(OSError):  # a name that no file can have
        if path.is_file():
            return path
    if bare_file.is_bare(path):
        if (shader := assets_dir("shaders") / path.name).is_file():
            return shader
        raise ShowError(f"{name}: there is no such file")
    shipped = assets_dir("presets") / f"{name.removesuffix('.toml')}.toml"
    if re.fullmatch(r"[\w-]{1,64}(\.toml)?", name) and shipped.is_file():
        return shipped
    there = ", ".join(sorted(p.stem for p in assets_dir("presets").glob("*.toml")))
    raise ShowError(f"{name}: there is no such show file; shipped shows are: {there}")


def load(name: str) -> Loaded:
    """Read a show file and everything it names.

    Raises
    ------
    ShowError
        If it cannot be played.
    """
    path = find_show(name)
    folders = beside(path)
    text = with_whole_paths(_text(path), *folders)
    shader_paths: dict[str, Path] = {}

    def resolve(shader: str) -> str:
        shader_paths[shader] = find_shader(shader, *folders)
        with reading(shader_paths[shader], ShowError):
            return shader_files.read_shader(shader_paths[shader])

    def open_file(file: str) -> bytes:
        inside = shader_files.split_name(file)
        if inside is None:
            return read_file(file, *folders)
        with within("", MissingFileError):
            shader = find_shader(inside[0], *folders)
            with reading(shader, ShowError):
                return shader_files.read_picture(shader, inside[1])

    show, table = read(text, str(path), resolve, open_file)
    if not bare_file.is_bare(path):  # else the operator named the file
        show = replace(show, notes=(*show.notes, *outside(show, *folders)))
    return Loaded(show, table, path, text, shader_paths)


def _text(path: Path) -> str:
    """Read a show, or make one around a file that is none."""
    if not bare_file.is_bare(path):
        return read_text(path, LARGEST_BYTES)
    with reading(path, ShowError):
        return bare_file.show_around(path)


def beside(path: Path) -> tuple[Path, ...]:
    """Folders in which the files of a show lie: its own, and of a link that of what it points to.

    An installation's ``current.toml`` is such a link.
    """
    return tuple(dict.fromkeys((path.parent, path.resolve().parent)))


def read_text(path: Path, most: int) -> str:
    """Read a text file of at most `most` bytes.

    Raises
    ------
    ShowError
        If it is missing, too large or not UTF-8.
    """
    with reading(path, ShowError):
        data = read_bytes(path, most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ShowError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def find_shader(name: str, *folders: Path) -> Path:
    """Find a shader beside the show (``NAME.fs``, ``shaders/NAME.fs``) or among the shipped ones.

    Raises
    ------
    ShowError
        If the name or a link leaves these folders, or nothing is there.
    """
    if not re.fullmatch(r"[^\W_][^/\\:\x00-\x1f]{0,127}", name) or ".." in name:
        raise ShowError(f"'{name[:64]}' is not a shader's name: write NAME for the file NAME.fs")
    file = name if name.endswith(".fs") else f"{name}.fs"
    try:
        for place in (untrusted.place(each, *folders) for each in (file, f"shaders/{file}")):
            if place.is_file():
                return place
    except OutsideError as error:
        raise ShowError(str(error)) from None
    if (shipped := assets_dir("shaders") / file).is_file():
        return shipped
    there = ", ".join(sorted(p.stem for p in assets_dir("shaders").glob("*.fs")))
    where = " or ".join(dict.fromkeys(str(each.absolute()) for each in folders))
    raise ShowError(
        f"there is no shader '{name}' beside the show (in {where}); shipped shaders are: {there}"
    )


def read_file(name: str, *folders: Path) -> bytes:
    """Read a file that a show names: it lies beneath the show's folder.

    Raises
    ------
    ShowError
        If it does not, is missing, no regular file or too large.
    """
    with within("", OutsideFileError):
        path = untrusted.place(name, *folders)
    with reading(path, ShowError):
        try:
            return read_bytes(path, LARGEST_FILE_BYTES)
        except FileNotFoundError:
            raise MissingFileError(f"{path}: cannot be read: there is no such file") from None


def no_file(name: str) -> bytes:
    """Read no file at all: for shows that stand alone."""
    raise ShowError(f"'{name[:80]}' cannot be read: this show stands alone, without its files")


def read(
    text: str,
    name: str,
    resolve: Callable[[str], str],
    open_file: Callable[[str], bytes] = no_file,
) -> tuple[Show, ShowTable]:
    """Read a show's text.

    Parameters
    ----------
    name
        What to call it in messages.
    resolve
        Shader name → source text; may raise `ShowError`.
    open_file
        Name of a small file (latents, a map, bans) → its content; may raise `ShowError`.

    Raises
    ------
    ShowError
        ``NAME: key: what is wrong and what is allowed``.
    """
    table = decode(text, name)
    with within(f"{name}: ", ShowError):
        return assemble(table, resolve, open_file), table


def decode(text: str, name: str) -> ShowTable:
    """Check a show's text against the schema.

    Raises
    ------
    ShowError
        If it is not TOML, or a key or value is not allowed.
    """
    raw = parse(text, name)
    said = raw.get("schema", "nothing")
    if said != SCHEMA:
        is_newer = isinstance(said, int) and said > SCHEMA
        verb = "add the line" if "schema" not in raw else "write"
        cure = "update Latent Cinema" if is_newer else f"{verb}  schema = {SCHEMA}  at its top"
        raise ShowError(
            f"{name}: schema: this version reads schema = {SCHEMA}, the file says {said}; {cure}"
        )
    try:
        return spelled_out(convert(raw, name, ShowTable))
    except ShowError:
        raise
    except ValueError as error:
        raise ShowError(f"{name}: {error}") from None


def parse(text: str, name: str) -> dict[str, Any]:
    """Read TOML.

    Raises
    ------
    ShowError
        If it is none.
    """
    try:
        return toml.loads(text)
    except ValueError as error:  # also for whole numbers of thousands of digits
        raise ShowError(f"{name}: not valid TOML: {error}") from None
    except RecursionError:
        raise ShowError(f"{name}: nested too deeply to be read") from None


def convert(raw: Mapping[str, Any], name: str, root: type[Table]) -> Table:
    """Check what was read against a table of the schema.

    Raises
    ------
    ShowError
        If a key or value is not allowed.
    """
    try:
        return msgspec.convert(raw, root)
    except msgspec.ValidationError as error:
        raise ShowError(f"{name}: {_explain(str(error), root, raw)}") from None


def _explain(message: str, root: type[msgspec.Struct], raw: Mapping[str, Any]) -> str:
    """Turn msgspec's message into ``key: what is wrong; what is allowed``."""
    what, _, place = message.partition(" - at `")
    place = place.rstrip("`") or "$"
    key = place.removeprefix("$").removeprefix(".") or "the file"
    unknown = re.match(r"Object contains unknown field `(.*)`", what)
    if unknown:
        there = ", ".join(_kind_keys(place, raw) or allowed_keys(place, root))
        return f"{key}: unknown key '{unknown[1]}'; allowed are: {there}"
    if key.startswith("modulators") and key.endswith(".kind"):
        return f"{key}: {what[:1].lower()}{what[1:]}; allowed are: {', '.join(MODULATORS)}"
    choice = re.match(r"Invalid enum value '?(.*?)'?$", what)
    if choice:
        there = ", ".join(allowed_values(place, root))
        return f"{key}: '{choice[1]}' is not allowed; allowed are: {there}"
    missing = re.match(r"Object missing required field `(.*)`", what)
    if missing:
        return f"{key}: the key '{missing[1]}' is missing"
    return f"{key}: {what[:1].lower()}{what[1:]}"


def _kind_keys(place: str, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of the kind of a modulator, if the place is one."""
    found = re.fullmatch(r"\$\.modulators\[(\d+)\]", place)
    table = MODULATORS.get(raw["modulators"][int(found[1])]["kind"]) if found else None
    return ("kind", *(f.name for f in msgspec.structs.fields(table))) if table else ()
