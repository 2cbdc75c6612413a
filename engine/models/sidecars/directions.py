"""Named directions of a latent space, and the file beside a model that keeps them.

``earth.directions.safetensors`` lies beside ``earth.safetensors``: one tensor for each direction,
and a list of what they are. A direction is a unit vector with a length of step, sigma: how far the
model's own latents spread along it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models import safetensors
from engine.models.network import Network, check_finite
from engine.models.unpickle.inert import RefusedError
from engine.system.atomic import open_new
from engine.system.hashing import cached_sha256

SUFFIX = ".directions.safetensors"
METADATA = "latent_cinema_directions"
VERSION = 1
MOST = 64
SPACES = ("z", "w", "s")
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MOST_TEXT = 200
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """A direction of a latent space.

    Parameters
    ----------
    name
        For people and addresses: ``ice`` is the slider ``direction_ice``.
    vector
        Unit vector [shape=(D,)].
    sigma
        Spread of the model's own latents along it: the unit of its slider.
    space
        ``z``, ``w`` (styles), or ``s``: the scales of one layer's channels.
    centre
        Mean of the model's own latents along it.
    layers
        First style layer that it moves, and the one after the last; of ``w`` only.
    layer
        Of ``s``: the layer.
    method, source
        How it was found, and in which figures.
    """

    name: str
    vector: Floats
    sigma: float
    space: str = "w"
    centre: float = 0.0
    layers: tuple[int, int] = (0, 0)
    layer: str = ""
    method: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model's directions have to fit: lengths of z and w, styles, channels by layer."""

    z_dim: int
    w_dim: int
    num_ws: int
    channels: Mapping[str, int] = field(default_factory=dict)


def unit(vector: NDArray[Any], *, canonical: bool = False) -> Floats:
    """Bring a vector to length 1; `canonical`: with its largest component above 0.

    Raises
    ------
    ValueError
        If it has no length.
    """
    length = float(np.linalg.norm(vector))
    if not 0.0 < length < math.inf:
        raise ValueError("a direction of no length: what it was found from is all the same")
    sign = -1.0 if canonical and vector[np.abs(vector).argmax()] < 0 else 1.0
    found: Floats = (vector * (sign / length)).astype(np.float32)
    return found


def shape_of(network: Network, num_ws: int) -> Shape:
    """What the directions of a StyleGAN have to fit."""
    affines = {
        name.removeprefix("synthesis.").removesuffix(".affine.weight"): tensor.shape
        for name, tensor in network.state.items()
        if name.startswith("synthesis.") and name.endswith(".affine.weight")
    }
    w_dim = next((shape[1] for shape in affines.values()), 0)
    channels = {name: shape[0] for name, shape in affines.items() if name != "input"}
    return Shape(int(network.modules[""]["z_dim"]), w_dim, num_ws, channels)


def path_of(model: Path) -> Path:
    """Where the directions of a model lie: beside it."""
    return model.with_suffix(SUFFIX)


def beside(model: Path, named: str, shape: Shape) -> tuple[Direction, ...]:
    """Read the directions of a model: of the file that a show names, else of the one beside it.

    Raises
    ------
    RefusedError
        As `read`.
    OSError
        If it cannot be read.
    """
    path = Path(named) if named else path_of(model)
    return read(path, cached_sha256(model), shape) if named or path.is_file() else ()


def read(path: Path, model_hash: str, shape: Shape) -> tuple[Direction, ...]:
    """Read a file of directions, each held against the model.

    Raises
    ------
    RefusedError
        If the file is not there, is damaged, or belongs to another model.
    """
    try:
        data = safetensors.map_file(path)
        if not safetensors.is_safetensors(bytes(data[:16])):
            raise RefusedError(
                "is no file of directions: 'latent-cinema directions MODEL --import FILE --keep' "
                "makes one of what other programs save"
            )
        table, metadata, at = safetensors.read_header(data)
        said = _said(metadata.get(METADATA))
        if said.get("model_sha256") != model_hash:
            raise RefusedError(
                "belongs to another model: delete it, and find directions anew with "
                "'latent-cinema directions'"
            )
        listed = said.get("directions")
        if not isinstance(listed, list) or len(listed) != len(table) or len(table) > MOST:
            raise RefusedError("has a list that makes no sense: it is damaged, delete it")
        found = tuple(_direction(entry, data[at:], table, shape) for entry in listed)
    except OSError as error:
        why = error.strerror or error
        raise RefusedError(f"{path}: {why}; 'latent-cinema directions' writes it") from None
    except RefusedError as error:
        raise RefusedError(f"{path.name} {error}") from None
    return found


def _said(text: object) -> dict[str, Any]:
    try:
        said = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise RefusedError("is no file of directions: delete it")
    return said


def _direction(entry: Any, data: memoryview, table: Mapping[str, Any], shape: Shape) -> Direction:
    entry = entry if isinstance(entry, dict) else {}
    name = entry.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name not in table:
        raise RefusedError(f"has a direction of the name {name!r:.40}: it is damaged, delete it")
    vector = safetensors.tensor_of(data, table[name])
    check_finite(name, vector)
    numbers = [entry.get("sigma"), entry.get("centre")]
    texts = [str(entry.get(key, ""))[:_MOST_TEXT] for key in ("layer", "method", "source")]
    layers, space = entry.get("layers"), entry.get("space")
    sizes = {"z": shape.z_dim, "w": shape.w_dim, "s": shape.channels.get(texts[0])}
    is_sound = (
        space in SPACES
        and vector.shape == (sizes[space],)
        and vector.dtype.kind == "f"
        and abs(float(np.linalg.norm(vector)) - 1) < 1e-2
        and all(type(n) in (int, float) and abs(n) < 1e6 for n in numbers)
        and numbers[0] > 0
        and isinstance(layers, list)
        and [type(n) for n in layers] == [int, int]
        and (space != "w" or 0 <= layers[0] < layers[1] <= shape.num_ws)
    )
    if not is_sound:
        raise RefusedError(
            f"has a direction '{name}' that does not fit the model: remove it with "
            f"'latent-cinema directions MODEL --remove {name}', or delete the file"
        )
    sigma, centre = map(float, numbers)
    vector = vector.astype(np.float32)
    return Direction(name, vector, sigma, space, centre, (layers[0], layers[1]), *texts)


def write(path: Path, model_hash: str, directions: Sequence[Direction]) -> None:
    """Write directions in one step: whoever watches the file sees the old one or the new one.

    Raises
    ------
    ValueError
        If there are too many, or two of one name.
    OSError
        If it cannot be written.
    """
    names = [each.name for each in directions]
    if len(set(names)) < len(names) or len(names) > MOST:
        raise ValueError(f"{path.name}: at most {MOST} directions, each of its own name")
    listed = [
        {key: value for key, value in asdict(each).items() if key != "vector"}
        for each in directions
    ]
    said = {"version": VERSION, "model_sha256": model_hash, "directions": listed}
    with open_new(path) as file:
        state = {each.name: each.vector for each in directions}
        safetensors.write(file, state, {METADATA: json.dumps(said)})
