"""Reading of edits in a child process: their format, and what they show.

`answer` is the task of a `engine.system.limited_child`: the bytes of a file come in, plain lists
go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from engine.documents.edit.findings import Findings
from engine.documents.edit.formats import edl, fcpxml, mlt, otio, xmeml
from engine.documents.edit.formats.clock import seconds_of
from engine.documents.edit.formats.xml import parse
from engine.documents.edit.spans import spans, to_rows
from engine.documents.edit.timeline import Edit, EditError, Film

SUFFIXES = (".otio", ".edl", ".kdenlive", ".mlt", ".xml", ".fcpxml")
_READERS = {"mlt": mlt.read, "xmeml": xmeml.read, "fcpxml": fcpxml.read}


def read(data: bytes, suffix: str, findings: Findings, fps: Fraction | None) -> Edit:
    """Read an edit; XML says itself which it is.

    Raises
    ------
    EditError
        With one sentence that names file, place and cure.
    """
    if suffix == ".otio":
        return otio.read(_text(data, findings.name), findings, fps)
    if suffix == ".edl":
        return edl.read(_text(data, findings.name, "latin-1"), findings, fps)
    root = parse(data, findings.name)
    reader = _READERS.get(root.tag)
    if reader is None:
        raise EditError(
            f"{findings.name}: XML of the kind '{root.tag:.40}', no Kdenlive project or MLT file, "
            "no xmeml (Final Cut Pro 7, Premiere, Resolve) and no FCPXML"
        )
    return reader(root, findings, fps)


def _text(data: bytes, name: str, otherwise: str = "") -> str:
    """Text of a file that is not always in UTF-8: an old editor writes as its computer did."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        otherwise = "utf-16"
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if otherwise:
            return data.decode(otherwise, "replace")
        raise EditError(f"{name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def answer(data: bytes, job: Mapping[str, Any]) -> dict[str, Any]:
    """Read an edit and look at it from above.

    Parameters
    ----------
    job
        ``name``, ``suffix``, ``names`` of the proxy, its ``film_fps`` and ``frames``; ``fps`` of
        the edit and ``begin``, or ""; ``ignored``.
    """
    film = Film(tuple(job["names"]), Fraction(job["film_fps"]), job["frames"])
    findings = Findings(job["name"], film, frozenset(job["ignored"]), job["begin"])
    edit = read(data, job["suffix"], findings, Fraction(job["fps"]) if job["fps"] else None)
    begin_s = edit.begin_s
    if job["begin"]:
        begin_s = seconds_of(job["begin"], edit.fps, edit.is_drop, "--begin") - edit.start_s
    shown = spans(edit.stack, begin_s, findings.name)
    return {
        "spans": to_rows(shown), "fps": str(edit.fps), "begin": str(begin_s),
        "notes": findings.report(),
    }  # fmt: skip
