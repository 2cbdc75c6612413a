"""Channels of a layer in clusters, from where they are active: found once, kept beside the model.

A channel is described by its mean activation over many pictures at 16×16 places; channels whose
maps have the same layout belong together, whatever they draw. No classifier, no foreign weights.
After the clusters of T. Broad et al., "Network bending" (2021), which train one for each layer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.rng import draw
from engine.models import safetensors
from engine.models.unpickle.inert import RefusedError
from engine.system.atomic import open_new
from engine.system.hashing import cached_sha256

SUFFIX = ".clusters.safetensors"
METADATA = "latent_cinema_clusters"
VERSION = 1
SIDE = 16
"""Places across and down at which activations are compared."""
AXES, ROUNDS = 16, 50
Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def path_of(model: Path) -> Path:
    """Where the clusters of a model lie: beside it."""
    return model.with_suffix(SUFFIX)


def count_at(place: int) -> int:
    """How many clusters a layer has, by its place from coarse to fine; Broad's numbers."""
    return 5 if place < 8 else 4 if place < 12 else 3


def find_clusters(maps: NDArray[np.floating[Any]], count: int, name: str) -> Labels:
    """Group channels by where they are active [shape=(C,)]; the largest cluster is 0.

    Standardised maps on their principal axes, then k-means by angle. The same maps give the same
    clusters.

    Parameters
    ----------
    maps
        Mean activation of each channel [shape=(C, places)].
    count
        Of clusters; fewer where there are fewer channels.
    name
        Key of the first guess.
    """
    x = maps.astype(np.float64)
    x = x - x.mean(1, keepdims=True)
    x = x / (x.std(1, keepdims=True) + 1e-9)
    x = x - x.mean(0)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    x = (u * s)[:, :AXES]
    x = x / (np.linalg.norm(x, axis=1, keepdims=True) + 1e-9)
    count = min(count, len(x))
    labels = _group(x, _first(x, count, name))
    sizes = np.bincount(labels, minlength=count)
    rank = np.argsort(np.argsort(-sizes, kind="stable"), kind="stable")
    return rank[labels].astype(np.uint8)


def _first(x: Floats, count: int, name: str) -> Floats:
    """Begin at one channel by chance, and go on with those farthest from all so far."""
    chosen = [int(np.argmax(draw(0, f"clusters/{name}", 0, len(x))))]
    while len(chosen) < count:
        chosen.append(int(np.argmin((x @ x[chosen].T).max(1))))
    return x[chosen]


def _group(x: Floats, centres: Floats) -> NDArray[np.int64]:
    labels: NDArray[np.int64] = np.argmax(x @ centres.T, axis=1)
    for _ in range(ROUNDS):
        for k in range(len(centres)):
            own = x[labels == k]
            if len(own):  # an empty cluster keeps its centre
                centre = own.sum(0)
                centres[k] = centre / (np.linalg.norm(centre) + 1e-9)
        after = np.argmax(x @ centres.T, axis=1)
        if (after == labels).all():
            break
        labels = after
    return labels


def write(path: Path, model: Path, labels: Mapping[str, Labels]) -> None:
    """Write the clusters of a model's layers.

    Raises
    ------
    OSError
        If a file cannot be read or written.
    """
    said = {"version": VERSION, "network_sha256": cached_sha256(model)}
    with open_new(path) as file:
        safetensors.write(file, labels, {METADATA: json.dumps(said)})


def find(model: Path, layer: str) -> Labels | None:
    """Cluster of each channel of a layer [shape=(C,)]; None if there are none beside the model.

    Raises
    ------
    RefusedError
        If the file is damaged, or belongs to another network.
    """
    path = path_of(model)
    if not path.is_file():
        return None
    stat = path.stat()
    return _load(path, model, cached_sha256(model), stat.st_mtime_ns, stat.st_size).get(layer)


@lru_cache(maxsize=8)
def _load(path: Path, model: Path, sha256: str, *_: int) -> Mapping[str, Labels]:
    cure = f"write it anew with 'latent-cinema bend {model.name} --clusters', or delete it"
    try:
        data = safetensors.map_file(path)
        entries, metadata, at = safetensors.read_header(data)
        said = json.loads(metadata.get(METADATA, ""))
        wanted = said["network_sha256"]
        is_sound = said["version"] == VERSION and all(
            e["dtype"] == "U8" and len(e["shape"]) == 1 for e in entries.values()
        )
    except (RefusedError, ValueError, TypeError, KeyError, RecursionError):
        is_sound, wanted = False, ""
    if not is_sound:
        raise RefusedError(f"{path.name} is no file of clusters, or damaged: {cure}")
    if wanted != sha256:
        raise RefusedError(f"{path.name} belongs to another network than {model.name}: {cure}")
    return {name: safetensors.tensor_of(data[at:], entry) for name, entry in entries.items()}
