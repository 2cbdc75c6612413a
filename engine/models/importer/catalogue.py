"""The model catalogue: what a file is, importing it, and the cache of what was converted.

A foreign file is read in a process of its own, bounded in memory and time; see
`engine.models.importer.sandbox_child`. Only our own form is ever opened in the player.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.models import card
from engine.models.describe import describe as describe_network
from engine.models.importer.sandbox import UnwrittenError, run_sandboxed
from engine.models.safetensors import SUFFIX, is_safetensors
from engine.models.unpickle.inert import RefusedError
from engine.system.atomic import new_file, write_text
from engine.system.hashing import sha256_of
from engine.system.untrusted import open_regular

MOST_FILE_BYTES = 16 << 30
_MOST_CARD_BYTES = 1 << 20
_TOLD = ("licence", "origin", "data_set")


def describe(path: Path) -> dict[str, Any]:
    """Describe a pickle, checkpoint or native model, without running its code.

    Returns
    -------
    dict
        See `engine.models.describe.describe`; and ``file``, ``file_bytes``, ``format``,
        ``file_sha256``, and ``card``, what the card of these weights says (empty: there is none).

    Raises
    ------
    RefusedError
        If the file is no model that we play, or does what no model needs.
    OSError
        If it cannot be read.
    """
    size = _size(path)
    is_native = _is_native(path)
    found = describe_network(card.load(path)) if is_native else run_sandboxed(path, None)
    sha256 = sha256_of(path) if is_native else found["sha256"]
    beside = _card_of(path, sha256) if is_native else {}
    known = {key: value for key, value in beside.items() if key in _TOLD}
    return {
        "file": path.name,
        "file_bytes": size,
        "format": "safetensors" if is_native else "foreign",
        "file_sha256": sha256,
        **found,
        **known,  # whoever brought the model in may have known more than the file
        "card": beside,
    }


def _card_of(path: Path, sha256: str) -> dict[str, Any]:
    """Read the card beside a model, if there is one and it speaks of these weights."""
    beside = card.card_path(path)
    if not beside.is_file() or beside.stat().st_size > _MOST_CARD_BYTES:
        return {}
    said = card.read_card(beside)
    return said if said.get("sha256") == sha256 else {}


def import_model(source: Path, out: Path, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Bring a foreign model into our form: safetensors and a card.

    Parameters
    ----------
    out
        The new file, ``….safetensors``; the card lies beside it, ``….toml``.
    given
        What the user knows better, for the card: ``licence``, ``origin``, ``data_set``.

    Returns
    -------
    dict
        As `describe`, of the source.

    Raises
    ------
    RefusedError
        If the source is no model that we play, or does what no model needs.
    ValueError
        If `out` has another suffix, or is the source.
    OSError
        If a file cannot be read or written.
    """
    _size(source)
    if out.suffix != SUFFIX or source.resolve() == out.resolve():
        raise ValueError(f"{out.name}: the result is a new file that ends in {SUFFIX}")
    if _is_native(source):
        raise RefusedError(f"{source.name} is a safetensors file already: play it as it is")
    with new_file(out) as part:
        try:
            found = run_sandboxed(source, part)
        except UnwrittenError as error:
            raise OSError(f"{out}: {error}") from None
        found |= {key: value for key, value in (given or {}).items() if value}
        text = card.card_text(_facts(found, sha256_of(part.path), source.name))
        write_text(card.card_path(out), text)
    return found


def playable(path: Path, cache: Path | None = None) -> Path:
    """Return a native model for a file of any kind, converting it once into the user's cache.

    Parameters
    ----------
    path
        A native model (returned as it is), a pickle or a checkpoint.
    cache
        Folder of converted models; by default the user's.

    Raises
    ------
    RefusedError
        If it is no model that we play.
    OSError
        If a file cannot be read or written.
    """
    _size(path)
    if _is_native(path):
        return path
    folder = cache or cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"{path.name} cannot be converted, since the cache {folder} cannot be made "
            f"({error.strerror}): name another folder in XDG_CACHE_HOME, or import the model once"
        ) from None
    # The name holds the content and our version: neither can go stale.
    sha256 = sha256_of(path)
    out = folder / converted_name(sha256)
    try:
        card.peek(out)
    except (RefusedError, OSError):  # not there, or not whole: a full disk, a pulled plug
        if import_model(path, out)["sha256"] != sha256:
            out.unlink(missing_ok=True)
            raise RefusedError(f"{path.name} changed while it was read: try again") from None
    return out


def converted_name(sha256: str) -> str:
    """Name, in the cache, of what a foreign file of this hash was converted into."""
    return f"{sha256}-{card.VERSION}{SUFFIX}"


def cache_folder() -> Path:
    """Folder of converted models of this user."""
    import platformdirs

    return platformdirs.user_cache_path("latent-cinema", appauthor=False) / "models"


def _size(path: Path) -> int:
    if not path.is_file():  # a pipe or a device would be read for ever
        what = "there is nothing of this name"
        if path.exists():
            what = "it is a folder" if path.is_dir() else "it is a pipe or a device"
        raise FileNotFoundError(f"{path} is no file ({what}): give the path of a model")
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        raise RefusedError(f"{path.name} has {size} bytes, more than any network")
    return size


def _is_native(path: Path) -> bool:
    with open_regular(path) as file:
        return is_safetensors(file.read(16))


def _facts(found: Mapping[str, Any], sha256: str, source: str) -> dict[str, str | int]:
    width, height = found["resolution_px"]
    return {
        "family": found["family"],
        "architecture": f"{found['variant']} {width}x{height}",
        "classes": found["c_dim"],
        "licence": found["licence"],
        "origin": found["origin"],
        "data_set": found["data_set"] or "unknown",
        "sha256": sha256,
        "source_file": source,
        "source_sha256": found["sha256"],
    }
