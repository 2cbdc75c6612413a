"""The native form of a model: a safetensors file with our description in it, and a model card.

The tensors are views of the mapped file. The card says, for people and for other programs, what
the weights are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from engine.models import check, safetensors
from engine.models.network import (
    ANSWERS,
    FAMILIES,
    UNKNOWN_LICENCE,
    Network,
    check_finite,
)
from engine.models.unpickle.inert import RefusedError
from engine.system.foreign import toml
from engine.system.untrusted import read_bytes


def open_model(path: str, family: str) -> Network:
    """Open a model of ours without looking at its numbers; `family` is what it must be.

    Raises
    ------
    ValueError
        If the file is missing, none of ours, or of another family.
    """
    try:
        network = peek(Path(path))
    except OSError as error:
        why = error.strerror or error
        raise ValueError(f"model {path}: {why}; give the path of a .safetensors file") from None
    if network.family != family:
        raise ValueError(f"model {path} is a {network.family}; its kind is '{network.family}'")
    return network


METADATA = "latent_cinema"
_LARGEST_CARD = 1 << 20
VERSION = 2  # of the conversion: a new one makes the cache convert again


def write(file: BinaryIO, network: Network, *, half: bool = False) -> None:
    """Write a network, one tensor at a time.

    Parameters
    ----------
    file
        Open for writing, empty.
    network
        What to write; floats become float32.
    half
        Whether they become float16 instead: half the size, for networks that are to be given away.

    Raises
    ------
    RefusedError
        If a weight is no number.
    """
    safetensors.write(file, network.state, {METADATA: _metadata(network)}, half=half)


def _metadata(network: Network) -> str:
    described = {
        "version": VERSION,
        "family": network.family,
        "modules": network.modules,
        "origin": network.origin,
        "licence": network.licence,
        "data_set": network.data_set,
        "kwargs": network.kwargs,
        "notes": list(network.notes),
        "sha256": network.source_sha256,
    }
    return json.dumps(described, allow_nan=False, separators=(",", ":"))


def load(path: Path) -> Network:
    """Load a native model; its tensors are views of the mapped file.

    Raises
    ------
    RefusedError
        If it is none, damaged, or its weights are no numbers.
    OSError
        If it cannot be read.
    """
    return checked(peek(path), path.name)


def checked(network: Network, name: str) -> Network:
    """Return a network whose weights are numbers.

    Raises
    ------
    RefusedError
        If they are not.
    """
    for tensor, values in network.state.items():
        try:
            check_finite(tensor, values)
        except RefusedError as error:
            raise RefusedError(f"{name} {error}") from None
    return network


def peek(path: Path) -> Network:
    """Load a native model without looking at its numbers.

    Raises
    ------
    RefusedError
        If it is none, or damaged.
    OSError
        If it cannot be read.
    """
    try:
        data = safetensors.map_file(path)
        if not safetensors.is_safetensors(bytes(data[:16])):
            raise RefusedError(
                f"is no {safetensors.SUFFIX} file: bring it in with "
                f"'latent-cinema model import {path.name} OUT{safetensors.SUFFIX}'"
            )
        table, metadata, at = safetensors.read_header(data)
        network = _described(
            metadata, {n: safetensors.tensor_of(data[at:], e) for n, e in table.items()}
        )
        check.check(network)
    except RefusedError as error:
        raise RefusedError(f"{path.name} {error}") from None
    return network


def _described(metadata: Mapping[str, Any], state: dict[str, NDArray[Any]]) -> Network:
    text = metadata.get(METADATA)
    if not isinstance(text, str):
        names = ", ".join(name[:40] for name in list(state)[:4])
        raise RefusedError(
            f"is a safetensors file of something else (tensors: {names or 'none'}): "
            "give the network's own .pkl or .pt to 'latent-cinema model import'"
        )
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    said = said if isinstance(said, dict) else {}
    modules: Any = said.get("modules")
    is_ours = said.get("family") in FAMILIES and isinstance(modules, dict)
    if not is_ours or not all(isinstance(m, dict) for m in modules.values()) or "" not in modules:
        raise RefusedError("has a description that makes no sense: import the model again")
    if "synthesis" not in modules and said["family"] not in ANSWERS:
        raise RefusedError("has a description without a synthesis network: import it again")
    return Network(
        said["family"],
        state,
        modules,
        origin=str(said.get("origin", "")),
        licence=str(said.get("licence", "")) or UNKNOWN_LICENCE,
        data_set=str(said.get("data_set", "")),
        kwargs=said["kwargs"] if isinstance(said.get("kwargs"), dict) else {},
        notes=tuple(map(str, said["notes"])) if isinstance(said.get("notes"), list) else (),
        source_sha256=str(said.get("sha256", "")),
    )


def card_path(model: Path) -> Path:
    """Where a model's card lies: beside it."""
    return model.with_suffix(".toml")


def card_text(facts: Mapping[str, str | int]) -> str:
    """Write a card: one line of TOML per fact."""
    lines = (f"{key} = {_toml(value)}\n" for key, value in facts.items())
    return "# Model card; the weights lie beside it.\n" + "".join(lines)


def _toml(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    # A JSON text is a TOML text, but for the one control character that JSON leaves alone.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_card(path: Path) -> dict[str, Any]:
    """Read a card.

    Raises
    ------
    RefusedError
        If it is no TOML.
    OSError
        If it cannot be read.
    """
    try:
        return toml.loads(read_bytes(path, _LARGEST_CARD).decode())
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{path.name} is no card: {error}") from None
